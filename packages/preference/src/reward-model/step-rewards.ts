import { type ApplyOptions, hiddenOf, type TokenBatch } from '@llm/model';
import { div, gather, logSoftmax, mul, neg, reshape, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { StepwiseExample } from '../data/examples.ts';
import type { PreferenceTokenizer } from '../data/tokenize.ts';
import type { PreferenceContext } from '../offline/preference-loss.ts';
import type { HeadedModel } from './with-head.ts';

/** Ids whose steps are labelled at their last token: 1 right, 0 wrong, −100 elsewhere. */
export interface TokenizedSteps {
  readonly ids: number[];
  readonly labels: number[];
}

export interface TokenizeStepsOptions {
  /** `encode` must add nothing by itself here; `endId` is not used. */
  readonly tokenizer: Pick<PreferenceTokenizer, 'encode'>;
  /** Put before the prompt. */
  readonly beginId?: number;
  /** Put behind each step, whose label stands at its last token; default a line break. */
  readonly separator?: string;
  /** Label the last step alone; default false. */
  readonly lastStepOnly?: boolean;
  /** The last tokens of the prompt, and the first of the steps and of both together, that are kept; default all, all, 1024. */
  readonly maxPromptTokens?: number;
  readonly maxCompletionTokens?: number;
  readonly maxTokens?: number;
}

/** The label of tokens that have none. */
const IGNORED = -100;

/**
 * A solution in steps as ids, each step followed by the separator and labelled at its end, as TRL's PRMTrainer did.
 *
 * Uesato et al. 2022, https://arxiv.org/abs/2211.14275
 */
export function tokenizeSteps(
  { prompt, completions, labels }: StepwiseExample,
  { tokenizer, beginId, separator = '\n', lastStepOnly = false, maxPromptTokens = Infinity, maxCompletionTokens = Infinity, maxTokens = 1024 }: TokenizeStepsOptions,
): TokenizedSteps {
  if (completions.length !== labels.length) throw new RangeError(`tokenizeSteps: expected as many labels as steps, ${completions.length}, but found ${labels.length}`);
  const end = Array.from(tokenizer.encode(separator));
  if (end.length === 0) throw new RangeError(`tokenizeSteps: expected a separator of at least one token but found none in ${JSON.stringify(separator)}`);
  const start = [...(beginId === undefined ? [] : [beginId]), ...Array.from(tokenizer.encode(prompt))];
  const steps = completions.map((step) => [...Array.from(tokenizer.encode(step)), ...end]);
  const marks = steps.flatMap(({ length }, i) => [
    ...Array.from({ length: length - 1 }, () => IGNORED), lastStepOnly && i < steps.length - 1 ? IGNORED : Number(labels[i]),
  ]);
  const kept = maxPromptTokens === Infinity ? start : start.slice(Math.max(0, start.length - maxPromptTokens));
  return {
    ids: [...kept, ...steps.flat().slice(0, maxCompletionTokens)].slice(0, maxTokens),
    labels: [...kept.map(() => IGNORED), ...marks.slice(0, maxCompletionTokens)].slice(0, maxTokens),
  };
}

/** Rows of labelled steps. */
export interface StepBatch extends TokenBatch {
  /** The place (row · length + column) of each labelled token: [steps]. */
  readonly places: Int32Array;
  /** 1, 0 where the step is wrong and 0, 1 where it is right: [steps, 2]. */
  readonly labels: Float32Array;
  /** Labelled steps, which is what the loss is averaged over. */
  readonly targetCount: number;
}

/** A batch of solutions in steps, padded behind. @throws RangeError where no step is labelled. */
export function stepBatch(examples: readonly TokenizedSteps[]): StepBatch {
  const length = Math.max(0, ...examples.map(({ ids }) => ids.length));
  const rows = examples.length;
  const ids = new Int32Array(rows * length);
  const places: number[] = [];
  const labels: number[] = [];
  for (const [row, example] of examples.entries()) {
    ids.set(example.ids, row * length);
    for (const [column, label] of example.labels.entries()) {
      if (label === IGNORED) continue;
      places.push(row * length + column);
      labels.push(1 - label, label);
    }
  }
  if (places.length === 0) throw new RangeError('stepBatch: expected at least one labelled step but found none. Raise maxTokens, or leave such examples out.');
  return {
    rows, length, ids, positions: Int32Array.from(ids, (_, i) => i % length), segments: new Int32Array(ids.length), packed: false, restarts: false,
    places: Int32Array.from(places), labels: Float32Array.from(labels), targetCount: places.length,
  };
}

/** −ln p(label) of each row of logits, with labels as a batch has them: [steps, 2] → [steps]. */
export function stepCrossEntropy(logits: Tensor, labels: Float32Array): Tensor {
  return neg(sum(mul(logSoftmax(logits), tensor(labels, [labels.length / 2, 2])), 1));
}

/** The logits of wrong and right at each labelled place: [steps, 2]. */
export function stepLogits(model: HeadedModel, params: Tree, batch: StepBatch, options: ApplyOptions = {}): Tensor {
  const hidden = hiddenOf(model, params, batch, options);
  const width = hidden.shape.at(-1)!;
  return model.head(params, gather(reshape(hidden, [hidden.size / width, width]), tensor(batch.places, [batch.places.length], 'int32')));
}

/**
 * The loss of a process reward model as `train` takes it: the mean cross-entropy of right and wrong over all labelled steps.
 *
 * The model is `withHead(model, { labels: 2, bias: true })`: Hugging Face's class for token classification on a Llama.
 */
export function stepLoss(model: HeadedModel, { checkpointed = false }: { readonly checkpointed?: boolean } = {}): (params: Tree, batch: StepBatch, context?: PreferenceContext) => Tensor {
  if (model.labels !== 2) throw new RangeError(`stepLoss: expected a head with two labels, wrong and right, but found ${model.labels}. Make it with withHead(model, { labels: 2, bias: true }).`);
  return (params, batch, { denominator = batch.targetCount } = {}) => div(sum(stepCrossEntropy(stepLogits(model, params, batch, { checkpointed }), batch.labels)), denominator);
}

import { add, div, exp, type Leaf, linear, linearLogProbs, log, logSoftmax, mul, slice, sub, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { PairLoss, PairScores, PairValues } from '../losses/pair-loss.ts';
import type { CompletionBatch } from './completion-batch.ts';
import { completionSums, predictingStates, type ScoringModel, sequenceLogProbs } from './log-probs.ts';
import type { PairBatch } from './pair-batch.ts';
import { splitPairs } from './split-pairs.ts';
import { withoutGradient } from './without-gradient.ts';

/** What `train` gives beside the batch; left out, the loss is the mean over the batch's own pairs. */
export interface PreferenceContext {
  readonly denominator?: number | Tensor;
}

export interface PreferenceLossOptions {
  /** `dpo()`, `simpo()` or any other of this package, or a mixture of them from `weighted`. */
  readonly loss: PairLoss;
  /**
   * The parameters of the reference, for the same model: a frozen copy, or the tree without its adapters. Not needed where the batch has
   * the log-probabilities of `precomputeReference`, nor by losses without a reference.
   */
  readonly reference?: Tree;
  /** WPO: weigh each pair by how likely the policy itself is to write it; default false. */
  readonly policyWeighting?: boolean;
  /** Keep only the input of each layer and run it again in the backward pass; default false. */
  readonly checkpointed?: boolean;
  /** Receives what the loss reads, while it is being computed: `clone` with `keep` what is to be read afterwards. */
  readonly capture?: (scores: PairScores) => void;
}

/**
 * A loss over pairs as `train` takes it: the mean over all pairs of the step.
 *
 *   L = Σ_pairs ℓ / denominator
 *
 * Dropout stays off, as it must for policy and reference to agree where they are equal.
 *
 * @throws TypeError where the loss needs a reference and there is none.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { dpo, pairBatch, precomputeReference, preferenceLoss } from '@llm/preference';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const params = model.init(0);
 * const pairs = await precomputeReference(model, params, { pairs: [{ prompt: [1, 2], chosen: [3, 4], rejected: [5] }] });
 * const loss = preferenceLoss(model, { loss: dpo() })(params, pairBatch(pairs)).dataSync()[0]!;
 * if (Math.abs(loss - Math.LN2) > 1e-6) throw new Error('ln 2 before the first step');
 * ```
 *
 * WPO: Zhou et al. 2024, https://arxiv.org/abs/2406.11827
 */
export function preferenceLoss(
  model: ScoringModel, { loss, reference, policyWeighting = false, checkpointed = false, capture }: PreferenceLossOptions,
): (params: Tree, batch: PairBatch, context?: PreferenceContext) => Tensor {
  return (params, batch, { denominator = batch.targetCount } = {}) => {
    const states = predictingStates(model, params, batch, { checkpointed });
    const { logProbs } = linearLogProbs(states, model.head(params), batch.targets);
    const scores = pairScores(batch, { logProbs, reference: referenceLogProbs(model, reference, batch) });
    capture?.(scores);
    const losses = loss(scores);
    const weighed = policyWeighting ? mul(losses, withoutGradient(() => policyWeights(batch, { states, logProbs, head: model.head(params) }))) : losses;
    return div(sum(weighed), denominator);
  };
}

/** ln π_ref of each completion: what the batch has, or what the reference gives, or undefined. */
export function referenceLogProbs(model: ScoringModel, reference: Tree | undefined, batch: CompletionBatch & { readonly reference?: Float32Array }): Tensor | undefined {
  if (batch.reference !== undefined) return tensor(batch.reference, [batch.reference.length]);
  return reference === undefined ? undefined : withoutGradient(() => sequenceLogProbs(model, reference, batch));
}

/** What a loss over pairs reads, from the log-probability of every token of the batch: [tokens]. */
export function pairScores(batch: PairBatch, { logProbs, reference }: { readonly logProbs: Tensor; readonly reference?: Tensor | undefined }): PairScores {
  const { pairs } = batch;
  const both = (values: Tensor): PairValues => splitPairs(values, pairs);
  const sums = completionSums(logProbs, batch, batch.weights);
  const counts = tensor(batch.tokenCounts, [batch.completions]);
  const last = (values: Tensor): Tensor => slice(values, [2 * pairs], [pairs]);
  return {
    policy: both(sums), tokens: both(counts),
    ...(reference === undefined ? {} : { reference: both(reference) }),
    ...(batch.unweighed === undefined ? {} : { unweighed: both(completionSums(logProbs, batch, batch.unweighed)) }),
    ...(batch.prompts ? { prompts: { policy: last(sums), tokens: last(counts) } } : {}),
  };
}

/** exp of the mean over tokens of ln p − ln Σ_v p_v², of both completions of each pair multiplied: [pairs]. */
function policyWeights(batch: PairBatch, { states, logProbs, head }: { states: Tensor; logProbs: Tensor; head: Leaf }): Tensor {
  const square = log(sum(exp(mul(logSoftmax(linear(states, head)), 2)), -1));
  const sums = completionSums(sub(logProbs, square), batch, batch.unweighed ?? batch.weights);
  const means = div(sums, tensor(batch.tokenCounts, [batch.completions]));
  const { chosen, rejected } = splitPairs(means, batch.pairs);
  return exp(add(chosen, rejected));
}

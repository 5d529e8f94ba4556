import { addAuxiliary, hiddenOf, type Model } from '@llm/model';
import { div, linearCrossEntropy, linearLogProbs, mul, scope, type Seed, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import { IGNORED, type SftBatch } from '../rows/to-batch.ts';
import { withNoisyEmbeddings } from './neftune.ts';
import { nll } from './nll.ts';
import type { Objective } from './objective.ts';

export interface SftLossOptions {
  /** What is minimised for each target; default `nll()`. */
  readonly objective?: Objective;
  /** α of NEFTune's noise on the embeddings, 5 to 15 in the paper; only where a seed comes with the batch, as `train` gives one. Default none. */
  readonly neftuneAlpha?: number;
  /** Keep only the input of each layer and run it again in the backward pass; default false. */
  readonly checkpointed?: boolean;
  /** Turn the dropout of the configuration on, with the seed that comes with the batch; default false. */
  readonly dropout?: boolean;
}

/** What `train` gives beside the batch; left out, the loss is the mean over the batch's own targets, without noise or dropout. */
export interface SftContext {
  readonly denominator?: number | Tensor;
  readonly seed?: Seed;
}

/**
 * The loss of supervised fine-tuning, over the targets of all micro-batches of a step:
 *
 *   L = Σ w ℓ(ln p(target | example so far)) / denominator, in nats
 *
 * `denominator` counts targets, whatever they weigh, so that accumulating equals one large batch whatever the lengths. The logits
 * are never stored, unless the head is a weight that is trained; tokens that are only read cost nothing there.
 *
 * What the architecture wants added, as a mixture of experts its load balance, is added for this batch's share of the targets.
 *
 * Noise and dropout are drawn from the seed. Where it is in memory, as `train` gives it on a graphics card, a step that is recorded
 * (`compile`) draws anew at each replay.
 *
 * @throws RangeError for a batch without targets where no denominator is given, for rows longer than the model's context and for ids
 * outside its vocabulary.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { plainExample, sftLoss, toBatch } from '@llm/sft';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const loss = sftLoss(model)(model.init(0), toBatch([[plainExample([1, 2, 3])]])).dataSync()[0]!;
 * if (Math.abs(loss - Math.log(16)) > 0.2) throw new Error('a new model knows nothing: ln of the vocabulary');
 * ```
 */
export function sftLoss(
  model: Pick<Model, 'hidden' | 'head' | 'shape'>, options: SftLossOptions = {},
): (params: Tree, batch: SftBatch, context?: SftContext) => Tensor {
  const { objective = nll(), neftuneAlpha, checkpointed = false, dropout = false } = options;
  if (neftuneAlpha !== undefined && !(neftuneAlpha > 0 && Number.isFinite(neftuneAlpha))) {
    throw new RangeError(`sftLoss: expected neftuneAlpha above 0 but found ${neftuneAlpha}. Leave it out for none; the paper has 5 to 15.`);
  }
  return (params, batch, context = {}) => {
    const { denominator = batch.targetCount } = context;
    if (typeof denominator === 'number' && !(denominator > 0)) throw new RangeError('sftLoss: expected at least one target but found none. Check the mask with maskView.');
    const seed = dropout || neftuneAlpha !== undefined ? context.seed : undefined;
    return scope(() => {
      const given = neftuneAlpha === undefined || seed === undefined ? params : withNoisyEmbeddings(params, { alpha: neftuneAlpha, seed });
      let added: Tensor | undefined;
      const hidden = hiddenOf(model, given, batch, { checkpointed, auxiliary: (loss) => { added = loss; }, ...(dropout && seed !== undefined ? { dropoutSeed: seed } : {}) });
      const head = model.head(params);
      const { rows, length, targets, weights } = batch;
      const wanted = tensor(targets, [rows, length], 'int32');
      const whole = (loss: Tensor): Tensor => addAuxiliary(loss, added, { targets: wanted, denominator, ignoreIndex: IGNORED });
      if (objective.isCrossEntropy && weights === undefined) return whole(linearCrossEntropy(hidden, head, wanted, { ignoreIndex: IGNORED, denominator }));
      const { logProbs } = linearLogProbs(hidden, head, wanted, { ignoreIndex: IGNORED });
      const losses = objective.ofLogProbs(logProbs);
      return whole(div(sum(weights === undefined ? losses : mul(losses, tensor(weights, [rows, length]))), denominator));
    });
  };
}

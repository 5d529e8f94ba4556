import { foldBias, hiddenOf, type Model } from '@llm/model';
import { add, isWeight, type Leaf, linearCrossEntropy, type Tensor, tensor, type Tree, type Weight } from '@llm/tensor';
import type { CausalContext, CausalLossOptions } from '../causal-loss.ts';
import type { TargetBatch } from '../collate.ts';
import { IGNORED } from '../packing/pack-documents.ts';

/**
 * The masked objective: the mean negative log-likelihood of the hidden tokens given all others, in nats. Only their states go through the
 * head.
 *
 *   L = −Σ log p(hidden token | row) / denominator
 *
 * @throws RangeError for batches without a target, for rows longer than the model's context and for ids outside its vocabulary.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { batches, maskedLoss, maskedTokens, packDocuments } from '@llm/pretrain';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({
 *   model_type: 'bert', vocab_size: 16, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16, max_position_embeddings: 8,
 * });
 * const rows = packDocuments([[4, 5, 6, 7, 8, 9]], { length: 8, bos: 1, eos: 2 });
 * const [batch] = batches(rows, { batch: 1, seed: 0, collate: maskedTokens({ maskId: 3, vocabSize: 16, specialIds: [1, 2, 3], rate: 0.5 }) });
 * const loss = maskedLoss(model)(model.init(0), batch!).dataSync()[0]!;
 * if (Math.abs(loss - Math.log(16)) > 0.2) throw new Error('a new model knows nothing: ln of the vocabulary');
 * ```
 */
export function maskedLoss(
  model: Pick<Model, 'hidden' | 'head' | 'headBias' | 'shape'>,
  { labelSmoothing = 0, zLoss = 0, checkpointed = false, dropout = false }: CausalLossOptions = {},
): (params: Tree, batch: TargetBatch, context?: CausalContext) => Tensor {
  return (params, batch, context = {}) => {
    const { denominator = batch.targetCount } = context;
    const seed = dropout ? context.seed : undefined;
    if (typeof denominator === 'number' && !(denominator > 0)) throw new RangeError('maskedLoss: expected at least one hidden token but found none. Use more rows or a higher rate.');
    const hidden = hiddenOf(model, params, batch, { checkpointed, ...(seed === undefined ? {} : { dropoutSeed: seed }) });
    const { hidden: states, head } = withBias(hidden, { head: model.head(params), bias: model.headBias?.(params) });
    return linearCrossEntropy(states, head, tensor(batch.targets, [batch.rows, batch.length], 'int32'), { ignoreIndex: IGNORED, denominator, labelSmoothing, zLoss });
  };
}

/** A head with its bias, for a loss that takes none: folded into the matrix, or added where a weight applies itself. */
function withBias(hidden: Tensor, { head, bias }: { head: Leaf; bias: Tensor | undefined }): { hidden: Tensor; head: Leaf } {
  if (bias === undefined) return { hidden, head };
  if (!isWeight(head)) return foldBias(hidden, { head, bias });
  const own = (weight: Weight): Weight => ({ shape: weight.shape, tensors: weight.tensors, with: (tensors) => own(weight.with(tensors)), apply: (x) => add(weight.apply(x), bias) });
  return { hidden, head: own(head) };
}

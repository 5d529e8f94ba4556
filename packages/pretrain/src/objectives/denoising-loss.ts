import { decodedOf, type EncoderDecoder } from '@llm/model';
import { linearCrossEntropy, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { CausalContext, CausalLossOptions } from '../causal-loss.ts';
import { IGNORED } from '../packing/pack-documents.ts';
import type { CorruptedBatch } from './corrupted-batch.ts';

/**
 * The objective of an encoder-decoder model: the mean negative log-likelihood of each token of the decoder's text given those before it and
 * the encoder's text, in nats. For `spanCorruption` and `denoisers`.
 *
 *   L = −Σ log p(target | targets so far, source) / denominator
 *
 * @throws RangeError for batches without a target and for ids outside the model's vocabulary.
 *
 * @example
 * ```ts
 * import { createEncoderDecoder } from '@llm/model';
 * import { batches, denoisingLoss, packDocuments, spanCorruption } from '@llm/pretrain';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createEncoderDecoder({ model_type: 't5', vocab_size: 16, d_model: 8, d_kv: 4, d_ff: 16, num_layers: 1, num_heads: 2 });
 * const rows = packDocuments([[2, 3, 4, 5, 6, 7]], { length: 6 });
 * const [batch] = batches(rows, { batch: 1, seed: 0, collate: spanCorruption({ sentinelId: 15, eosId: 1 }) });
 * const loss = denoisingLoss(model)(model.init(0), batch!).dataSync()[0]!;
 * if (!(loss > 0)) throw new Error('a new model knows nothing');
 * ```
 */
export function denoisingLoss(
  model: Pick<EncoderDecoder, 'encode' | 'hidden' | 'head' | 'shape'>,
  { labelSmoothing = 0, zLoss = 0, checkpointed = false, dropout = false }: CausalLossOptions = {},
): (params: Tree, batch: CorruptedBatch, context?: CausalContext) => Tensor {
  return (params, batch, context = {}) => {
    const { denominator = batch.targetCount } = context;
    const seed = dropout ? context.seed : undefined;
    if (typeof denominator === 'number' && !(denominator > 0)) throw new RangeError('denoisingLoss: expected at least one target but found none. Check the rows.');
    const hidden = decodedOf(model, params, batch, { checkpointed, ...(seed === undefined ? {} : { dropoutSeed: seed }) });
    return linearCrossEntropy(hidden, model.head(params), tensor(batch.targets, [batch.decoder.rows, batch.decoder.length], 'int32'), { ignoreIndex: IGNORED, denominator, labelSmoothing, zLoss });
  };
}

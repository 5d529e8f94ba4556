import { addAuxiliary, hiddenOf, type Model } from '@llm/model';
import { linearCrossEntropy, type Seed, type Tensor, tensor, type Tree } from '@llm/tensor';
import type { CausalBatch } from './collate.ts';
import { IGNORED } from './packing/pack-documents.ts';

export interface CausalLossOptions {
  /** ε of label smoothing; default 0. */
  readonly labelSmoothing?: number;
  /** Factor of logsumexp², which keeps logits from drifting; default 0. */
  readonly zLoss?: number;
  /** Keep only the input of each layer and run it again in the backward pass; default false. */
  readonly checkpointed?: boolean;
  /** Turn the dropout of the configuration on; default false. */
  readonly dropout?: boolean;
}

/** What `train` gives beside the batch; left out, the loss is the mean over the batch's own targets. */
export interface CausalContext {
  readonly denominator?: number | Tensor;
  readonly seed?: Seed;
}

/**
 * The causal objective: the mean negative log-likelihood of each token given those before it in its own document.
 *
 *   L = −Σ log p(target | document so far) / denominator, in nats
 *
 * What the architecture wants added, as a mixture of experts its load balance, is added for this batch's share of the targets.
 * The logits are never stored, unless the head is a weight that applies itself. Documents packed into one row do not see each
 * other; a batch with one document a row skips that mask.
 *
 * @throws TypeError for an encoder, RangeError for rows longer than the model's context and for ids outside its vocabulary.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { batches, causalLoss, packDocuments } from '@llm/pretrain';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const [batch] = batches(packDocuments([[1, 2, 3, 4, 5, 6, 7, 8]], { length: 8 }), { batch: 1, seed: 0 });
 * const loss = causalLoss(model)(model.init(0), batch!).dataSync()[0]!;
 * if (Math.abs(loss - Math.log(16)) > 0.2) throw new Error('a new model knows nothing: ln of the vocabulary');
 * ```
 */
export function causalLoss(
  model: Pick<Model, 'hidden' | 'head' | 'shape'>,
  { labelSmoothing = 0, zLoss = 0, checkpointed = false, dropout = false }: CausalLossOptions = {},
): (params: Tree, batch: CausalBatch, context?: CausalContext) => Tensor {
  if (model.shape.bidirectional) throw new TypeError('causalLoss: expected a model whose tokens see only those before them but found one in which each sees all, its own target too. Use maskedLoss.');
  return (params, batch, context = {}) => {
    const { denominator = batch.targetCount } = context;
    const seed = dropout ? context.seed : undefined;
    if (typeof denominator === 'number' && !(denominator > 0)) throw new RangeError('causalLoss: expected at least one target but found none. Documents need two tokens or more.');
    let added: Tensor | undefined;
    const hidden = hiddenOf(model, params, batch, { checkpointed, auxiliary: (loss) => { added = loss; }, ...(seed === undefined ? {} : { dropoutSeed: seed }) });
    const targets = tensor(batch.targets, [batch.rows, batch.length], 'int32');
    const loss = linearCrossEntropy(hidden, model.head(params), targets, { ignoreIndex: IGNORED, denominator, labelSmoothing, zLoss });
    return addAuxiliary(loss, added, { targets, denominator, ignoreIndex: IGNORED });
  };
}

import { hiddenOf, type Model } from '@llm/model';
import { argMax, cast, concat, embed, exp, gather, linear, logSoftmax, mul, neg, reshape, scope, slice, sum, type Tensor, tensor, type Tree } from '@llm/tensor';
import { IGNORED, type SftBatch } from '../rows/to-batch.ts';

export interface TokenMetrics {
  /** Mean of −ln p over all targets, whatever they weigh, and e to its power. */
  readonly loss: number;
  readonly perplexity: number;
  /** Share of targets that the model finds likeliest: TRL's `mean_token_accuracy`. */
  readonly meanTokenAccuracy: number;
  /** Mean of −Σ p ln p where there are targets, in nats. */
  readonly entropy: number;
  readonly targets: number;
}

/** Rows of logits at a time. */
const CHUNK = 256;

/**
 * How well a model knows the targets of some batches. Logits are made only where there are targets, a few rows at a time.
 *
 * @throws RangeError where there is no target.
 *
 * @example
 * ```ts
 * import { createModel } from '@llm/model';
 * import { plainExample, toBatch, tokenMetrics } from '@llm/sft';
 * import { useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
 * const { entropy, targets } = await tokenMetrics(model, model.init(0), { batches: [toBatch([[plainExample([1, 2, 3])]])] });
 * if (targets !== 2 || Math.abs(entropy - Math.log(16)) > 0.1) throw new Error('a new model knows nothing');
 * ```
 */
export async function tokenMetrics(
  model: Pick<Model, 'hidden' | 'head' | 'shape'>, params: Tree, { batches }: { readonly batches: Iterable<SftBatch> },
): Promise<TokenMetrics> {
  let [nats, right, entropy, targets] = [0, 0, 0, 0];
  for (const batch of batches) {
    const found = await targetMetrics(model, params, batch);
    targets += found.nll.length;
    for (const value of found.nll) nats += value;
    for (const value of found.right) right += Number(value);
    for (const value of found.entropy) entropy += value;
  }
  if (targets === 0) throw new RangeError('tokenMetrics: expected batches with targets but found none. Check the validation split and the mask.');
  const loss = nats / targets;
  return { loss, perplexity: Math.exp(loss), meanTokenAccuracy: right / targets, entropy: entropy / targets, targets };
}

/** What was found at each target of a batch, in order. */
export interface TargetMetrics {
  readonly nll: ArrayLike<number> & Iterable<number>;
  readonly right: ArrayLike<boolean> & Iterable<boolean>;
  readonly entropy: ArrayLike<number> & Iterable<number>;
}

/** −ln p, whether it is the likeliest, and the entropy, at each target of a batch. */
export async function targetMetrics(model: Pick<Model, 'hidden' | 'head' | 'shape'>, params: Tree, batch: SftBatch): Promise<TargetMetrics> {
  const places = Int32Array.from({ length: batch.ids.length }, (_, i) => i).filter((i) => batch.targets[i] !== IGNORED);
  const count = places.length;
  if (count === 0) return { nll: [], right: [], entropy: [] };
  const wanted = places.map((place) => batch.targets[place]!);
  // One tensor for all of it, so that the host waits once: [chunks][nll, likeliest id, entropy][rows of the chunk].
  const all = scope(() => {
    const states = embed(tensor(places, [count], 'int32'), reshape(hiddenOf(model, params, batch), [batch.ids.length, model.shape.width]));
    const head = model.head(params);
    const parts: Tensor[] = [];
    for (let from = 0; from < count; from += CHUNK) {
      const targets = wanted.subarray(from, from + CHUNK);
      parts.push(scope(() => ofRows(logSoftmax(linear(slice(states, [from, 0], [targets.length, model.shape.width]), head)), targets)));
    }
    return concat(parts, 0);
  });
  const values = await all.data();
  all.dispose();
  const found = { nll: new Float32Array(count), right: new Array<boolean>(count), entropy: new Float32Array(count) };
  for (let from = 0; from < count; from += CHUNK) {
    const size = Math.min(CHUNK, count - from);
    for (let i = 0; i < size; i++) {
      found.nll[from + i] = values[3 * from + i]!;
      found.right[from + i] = values[3 * from + size + i] === wanted[from + i];
      found.entropy[from + i] = values[3 * from + 2 * size + i]!;
    }
  }
  return found;
}

function ofRows(logProbs: Tensor, targets: Int32Array): Tensor {
  const vocab = logProbs.shape.at(-1)!;
  const at = tensor(targets.map((target, row) => row * vocab + target), [targets.length], 'int32');
  const nll = neg(gather(reshape(logProbs, [targets.length * vocab]), at));
  return concat([nll, cast(argMax(logProbs, -1), 'float32'), neg(sum(mul(exp(logProbs), logProbs), -1))], 0);
}

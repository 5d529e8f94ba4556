import { abs, add, type Leaf, leaves, linear, mul, scalar, square, sum, type Tensor, type Tree } from '@llm/tensor';
import { isAdapterWeight } from './layers/adapter-layer.ts';
import { hostRandom } from './host-random.ts';
import { isLoraLayer, type LoraLayer } from './layers/lora-layer.ts';

/** The LoRA layers over a matrix, the outermost, which is the newest, first. */
function stackOf(leaf: Leaf): LoraLayer[] {
  const layers: LoraLayer[] = [];
  for (let inner = leaf; isAdapterWeight(inner); inner = inner.base) if (isLoraLayer(inner.layer)) layers.push(inner.layer);
  return layers;
}

/**
 * What is added to the loss so that a new task learns in directions that earlier ones left free. Attach the adapters of earlier
 * tasks, then `lora` over them: only the new one is trained.
 *
 *   λ₁ Σ_layers Σ_earlier Σ |A_new A_earlierᵀ| + λ₂ Σ ‖A_new‖² + ‖B_new‖²
 *
 * `orthogonal` λ₁ (default 0.5), `decay` λ₂ (default 0). Wang et al. 2023, https://arxiv.org/abs/2310.14152
 *
 * @example
 * ```ts
 * import { lora, orthogonalPenalty } from '@llm/lora';
 * import { ones, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const init = ({ rank, inputs, outputs }: { rank: number; inputs: number; outputs: number }) => ({ a: ones([rank, inputs]), b: ones([outputs, rank]) });
 * const first = lora({ proj: { weight: ones([2, 3]) } }, { targets: ['proj'], rank: 1, init });
 * const second = lora(first, { targets: ['proj'], rank: 1, init });
 * if (orthogonalPenalty(second, { orthogonal: 1 }).dataSync()[0] !== 3) throw new Error('a row of ones along another');
 * ```
 */
export function orthogonalPenalty(params: Tree, { orthogonal = 0.5, decay = 0 }: { orthogonal?: number; decay?: number } = {}): Tensor {
  let total: Tensor = scalar(0);
  for (const [, leaf] of leaves(params)) {
    const [newest, ...earlier] = stackOf(leaf);
    if (newest === undefined) continue;
    for (const each of earlier) total = add(total, mul(sum(abs(linear(newest.a, each.a))), orthogonal));
    if (decay > 0) total = add(total, mul(add(sum(square(newest.a)), sum(square(newest.b))), decay));
  }
  return total;
}

/**
 * Batches of a new task with some of earlier ones between them, so that those are recalled: each batch is, with probability
 * `share` (default 0.1), preceded by one of an earlier task, in turn. It ends with the new task.
 */
export function* recall<B, E = B>(batches: Iterable<B>, { earlier, share = 0.1, seed = 0 }: { earlier: readonly Iterable<E>[]; share?: number; seed?: number }): Generator<B | E> {
  if (!(share >= 0 && share < 1)) throw new RangeError(`recall: expected 0 ≤ share < 1 but found ${share}. 0.05 to 0.3 are usual.`);
  const random = hostRandom(seed, 'recall');
  const sources = earlier.map((each) => ({ each, iterator: each[Symbol.iterator]() }));
  let turn = 0;
  for (const batch of batches) {
    // So that of all batches this share is of earlier tasks, at most one for each new batch.
    if (sources.length > 0 && random.uniform() < Math.min(1, share / (1 - share))) {
      const source = sources[turn++ % sources.length]!;
      let next = source.iterator.next();
      if (next.done === true) {
        source.iterator = source.each[Symbol.iterator]();
        next = source.iterator.next();
      }
      if (next.done !== true) yield next.value;
    }
    yield batch;
  }
}

/** How well tasks are known after learning them one after the other. */
export interface Retention {
  /** The mean score on all tasks at the end. */
  readonly average: number;
  /** The mean fall of each task but the last from its best to its last score. */
  readonly forgetting: number;
  /** The mean change of each task but the last from when it was learned to the end; negative where later tasks harm it. */
  readonly backwardTransfer: number;
}

/**
 * What is left of earlier tasks, from `scores[i][j]`: the score on task j after learning task i, larger being better.
 *
 * Lopez-Paz and Ranzato 2017, https://arxiv.org/abs/1706.08840; Chaudhry et al. 2018, https://arxiv.org/abs/1801.10112
 *
 * @example
 * ```ts
 * import { retention } from '@llm/lora';
 * const { average, forgetting, backwardTransfer } = retention([[0.75, 0], [0.5, 1]]);
 * if (average !== 0.75 || forgetting !== 0.25 || backwardTransfer !== -0.25) throw new Error('a quarter is lost');
 * ```
 */
export function retention(scores: readonly (readonly number[])[]): Retention {
  const tasks = scores.length;
  if (tasks === 0 || scores.some((row) => row.length !== tasks)) throw new RangeError(`retention: expected a score for each task after each task but found ${scores.length} rows of ${scores.map((row) => row.length).join(', ')}.`);
  const last = scores[tasks - 1]!;
  const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length);
  const earlier = last.slice(0, -1);
  return {
    average: mean(last),
    forgetting: mean(earlier.map((score, j) => Math.max(...scores.slice(j, -1).map((row) => row[j]!)) - score)),
    backwardTransfer: mean(earlier.map((score, j) => score - scores[j]![j]!)),
  };
}

/** Tokens, and how much each counts as a target. */
export interface Example {
  readonly ids: Int32Array;
  /** The weight of each token in the loss: 0 where it is only read, usually 1 where it is learned. The first token is never a target. */
  readonly weights: Float32Array;
  /** The number of its record. */
  readonly index?: number | undefined;
}

/**
 * Tokens that all count, as in pretraining: to mix replayed documents in.
 *
 * @example
 * ```ts
 * import { plainExample } from '@llm/sft';
 * if (plainExample([5, 6, 7]).weights.join() !== '1,1,1') throw new Error('all count');
 * ```
 */
export function plainExample(ids: ArrayLike<number>, { index }: { readonly index?: number } = {}): Example {
  return { ids: Int32Array.from(ids), weights: new Float32Array(ids.length).fill(1), index };
}

/** The tokens from `from` to before `to`, without copying them. */
export function sliceExample({ ids, weights, index }: Example, from: number, to: number): Example {
  return { ids: ids.subarray(from, to), weights: weights.subarray(from, to), index };
}

/** How many tokens of an example are targets: those with a weight, but never the first. */
export function targetsOf({ weights }: Example): number {
  let count = 0;
  for (let i = 1; i < weights.length; i++) count += Number(weights[i]! > 0);
  return count;
}

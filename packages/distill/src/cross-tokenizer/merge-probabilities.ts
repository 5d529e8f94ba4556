import { add, embed, exp, gather, log, matMul, maximum, mul, reshape, type Tensor, tensor } from '@llm/tensor';

/** The least probability of a token that was written. */
const LEAST = 1e-8;

export interface MergeOptions {
  /** The rows of probabilities of each group, in order; none may be empty. */
  readonly groups: readonly (readonly number[])[];
  /** int32 [rows]: the token that was written at each row. */
  readonly ids: Tensor;
}

/**
 * One distribution for each group of tokens: that of its last token, which knows those before it, times their probabilities. Row i
 * must predict token i.
 *
 *   q_g(v) = p_last(v) · Π_earlier p_i(id_i)
 *
 * probs [rows, vocabulary] → [groups, vocabulary], whose rows need not add up to 1. TRL's `bayesian` strategy.
 *
 * @example
 * ```ts
 * import { mergeChain } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const merged = mergeChain(tensor([[0.5, 0.5], [0.25, 0.75]]), { groups: [[0, 1]], ids: tensor([1, 0], [2], 'int32') }).dataSync();
 * if (Math.abs(merged[0]! - 0.125) > 1e-6 || Math.abs(merged[1]! - 0.375) > 1e-6) throw new Error('half of the second row');
 * ```
 */
export function mergeChain(probs: Tensor, options: MergeOptions): Tensor {
  return merge(probs, options, { base: (group) => group.at(-1)!, factors: (group) => group.slice(0, -1) });
}

/**
 * One distribution for each group of tokens: that of its first token, times the probabilities of those behind it.
 *
 *   q_g(v) = p_first(v) · Π_later p_i(id_i)
 *
 * TRL's `observed` strategy, its default, which reads the logits at the tokens themselves: there row i predicts token i + 1.
 *
 * @example
 * ```ts
 * import { mergeObserved } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const merged = mergeObserved(tensor([[0.5, 0.5], [0.25, 0.75]]), { groups: [[0, 1]], ids: tensor([1, 0], [2], 'int32') }).dataSync();
 * if (Math.abs(merged[0]! - 0.125) > 1e-6 || Math.abs(merged[1]! - 0.125) > 1e-6) throw new Error('a quarter of the first row');
 * ```
 */
export function mergeObserved(probs: Tensor, options: MergeOptions): Tensor {
  return merge(probs, options, { base: (group) => group[0]!, factors: (group) => group.slice(1) });
}

function merge(
  probs: Tensor, { groups, ids }: MergeOptions, { base, factors }: { base: (group: readonly number[]) => number; factors: (group: readonly number[]) => readonly number[] },
): Tensor {
  const [rows = 0, vocab = 0] = probs.shape;
  if (groups.some((group) => group.length === 0)) throw new RangeError('mergeChain: expected groups with tokens but found an empty one. Leave it out on both sides.');
  const bases = embed(tensor(Int32Array.from(groups, base), [groups.length], 'int32'), probs);
  if (groups.every((group) => group.length === 1)) return bases;
  const starts = tensor(Int32Array.from({ length: rows }, (_, row) => row * vocab), [rows], 'int32');
  // Products over a group are sums of logarithms, by one small matrix.
  const written = log(maximum(reshape(pick(probs, add(ids, starts)), [rows, 1]), LEAST));
  const membership = new Float32Array(groups.length * rows);
  groups.forEach((group, g) => { for (const row of factors(group)) membership[g * rows + row] = 1; });
  return mul(bases, exp(matMul(tensor(membership, [groups.length, rows]), written)));
}

/** Single values by their place, with a gradient. */
function pick(probs: Tensor, places: Tensor): Tensor {
  return gather(reshape(probs, [probs.size]), places);
}

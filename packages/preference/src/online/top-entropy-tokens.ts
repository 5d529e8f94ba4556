/**
 * 1 for the share of tokens whose distribution has the highest entropy, else 0: factors of a batch by which only these learn.
 *
 * `entropies` are those of `scoreTokens`; the bound is the quantile 1 − share, between two tokens by interpolation. The paper takes a share of
 * 0.2. Wang et al. 2025, https://arxiv.org/abs/2506.01939
 *
 * @throws RangeError for a share outside [0, 1].
 *
 * @example
 * ```ts
 * import { topEntropyTokens } from '@llm/preference';
 * if (topEntropyTokens([0.1, 2, 0.3, 1], 0.5).join() !== '0,1,0,1') throw new Error('the upper half');
 * ```
 */
export function topEntropyTokens(entropies: ArrayLike<number>, share: number): Float32Array {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`topEntropyTokens: expected a share in [0, 1] but found ${share}`);
  if (entropies.length === 0) return new Float32Array(0);
  const sorted = Float64Array.from(entropies).sort();
  const at = (1 - share) * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const bound = below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
  return Float32Array.from(entropies, (entropy) => Number(entropy >= bound));
}

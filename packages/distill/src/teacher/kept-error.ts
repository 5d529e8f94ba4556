import type { KeptRows } from './kept-rows.ts';

/** Half the distance of f16 numbers around 1. */
const ROUNDING = 2 ** -11;

/** Sums over rows of what `keptError` reports. */
export interface KeptSums {
  readonly rows: number;
  readonly tail: number;
  readonly worstTail: number;
  /** Σ p_rest · (ln(tokens that are left out) − entropy of their distribution). */
  readonly spread: number;
}

/** How far a divergence against kept rows can be from that against the whole teacher. */
export interface KeptError {
  readonly rows: number;
  /** The probability that is not told token by token: mean over rows, and the largest. */
  readonly meanTail: number;
  readonly worstTail: number;
  /**
   * Σ_v |∂KL(T ‖ S)/∂z_v − the same with kept rows|, whatever the student: at most this, mean over rows, and in the worst row. Twice the
   * tail, and what f16 rounds away. The whole slope of a row is 2 at most.
   */
  readonly meanSlope: number;
  readonly worstSlope: number;
  /**
   * KL(T ‖ S) − the same with kept rows, mean over rows: from 0 to at most `klBound(range)`, for a student whose logits of the tokens that
   * are left out differ by `range` at most; up to f16 rounding.
   */
  readonly klBound: (range: number) => number;
}

/** What a sequence adds to the report; `entropies` are those of the whole distributions. */
export function keptSums({ count, k, probs }: KeptRows, { entropies, vocab }: { readonly entropies: ArrayLike<number>; readonly vocab: number }): KeptSums {
  let [tail, worstTail, spread] = [0, 0, 0];
  for (let row = 0; row < count; row++) {
    const rest = probs[row * (k + 1) + k]!;
    tail += rest;
    worstTail = Math.max(worstTail, rest);
    if (rest < 1e-7 || k >= vocab) continue;
    let ofTop = 0;
    for (let i = 0; i < k; i++) {
      const p = probs[row * (k + 1) + i]!;
      if (p > 0) ofTop -= p * Math.log(p);
    }
    // H = H_top − p_rest ln p_rest + p_rest · H(rest)
    const ofRest = Math.max(0, (entropies[row]! - ofTop + rest * Math.log(rest)) / rest);
    spread += rest * Math.max(0, Math.log(vocab - k) - ofRest);
  }
  return { rows: count, tail, worstTail, spread };
}

/**
 * A bound of what is lost by keeping a teacher's likeliest tokens alone.
 *
 * With p the teacher, q the student, τ the teacher's rest and p̃, q̃ their distributions within it, the loss that `lumped` gives is short of the
 * whole divergence by exactly τ KL(p̃ ‖ q̃), and its slope differs by τ |p̃ − q̃|₁ ≤ 2τ. Where the student's logits within the rest differ
 * by R at most, every q̃ is at least e⁻ᴿ / (V − k), so KL(p̃ ‖ q̃) ≤ ln(V − k) + R − H(p̃).
 *
 * @throws RangeError where there is no row.
 *
 * @example
 * ```ts
 * import { keptError } from '@llm/distill';
 * const { meanTail, klBound } = keptError([{ rows: 2, tail: 0.1, worstTail: 0.09, spread: 0.02 }]);
 * if (meanTail !== 0.05 || Math.abs(klBound(10) - (0.01 + 0.5)) > 1e-12) throw new Error('spread and range times the tail');
 * ```
 */
export function keptError(all: Iterable<KeptSums>): KeptError {
  let [rows, tail, worstTail, spread] = [0, 0, 0, 0];
  for (const each of all) {
    rows += each.rows;
    tail += each.tail;
    worstTail = Math.max(worstTail, each.worstTail);
    spread += each.spread;
  }
  if (rows === 0) throw new RangeError('keptError: expected at least one kept row but found none.');
  const [meanTail, meanSpread] = [tail / rows, spread / rows];
  // Each of the probabilities, which add up to 1, is rounded by a share of itself, and their sum is made 1 again.
  const slope = (rest: number): number => 2 * rest + 4 * ROUNDING;
  return { rows, meanTail, worstTail, meanSlope: slope(meanTail), worstSlope: slope(worstTail), klBound: (range) => meanSpread + range * meanTail };
}

import { checkPaired } from './paired.ts';

/** Which documents two checkpoints answer differently. */
export interface McNemar {
  /** Wrong before, right after. */
  readonly gained: number;
  /** Right before, wrong after. */
  readonly lost: number;
  /** How likely it is that chance alone parts gained and lost as unevenly. */
  readonly p: number;
}

/**
 * McNemar's exact test: of the documents that only one of two checkpoints has right, is either's share more than a fair coin would give it?
 *
 *   p = min(1, 2 · Σ_{k ≤ min(b, c)} (n choose k) / 2ⁿ),  b gained, c lost, n = b + c
 *
 * @throws RangeError for fewer than two documents or lists of different lengths.
 *
 * @example
 * ```ts
 * import { mcnemar } from '@llm/eval';
 * const { gained, lost, p } = mcnemar([true, false, false, false, false, false], [false, true, true, true, true, true]);
 * if (gained !== 5 || lost !== 1 || Math.abs(p - 14 / 64) > 1e-12) throw new Error('2 · (1 + 6) / 64');
 * ```
 *
 * McNemar 1947, https://doi.org/10.1007/BF02295996
 */
export function mcnemar(before: readonly boolean[], after: readonly boolean[]): McNemar {
  checkPaired(before, after, 'mcnemar');
  const gained = before.filter((right, i) => !right && after[i]!).length;
  const lost = before.filter((right, i) => right && !after[i]!).length;
  const all = gained + lost;
  // In logarithms, since 2⁻ⁿ is nothing from n = 1075 on.
  let log = -all * Math.LN2;
  let tail = Math.exp(log);
  for (let k = 1; k <= Math.min(gained, lost); k++) {
    log += Math.log((all - k + 1) / k);
    tail += Math.exp(log);
  }
  return { gained, lost, p: Math.min(1, 2 * tail) };
}

/** How the lengths of better and worse completions differ. */
export interface LengthBalance {
  readonly pairs: number;
  /** Shares of the pairs in which the chosen completion is longer, as long as, and shorter than the rejected one. */
  readonly longer: number;
  readonly equal: number;
  readonly shorter: number;
  readonly meanChosen: number;
  readonly meanRejected: number;
  /** ln(chosen / rejected length), its median over the pairs: 0.69 says that chosen ones are typically twice as long. */
  readonly medianLogRatio: number;
  /** How often "the longer one is better" is right, ties counted as half: a policy can get this far by length alone. 0.5 is balanced. */
  readonly lengthAccuracy: number;
}

/**
 * Tells whether a dataset of pairs would teach length instead of quality: text, ids or messages, counted by `lengthOf` (default: its `length`).
 *
 * Singhal et al. 2023, https://arxiv.org/abs/2310.03716
 */
export function lengthBalance<C extends { readonly length: number }>(
  pairs: readonly { readonly chosen: C; readonly rejected: C }[], { lengthOf = ({ length }) => length }: { readonly lengthOf?: (completion: C) => number } = {},
): LengthBalance {
  if (pairs.length === 0) throw new RangeError('lengthBalance: expected at least one pair but found none');
  const lengths = pairs.map(({ chosen, rejected }) => [lengthOf(chosen), lengthOf(rejected)] as const);
  const share = (of: (difference: number) => boolean): number => lengths.filter(([chosen, rejected]) => of(chosen - rejected)).length / pairs.length;
  const [longer, equal, shorter] = [share((d) => d > 0), share((d) => d === 0), share((d) => d < 0)];
  const ratios = lengths.map(([chosen, rejected]) => Math.log(Math.max(1, chosen) / Math.max(1, rejected))).sort((a, b) => a - b);
  const middle = ratios.length / 2;
  return {
    pairs: pairs.length, longer, equal, shorter,
    meanChosen: lengths.reduce((sum, [chosen]) => sum + chosen, 0) / pairs.length,
    meanRejected: lengths.reduce((sum, [, rejected]) => sum + rejected, 0) / pairs.length,
    medianLogRatio: (ratios[Math.ceil(middle) - 1]! + ratios[Math.floor(middle)]!) / 2,
    lengthAccuracy: longer + equal / 2,
  };
}

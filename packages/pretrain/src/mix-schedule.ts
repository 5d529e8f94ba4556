/** The weights of sources from some batch on. */
export interface MixPoint {
  /** Batches before it. */
  readonly at: number;
  readonly weights: { readonly [name: string]: number };
}

/**
 * Weights of sources that move from point to point: a schedule for `mixedBatches`, as annealing on better data in the end takes it.
 *
 *   w(i) = w_a + (w_b − w_a) · (i − a) / (b − a)  for a ≤ i ≤ b, two neighbouring points; before the first and after the last as there
 *
 * Weights are divided by their sum at each point first. A source that a point leaves out has weight 0 there; two points at the same
 * place make a jump.
 *
 * @throws RangeError without a point, for points that go back, and for weights that sum to 0.
 *
 * @example
 * ```ts
 * import { mixSchedule } from '@llm/pretrain';
 * const weights = mixSchedule([{ at: 0, weights: { web: 1 } }, { at: 800, weights: { web: 1 } }, { at: 1000, weights: { web: 1, books: 3 } }]);
 * if (weights(0)['web'] !== 1 || weights(900)['books'] !== 0.375) throw new Error('halfway to three quarters');
 * ```
 */
export function mixSchedule(points: readonly MixPoint[]): (drawn: number) => { readonly [name: string]: number } {
  if (points.length === 0) throw new RangeError('mixSchedule: expected at least one point but found none.');
  const names = [...new Set(points.flatMap(({ weights }) => Object.keys(weights)))];
  const shares = points.map(({ at, weights }, i) => {
    const sum = Object.values(weights).reduce((a, b) => a + b, 0);
    if (!(sum > 0)) throw new RangeError(`mixSchedule: expected weights that sum to more than 0 at ${at} but found ${sum}.`);
    if (i > 0 && !(at >= points[i - 1]!.at)) throw new RangeError(`mixSchedule: expected points in order but found ${at} after ${points[i - 1]!.at}.`);
    return names.map((name) => (weights[name] ?? 0) / sum);
  });
  return (drawn) => {
    const after = points.findIndex(({ at }) => at > drawn);
    const upper = after < 0 ? points.length - 1 : after;
    const lower = after < 0 ? upper : Math.max(0, after - 1);
    const [from, to] = [points[lower]!.at, points[upper]!.at];
    const part = to > from ? Math.max(0, (drawn - from) / (to - from)) : 0;
    return Object.fromEntries(names.map((name, i) => [name, shares[lower]![i]! + (shares[upper]![i]! - shares[lower]![i]!) * part]));
  };
}

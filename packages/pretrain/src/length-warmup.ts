/**
 * Short rows first: a schedule for the `length` of `batches`, which grows in a straight line and then stays. Long rows are unstable in
 * the beginning of a run, and cost more.
 *
 *   length(i) = from + (to − from) · min(i / over, 1), rounded down to a multiple of `multipleOf`
 *
 * `i` counts batches, several of which make an optimizer step where gradients accumulate. What a shortened batch leaves of its rows is not
 * seen in that epoch. Li et al. 2022, https://arxiv.org/abs/2108.06084
 *
 * @throws RangeError unless 2 ≤ from ≤ to.
 *
 * @example
 * ```ts
 * import { batches, lengthWarmup, packDocuments } from '@llm/pretrain';
 * const rows = packDocuments([Array.from({ length: 256 }, (_, i) => i)], { length: 32 });
 * const lengths: number[] = [];
 * for (const { length } of batches(rows, { batch: 2, seed: 0, epochs: 1, length: lengthWarmup({ from: 8, to: 32, over: 3 }) })) lengths.push(length);
 * if (lengths.join() !== '8,16,24,32') throw new Error(lengths.join());
 * ```
 */
export function lengthWarmup({ from, to, over, multipleOf = 8 }: {
  readonly from: number; readonly to: number;
  /** Batches until the full length. */
  readonly over: number;
  /** Default 8. */
  readonly multipleOf?: number;
}): (drawn: number) => number {
  for (const [name, value, least] of [['from', from, 2], ['to', to, from], ['over', over, 1], ['multipleOf', multipleOf, 1]] as const) {
    if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`lengthWarmup: expected ${name} to be a whole number from ${least} on but found ${value}.`);
  }
  return (drawn) => {
    if (drawn >= over) return to;
    const exact = from + ((to - from) * drawn) / over;
    return Math.max(from, Math.floor(exact / multipleOf) * multipleOf);
  };
}

import type { Lowest } from './lowest.ts';
import type { ReviewCandidate, ReviewItem } from './review-item.ts';

/** A candidate in its stratum: how near to its threshold, and its lot. */
export interface Entry { readonly candidate: ReviewCandidate; readonly distance: number; readonly draw: number }
/** Documents of one reason: the nearest to its threshold, and those drawn. */
export interface Stratum { readonly near: Lowest<Entry>; readonly drawn: Lowest<Entry> }

/** As they come in a queue. */
export const ORDER: readonly ReviewItem['picked'][] = ['reported', 'borderline', 'random'];
export type Chosen = [Entry, ReviewItem['picked']];

/** One of each list in turn, until `wanted` are taken or all are empty. */
export function inTurn(lists: readonly Entry[][], wanted: number, taken: (entry: Entry) => boolean): Entry[] {
  const found: Entry[] = [];
  for (let before = -1; before < found.length && found.length < wanted; ) {
    before = found.length;
    for (const list of lists) {
      if (found.length >= wanted) break;
      let entry = list.shift();
      while (entry && !taken(entry)) entry = list.shift();
      if (entry) found.push(entry);
    }
  }
  return found;
}

/** So many of the strata. The random ones first: drawn from what the borderline ones leave, they would no longer stand for all. */
export function choose(strata: readonly Stratum[], wanted: number, { borderlineShare, taken }: { borderlineShare: number; taken: (entry: Entry) => boolean }): Chosen[] {
  const drawn = strata.map((stratum) => stratum.drawn.sorted());
  const random = inTurn(drawn, wanted - Math.round(wanted * borderlineShare), taken);
  const near = inTurn(strata.map((stratum) => stratum.near.sorted()), wanted - random.length, taken);
  random.push(...inTurn(drawn, wanted - random.length - near.length, taken));
  return [...near.map((entry): Chosen => [entry, 'borderline']), ...random.map((entry): Chosen => [entry, 'random'])];
}

import { fnv1a } from '../fnv1a.ts';
import { scrambled } from '../mixing/seeded-random.ts';
import { choose, inTurn, ORDER, type Chosen, type Entry, type Stratum } from './choose.ts';
import { lowest } from './lowest.ts';
import { thresholdDistance } from './nearest-rule.ts';
import type { ReviewCandidate, ReviewItem } from './review-item.ts';
import { shownHash, textHash } from './text-hash.ts';

export interface ReviewQueueOptions {
  /** Documents to judge. Default 100. */
  readonly size?: number;
  /** Share of kept documents in the queue. Default 0.5. */
  readonly keptShare?: number;
  /** Share of those nearest to a threshold; the rest is drawn at random. Default 0.5. */
  readonly borderlineShare?: number;
  readonly seed?: number;
  /** Ids that were judged before. */
  readonly exclude?: ReadonlySet<string>;
  /** Ids that users reported (`summarizeFeedback`): they come before all others. */
  readonly reported?: ReadonlySet<string>;
  /** UTF-16 units shown of a text. Default 20,000: a cell of a spreadsheet holds 32,767. */
  readonly maxUnits?: number;
}

export interface ReviewQueue {
  add(candidate: ReviewCandidate): void;
  /** Borderline documents first, the nearest to its threshold before all. */
  items(): ReviewItem[];
}

/**
 * Chooses documents for people to judge: of each reason alike many, half of them those nearest to its threshold, where a judgement
 * moves the threshold, and half drawn at random, which say how often the rule is right; and as many kept ones. The same id or the same
 * text never comes twice. The same seed and documents give the same queue. Memory is twice `size` documents for each reason.
 *
 * Throws RangeError for a size that is no whole number, and for shares outside 0 to 1.
 *
 * @example
 * ```ts
 * import { createReviewQueue } from '@llm/data-quality';
 * const queue = createReviewQueue({ size: 1, keptShare: 0 });
 * const rule = { kept: false, reason: 'short', threshold: 50, comparison: 'min' } as const;
 * queue.add({ document: { id: 'far', text: 'x' }, measured: 1, ...rule });
 * queue.add({ document: { id: 'near', text: 'y' }, measured: 49, ...rule });
 * console.assert(queue.items()[0]?.id === 'near' && queue.items()[0]?.picked === 'borderline');
 * ```
 */
export function createReviewQueue({ size = 100, keptShare = 0.5, borderlineShare = 0.5, seed = 0, exclude = new Set(), reported = new Set(), maxUnits = 20_000 }: ReviewQueueOptions = {}): ReviewQueue {
  if (!(Number.isInteger(size) && size >= 1)) throw new RangeError(`createReviewQueue: expected size as a whole number from 1 on but found ${size}. Say how many documents are to be judged.`);
  for (const [name, share] of Object.entries({ keptShare, borderlineShare })) if (!(share >= 0 && share <= 1)) throw new RangeError(`createReviewQueue: expected ${name} from 0 to 1 but found ${share}. Leave it out for 0.5.`);
  const strata = new Map<string, Stratum>();
  const complaints = new Map<string, Entry>();
  const itemOf = ({ candidate: { document, kept, reason = '', measured, threshold, comparison } }: Entry, picked: ReviewItem['picked']): ReviewItem => {
    const text = document.text.slice(0, maxUnits);
    return {
      id: document.id, verdict: '', note: '', automatic: kept ? 'keep' : 'drop', reason, measured: measured ?? null, threshold: threshold ?? null, comparison: comparison ?? '', picked,
      source: document.source ?? '', hash: textHash(document.text), cut: text.length < document.text.length, shownHash: shownHash(text), text,
    };
  };
  return {
    add(candidate) {
      const { document, kept, reason = '', measured, threshold } = candidate;
      if (exclude.has(document.id)) return;
      if (reported.has(document.id)) {
        if (!complaints.has(document.id)) complaints.set(document.id, { candidate, distance: 0, draw: drawOf(seed, document.id) });
        return;
      }
      const key = kept ? 'kept' : `dropped ${reason}`;
      let stratum = strata.get(key);
      if (!stratum) strata.set(key, (stratum = { near: lowest(size, ({ distance, draw }) => [distance, draw]), drawn: lowest(size, ({ draw }) => [draw, 0]) }));
      const entry = { candidate, distance: thresholdDistance(measured, threshold), draw: drawOf(seed, document.id) };
      if (entry.distance < Infinity) stratum.near.add(entry);
      stratum.drawn.add(entry);
    },
    items() {
      const ids = new Set<string>();
      const texts = new Set<string>();
      const taken = ({ candidate: { document } }: Entry): boolean => {
        const hash = textHash(document.text);
        if (ids.has(document.id) || texts.has(hash)) return false;
        ids.add(document.id);
        texts.add(hash);
        return true;
      };
      const sorted = [...strata].sort(([a], [b]) => (a < b ? -1 : 1));
      const kept = sorted.filter(([key]) => key === 'kept').map(([, stratum]) => stratum);
      const dropped = sorted.filter(([key]) => key !== 'kept').map(([, stratum]) => stratum);
      const options = { borderlineShare, taken };
      const chosen = inTurn([[...complaints.values()]], size, taken).map((entry): Chosen => [entry, 'reported']);
      const left = size - chosen.length;
      chosen.push(...choose(dropped, left - Math.round(left * keptShare), options));
      chosen.push(...choose(kept, size - chosen.length, options));
      // Where too few were kept, more of the dropped ones take their place.
      chosen.push(...choose(dropped, size - chosen.length, options));
      return chosen
        .sort(([a, x], [b, y]) => ORDER.indexOf(x) - ORDER.indexOf(y) || (x === 'borderline' ? a.distance - b.distance : 0) || a.draw - b.draw)
        .map(([entry, picked]) => itemOf(entry, picked));
    },
  };
}

/** A number below 2³² that depends on seed and id only, whatever the order of the documents. */
const drawOf = (seed: number, id: string): number => scrambled(fnv1a(id, seed));

import type { BinCounts } from '../provenance/source-statistics.ts';

/** How documents spread over the values of one property. */
export interface Distribution {
  readonly of: string;
  /** Documents that have a value. */
  readonly documents: number;
  readonly missing: number;
  /** How many different values. */
  readonly values: number;
  /** Entropy by the largest that so many values can have; 0 where there is one value, null where there is none. */
  readonly evenness: number | null;
  /** Most documents first. */
  readonly largest: readonly { readonly value: string; readonly documents: number; readonly share: number }[];
  /** Whether the largest share is above the limit. */
  readonly skewed: boolean;
}

export interface DistributionOptions {
  readonly of: string;
  readonly missing?: number;
  /** Largest share that one value may have. Default 0.8. */
  readonly maxShare?: number;
  /** Fewer documents say nothing about shares. Default 20. */
  readonly leastDocuments?: number;
}

const SHOWN = 8;
const MAX_VALUES = 4096;
/** What values are counted under once there are 4,096 others. */
export const OTHER_VALUES = '(other)';

/** Adds one to a value, in bounded memory. */
export function countValue(counts: Map<string, number>, value: string): void {
  const key = counts.has(value) || counts.size < MAX_VALUES ? value : OTHER_VALUES;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/**
 * The evenness of counts, Pielou's J = −Σ pᵢ ln pᵢ / ln k over the k values that occur: 1 where all are as frequent, 0 where there
 * is one, null where there is none.
 *
 * @example
 * ```ts
 * import { evenness } from '@llm/data-quality';
 * console.assert(evenness({ en: 5, de: 5 }) === 1 && evenness({ en: 7 }) === 0 && evenness({}) === null);
 * ```
 */
export function evenness(counts: BinCounts): number | null {
  const values = Object.values(counts).filter((count) => count > 0);
  if (values.length === 0) return null;
  if (values.length === 1) return 0;
  const total = values.reduce((sum, count) => sum + count, 0);
  // Rounding may leave a hair above 1.
  return Math.min(1, values.reduce((sum, count) => sum - (count / total) * Math.log(count / total), 0) / Math.log(values.length));
}

/**
 * How documents spread over the values of one property: how even, which values are the largest, and whether one has more than its
 * share, a check for bias.
 *
 * Throws RangeError for a share outside 0 to 1.
 *
 * @example
 * ```ts
 * import { distributionOf } from '@llm/data-quality';
 * const { skewed, largest } = distributionOf({ en: 95, de: 5 }, { of: 'language' });
 * console.assert(skewed && largest[0]?.value === 'en' && largest[0].share === 0.95);
 * ```
 */
export function distributionOf(counts: BinCounts, { of, missing = 0, maxShare = 0.8, leastDocuments = 20 }: DistributionOptions): Distribution {
  if (!(maxShare > 0 && maxShare <= 1)) throw new RangeError(`distributionOf: expected maxShare above 0 up to 1 but found ${maxShare}. Leave it out for 0.8.`);
  const sorted = Object.entries(counts).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const documents = sorted.reduce((sum, [, count]) => sum + count, 0);
  const largest = sorted.slice(0, SHOWN).map(([value, count]) => ({ value, documents: count, share: count / documents }));
  return { of, documents, missing, values: sorted.length, evenness: evenness(counts), largest, skewed: documents >= leastDocuments && (largest[0]?.share ?? 0) > maxShare };
}

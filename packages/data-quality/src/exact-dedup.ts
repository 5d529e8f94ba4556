import { createHashSet128, hash128, type Units } from './hash-set-128.ts';
import { textUnits } from './text-units.ts';
import type { Filter } from './types.ts';

export interface ExactDedupOptions {
  /** What counts as the same text. Default `normalizeForDedup`. */
  readonly normalize?: (text: string) => string;
}

/** Unicode NFC, every run of white space one space, none at the ends. Case and punctuation stay. */
export function normalizeForDedup(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

const SPACE = /\s/;
const isSpace = (unit: number): boolean => unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0 || (unit >= 0x1680 && SPACE.test(String.fromCharCode(unit)));

/** The units of `normalizeForDedup(text)`, without making that string where NFC has nothing to do. */
function normalizedUnits(text: string): Units {
  let units = textUnits(text);
  let { length } = text;
  // Below U+0300 every text is in normal form.
  if (units.subarray(0, length).some((unit) => unit >= 0x300)) {
    const composed = text.normalize('NFC');
    units = textUnits(composed);
    length = composed.length;
  }
  let to = 0;
  let pending = false;
  for (let from = 0; from < length; from++) {
    const unit = units[from] as number;
    if (isSpace(unit)) {
      pending = to > 0;
      continue;
    }
    if (pending) units[to++] = 32;
    pending = false;
    units[to++] = unit;
  }
  return { units, length: to };
}

/** The units that decide whether two texts are the same. */
function unitsBy({ normalize = normalizeForDedup }: ExactDedupOptions): (text: string) => Units {
  if (normalize === normalizeForDedup) return normalizedUnits;
  return (text) => {
    const normal = normalize(text);
    return { units: textUnits(normal), length: normal.length };
  };
}

/** The 128 bits that two texts share where they count as the same, written into `out`. */
export function exactHash(options: ExactDedupOptions): (text: string, out: Uint32Array) => void {
  const unitsOf = unitsBy(options);
  return (text, out) => hash128(unitsOf(text), out);
}

/**
 * Drops a document whose normalised text was seen before; the first one stays. The filter remembers what it has seen, so
 * make a new one for each run, and put it after the filters that drop for quality.
 *
 * Keeps a 128-bit hash for each document: 23 to 46 bytes each, whatever its length. Two different texts collide by chance
 * with odds n² / 2¹²⁹ (10⁻²¹ for a billion documents); someone who knows the hash can forge a collision.
 *
 * @example
 * ```ts
 * import { exactDedup } from '@llm/data-quality';
 * const dedup = exactDedup();
 * console.assert(dedup.check({ id: 'a', text: 'Same  words.' }).keep);
 * console.assert(!dedup.check({ id: 'b', text: ' Same words.\n' }).keep);
 * ```
 */
export function exactDedup(options: ExactDedupOptions = {}): Filter {
  const seen = createHashSet128();
  const unitsOf = unitsBy(options);
  const rule = { reason: 'exact_duplicate', threshold: 0, comparison: 'max' } as const;
  return {
    name: 'exactDedup',
    rules: [rule],
    check: ({ text }) => (seen.add(unitsOf(text)) ? { keep: true } : { keep: false, ...rule, measured: 1 }),
  };
}

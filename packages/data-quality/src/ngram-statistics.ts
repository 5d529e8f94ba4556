import { JOINED_PADDING, type NumberedWords } from './numbered-words.ts';
import { createScratch } from './scratch.ts';
import { HASH, INVERSE, mix, POINTS, POWER, UNITS, WORD_FIELDS } from './vocabulary.ts';

export interface NgramStatistics {
  /** Code points of the most frequent n-gram, words joined by one space, times how often it occurs; the first wins a tie. */
  topCharacters(n: number): number;
  /** Code points of n-grams, words joined by nothing, that occurred before; after each hit the next n words are passed over. */
  repeatedCharacters(n: number): number;
}

/** What is known of the n-grams that start at each word. */
interface Level {
  readonly n: number;
  /** Words from which an n-gram starts that occurs more than once, in order. */
  readonly again: Int32Array;
  readonly size: number;
  /** At those words: where the same n-gram starts first. */
  readonly firsts: Int32Array;
  /** The most frequent n-gram, the first of several: where it starts first, and how often it occurs. */
  readonly best: number;
  readonly times: number;
}

/** Two n-grams of at least so many units can only be the same where so many units at their start are. */
const HEAD_UNITS = JOINED_PADDING;
const [F0, F1, F2, F3, F4, F5, F6, F7] = Array.from({ length: 8 }, (_, k) => mix(k + 1) | 1) as [number, number, number, number, number, number, number, number];

const tableScratch = createScratch(), pointsScratch = createScratch(), unitsScratch = createScratch(), hashesScratch = createScratch(), inversesScratch = createScratch();
const seenScratch = createScratch(), placesScratch = createScratch(), candidatesScratch = createScratch();
const timesScratch = createScratch(), againScratch = createScratch();
/** A level is made out of the one before it, so two do. */
const firstsScratch = [createScratch(), createScratch()] as const;

function emptyTable(entries: number): { slots: Int32Array; mask: number } {
  let size = 256;
  while (size < 2 * entries) size *= 2;
  return { slots: tableScratch(size).fill(-1, 0, size), mask: size - 1 };
}

/**
 * The n-gram counts of a text. No n-gram is ever made into a string, and each number takes at most one pass:
 * an n-gram can only repeat where a shorter one at its start does, so most words are passed over after the first.
 * Valid until the next call.
 */
export function ngramStatistics({ vocabulary, ids, count: total, joined }: NumberedWords): NgramStatistics {
  // Prefix sums over the words: code points, UTF-16 units, hash, and power of the hash's inverse base.
  const points = pointsScratch(total + 1);
  const units = unitsScratch(total + 1);
  const hashes = hashesScratch(total + 1);
  const inverses = inversesScratch(total + 1);
  points[0] = units[0] = hashes[0] = 0;
  inverses[0] = 1;
  let power = 1;
  const { records } = vocabulary;
  for (let i = 0; i < total; i++) {
    const word = (ids[i] as number) * WORD_FIELDS;
    points[i + 1] = (points[i] as number) + (records[word + POINTS] as number);
    units[i + 1] = (units[i] as number) + (records[word + UNITS] as number);
    hashes[i + 1] = ((hashes[i] as number) + Math.imul(records[word + HASH] as number, power)) | 0;
    inverses[i + 1] = Math.imul(inverses[i] as number, records[word + INVERSE] as number);
    power = Math.imul(power, records[word + POWER] as number);
  }

  const sameWords = (a: number, b: number, n: number): boolean => {
    for (let k = 0; k < n; k++) if (ids[a + k] !== ids[b + k]) return false;
    return true;
  };

  /** Whether n words from a and n from b are the same characters, wherever the words divide. */
  const sameCharacters = (a: number, b: number, n: number): boolean => {
    const from = units[a] as number;
    const other = units[b] as number;
    const length = (units[a + n] as number) - from;
    if ((units[b + n] as number) - other !== length) return false;
    if (sameWords(a, b, n)) return true;
    for (let k = 0; k < length; k++) if (joined[from + k] !== joined[other + k]) return false;
    return true;
  };

  /** An n-gram is an (n − 1)-gram and a word: two numbers to look up. Where the shorter one is alone, so is the longer. */
  const deepen = (n: number, shorter?: Level): Level => {
    const count = shorter ? shorter.size : total - n + 1;
    const { slots, mask } = emptyTable(count);
    const heads = shorter?.firsts ?? ids;
    const firsts = (firstsScratch[n & 1] as typeof tableScratch)(total);
    const times = timesScratch(total);
    for (let k = 0; k < count; k++) {
      const i = shorter ? (shorter.again[k] as number) : k;
      if (i + n > total) break;
      const head = heads[i] as number;
      const tail = ids[i + n - 1] as number;
      let slot = mix(Math.imul(head, 0x9e3779b1) ^ tail) & mask;
      let first = slots[slot] as number;
      while (first !== -1 && !(heads[first] === head && ids[first + n - 1] === tail)) {
        slot = (slot + 1) & mask;
        first = slots[slot] as number;
      }
      if (first === -1) {
        slots[slot] = firsts[i] = i;
        times[i] = 1;
      } else {
        firsts[i] = first;
        times[first] = (times[first] as number) + 1;
      }
    }
    // In place: what is written has been read.
    const again = againScratch(total);
    let size = 0, best = 0, most = 1;
    for (let k = 0; k < count; k++) {
      const i = shorter ? (again[k] as number) : k;
      if (i + n > total) break;
      const first = firsts[i] as number;
      const often = times[first] as number;
      if (often === 1) continue;
      again[size++] = i;
      if (often > most) {
        best = first;
        most = often;
      }
    }
    return { n, again, size, firsts, best, times: most };
  };

  let deepest: Level | undefined;
  const topCharacters = (n: number): number => {
    if (total < n) return 0;
    let level = deepest && deepest.n <= n ? deepest : deepen(Math.min(n, 2));
    while (level.n < n) level = deepen(level.n + 1, level);
    deepest = level;
    const { best, times } = level;
    return ((points[best + n] as number) - (points[best] as number) + n - 1) * times;
  };

  /** Words from which an n-gram could be a repeated one: some of its first HEAD_UNITS units come again, or it is shorter. Few false alarms. */
  const candidatesFor = (n: number): { candidates: Int32Array; size: number } => {
    let slots = 1024;
    while (slots < 4 * total) slots *= 2;
    const seen = seenScratch(slots).fill(0, 0, slots);
    const places = placesScratch(total);
    for (let i = 0; i < total; i++) {
      const start = units[i] as number;
      // A sum of products and not a chain: the processor takes several at a time.
      const hash =
        (Math.imul(joined[start] as number, F0) + Math.imul(joined[start + 1] as number, F1) + Math.imul(joined[start + 3] as number, F2) + Math.imul(joined[start + 5] as number, F3) +
          Math.imul(joined[start + 7] as number, F4) + Math.imul(joined[start + 9] as number, F5) + Math.imul(joined[start + 12] as number, F6) + Math.imul(joined[start + 15] as number, F7)) | 0;
      const place = mix(hash) & (slots - 1);
      places[i] = place;
      seen[place] = (seen[place] as number) + 1;
    }
    const candidates = candidatesScratch(total);
    let size = 0;
    for (let i = 0; i + n <= total; i++) if ((seen[places[i] as number] as number) > 1 || (units[i + n] as number) - (units[i] as number) < HEAD_UNITS) candidates[size++] = i;
    return { candidates, size };
  };

  // Those of a shorter n-gram do for a longer one.
  let listed: { readonly n: number; readonly candidates: Int32Array; readonly size: number } | undefined;
  const repeatedCharacters = (n: number): number => {
    if (total < n) return 0;
    if (!listed || n < listed.n) listed = { n, ...candidatesFor(n) };
    const { candidates, size } = listed;
    const { slots, mask } = emptyTable(size);
    let repeated = 0;
    let next = 0;
    for (let c = 0; c < size; c++) {
      const i = candidates[c] as number;
      if (i < next) continue;
      if (i + n > total) break;
      const hash = Math.imul(((hashes[i + n] as number) - (hashes[i] as number)) | 0, inverses[i] as number);
      let slot = mix(hash) & mask;
      while (slots[slot] !== -1 && !sameCharacters(slots[slot] as number, i, n)) slot = (slot + 1) & mask;
      if (slots[slot] === -1) {
        slots[slot] = i;
      } else {
        repeated += (points[i + n] as number) - (points[i] as number);
        next = i + n;
      }
    }
    return repeated;
  };
  return { topCharacters, repeatedCharacters };
}

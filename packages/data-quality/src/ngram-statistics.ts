import { JOINED_PADDING, type NumberedWords } from './numbered-words.ts';
import { HASH, INVERSE, mix, POINTS, POWER, UNITS, WORD_FIELDS } from './vocabulary.ts';

export interface NgramStatistics {
  /** Code points of the most frequent n-gram, words joined by one space, times how often it occurs; the first wins a tie. */
  topCharacters(n: number): number;
  /** Code points of n-grams, words joined by nothing, that occurred before; after each hit the next n words are passed over. */
  repeatedCharacters(n: number): number;
}

/** Of the n-gram at each word: where the same words stand first and, at that place, how often they stand in all. */
interface Level {
  readonly n: number;
  readonly firsts: Int32Array;
  readonly times: Int32Array;
}

/** Two n-grams of at least so many units can only be the same where so many units at their start are. */
const HEAD_UNITS = JOINED_PADDING;
const HEAD_FACTORS: Int32Array = Int32Array.from({ length: HEAD_UNITS }, (_, k) => mix(k + 1) | 1);

// One table for all documents, grown as needed: a new one for each document would cost more than filling it.
let table = new Int32Array(1024);

function emptyTable(entries: number): { slots: Int32Array; mask: number } {
  let size = 1024;
  while (size < 2 * entries) size *= 2;
  if (table.length < size) table = new Int32Array(size);
  return { slots: table.fill(-1, 0, size), mask: size - 1 };
}

/**
 * The n-gram counts of a text. No n-gram is ever made into a string, and each number takes at most one pass:
 * an n-gram can only repeat where a shorter one at its start does, so most words are passed over after the first.
 */
export function ngramStatistics({ vocabulary, ids, count: total, joined }: NumberedWords): NgramStatistics {
  // Prefix sums over the words: code points, UTF-16 units, hash, and power of the hash's inverse base.
  const points = new Int32Array(total + 1);
  const units = new Int32Array(total + 1);
  const hashes = new Int32Array(total + 1);
  const inverses = new Int32Array(total + 1);
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
    const count = total - n + 1;
    const { slots, mask } = emptyTable(count);
    const heads = shorter?.firsts ?? ids;
    const firsts = new Int32Array(count);
    const times = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const head = heads[i] as number;
      if (shorter && shorter.times[head] === 1) {
        firsts[i] = i;
        times[i] = 1;
        continue;
      }
      const tail = ids[i + n - 1] as number;
      let slot = mix(Math.imul(head, 0x9e3779b1) ^ tail) & mask;
      let first = slots[slot] as number;
      while (first !== -1 && !(heads[first] === head && ids[first + n - 1] === tail)) {
        slot = (slot + 1) & mask;
        first = slots[slot] as number;
      }
      if (first === -1) slots[slot] = first = i;
      firsts[i] = first;
      times[first] = (times[first] as number) + 1;
    }
    return { n, firsts, times };
  };

  let deepest: Level | undefined;
  const topCharacters = (n: number): number => {
    if (total < n) return 0;
    let level = deepest && deepest.n <= n ? deepest : deepen(Math.min(n, 2));
    while (level.n < n) level = deepen(level.n + 1, level);
    deepest = level;
    const { times } = level;
    let best = 0;
    for (let i = 1; i < times.length; i++) if ((times[i] as number) > (times[best] as number)) best = i;
    return ((points[best + n] as number) - (points[best] as number) + n - 1) * (times[best] as number);
  };

  /** 1 where the HEAD_UNITS units from the start of this word on occur again from the start of another; few false alarms. */
  const repeatedHeads = (): Uint8Array => {
    let size = 1024;
    while (size < 4 * total) size *= 2;
    const seen = new Uint8Array(size);
    const places = new Int32Array(total);
    for (let i = 0; i < total; i++) {
      const start = units[i] as number;
      // A sum of products and not a chain: the processor takes several at a time.
      let hash = 0;
      for (let k = 0; k < HEAD_UNITS; k += 4) {
        const at = start + k;
        hash += (Math.imul(joined[at] as number, HEAD_FACTORS[k] as number) + Math.imul(joined[at + 1] as number, HEAD_FACTORS[k + 1] as number)) | 0;
        hash += (Math.imul(joined[at + 2] as number, HEAD_FACTORS[k + 2] as number) + Math.imul(joined[at + 3] as number, HEAD_FACTORS[k + 3] as number)) | 0;
        hash |= 0;
      }
      const place = mix(hash) & (size - 1);
      places[i] = place;
      if ((seen[place] as number) < 2) seen[place] = (seen[place] as number) + 1;
    }
    const flags = new Uint8Array(total);
    for (let i = 0; i < total; i++) if ((seen[places[i] as number] as number) > 1) flags[i] = 1;
    return flags;
  };

  let headRepeats: Uint8Array | undefined;
  const repeatedCharacters = (n: number): number => {
    const count = total - n + 1;
    if (count <= 0) return 0;
    headRepeats ??= repeatedHeads();
    const { slots, mask } = emptyTable(count);
    let repeated = 0;
    for (let i = 0; i < count; ) {
      const from = units[i] as number;
      if (headRepeats[i] === 0 && (units[i + n] as number) - from >= HEAD_UNITS) {
        i++;
        continue;
      }
      const hash = Math.imul(((hashes[i + n] as number) - (hashes[i] as number)) | 0, inverses[i] as number);
      let slot = mix(hash) & mask;
      while (slots[slot] !== -1 && !sameCharacters(slots[slot] as number, i, n)) slot = (slot + 1) & mask;
      if (slots[slot] === -1) {
        slots[slot] = i;
        i++;
      } else {
        repeated += (points[i + n] as number) - (points[i] as number);
        i += n;
      }
    }
    return repeated;
  };
  return { topCharacters, repeatedCharacters };
}

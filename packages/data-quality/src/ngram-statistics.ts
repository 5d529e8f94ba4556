import { codePoints } from './text-length.ts';

export interface NgramStatistics {
  /** Code points of the most frequent n-gram, words joined by one space, times how often it occurs; the first wins a tie. */
  topCharacters(n: number): number;
  /** Code points of n-grams, words joined by nothing, that occurred before; after each hit the next n words are passed over. */
  repeatedCharacters(n: number): number;
}

/** Odd, so that it has an inverse modulo 2³²: a hash of any run of characters is then a difference of two prefix sums. */
const BASE = 0x2c1b3c6d;
const INVERSE = 0x64ea2d65;

function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

// One table for all documents, grown as needed: a new one for each document would cost more than filling it.
let table = new Int32Array(1024);

function emptyTable(entries: number): { slots: Int32Array; mask: number } {
  let size = 1024;
  while (size < 2 * entries) size *= 2;
  if (table.length < size) table = new Int32Array(size);
  const slots = table.subarray(0, size).fill(-1);
  return { slots, mask: size - 1 };
}

/** The n-gram counts of a list of words; each number takes one pass, and no n-gram is ever made into a string. */
export function ngramStatistics(words: readonly string[]): NgramStatistics {
  const total = words.length;
  const ids = new Int32Array(total);
  const known = new Map<string, number>();
  // Prefix sums over the words: code points, UTF-16 units, hash, and power of INVERSE.
  const points = new Float64Array(total + 1);
  const units = new Float64Array(total + 1);
  const hashes = new Int32Array(total + 1);
  const inverses = new Int32Array(total + 1);
  inverses[0] = 1;
  let power = 1;
  const wordPoints: number[] = [], wordHash: number[] = [], wordPower: number[] = [], wordInverse: number[] = [];
  for (let i = 0; i < total; i++) {
    const word = words[i] as string;
    let id = known.get(word);
    if (id === undefined) {
      id = known.size;
      known.set(word, id);
      let hash = 0, up = 1, down = 1;
      for (let j = 0; j < word.length; j++) {
        hash = (hash + Math.imul(mix(word.charCodeAt(j) + 1), up)) | 0;
        up = Math.imul(up, BASE);
        down = Math.imul(down, INVERSE);
      }
      wordPoints.push(codePoints(word));
      wordHash.push(hash);
      wordPower.push(up);
      wordInverse.push(down);
    }
    ids[i] = id;
    points[i + 1] = (points[i] as number) + (wordPoints[id] as number);
    units[i + 1] = (units[i] as number) + word.length;
    hashes[i + 1] = (hashes[i] as number) + Math.imul(wordHash[id] as number, power);
    inverses[i + 1] = Math.imul(inverses[i] as number, wordInverse[id] as number);
    power = Math.imul(power, wordPower[id] as number);
  }
  const lengthOf = (start: number, n: number): number => (points[start + n] as number) - (points[start] as number);

  const sameWords = (a: number, b: number, n: number): boolean => {
    for (let k = 0; k < n; k++) if (ids[a + k] !== ids[b + k]) return false;
    return true;
  };

  let joined: string | undefined;
  /** Whether n words from a and n from b are the same characters, wherever the words divide. */
  const sameCharacters = (a: number, b: number, n: number): boolean => {
    const from = units[a] as number;
    const other = units[b] as number;
    const length = (units[a + n] as number) - from;
    if ((units[b + n] as number) - other !== length) return false;
    if (sameWords(a, b, n)) return true;
    joined ??= words.join('');
    for (let k = 0; k < length; k++) if (joined.charCodeAt(from + k) !== joined.charCodeAt(other + k)) return false;
    return true;
  };

  return {
    topCharacters(n) {
      const count = total - n + 1;
      if (count <= 0) return 0;
      const { slots, mask } = emptyTable(count);
      const times = new Int32Array(count);
      let best = 0;
      for (let i = 0; i < count; i++) {
        let hash = n;
        for (let k = 0; k < n; k++) hash = Math.imul(hash ^ (ids[i + k] as number), 0x9e3779b1) ^ (hash >>> 15);
        let slot = mix(hash) & mask;
        while (slots[slot] !== -1 && !sameWords(slots[slot] as number, i, n)) slot = (slot + 1) & mask;
        if (slots[slot] === -1) slots[slot] = i;
        const first = slots[slot] as number;
        times[first] = (times[first] as number) + 1;
      }
      for (let i = 1; i < count; i++) if ((times[i] as number) > (times[best] as number)) best = i;
      return (lengthOf(best, n) + n - 1) * (times[best] as number);
    },
    repeatedCharacters(n) {
      const count = total - n + 1;
      if (count <= 0) return 0;
      const { slots, mask } = emptyTable(count);
      let repeated = 0;
      for (let i = 0; i < count; ) {
        const hash = Math.imul((hashes[i + n] as number) - (hashes[i] as number), inverses[i] as number);
        let slot = mix(hash) & mask;
        while (slots[slot] !== -1 && !sameCharacters(slots[slot] as number, i, n)) slot = (slot + 1) & mask;
        if (slots[slot] === -1) {
          slots[slot] = i;
          i++;
        } else {
          repeated += lengthOf(i, n);
          i += n;
        }
      }
      return repeated;
    },
  };
}

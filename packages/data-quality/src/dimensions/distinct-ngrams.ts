import { fnv1a } from '../fnv1a.ts';
import { wordTokens } from '../sft/word-tokens.ts';

export interface DistinctNgrams {
  add(text: string): void;
  /** Different n-grams by all n-grams, each window counted by what is in it; null before the first. */
  ratio(): number | null;
}

const SLOTS = 4096;
const WINDOW = SLOTS / 2;

/**
 * How many of the n-grams of words are new, in windows of 2,048 that run on over the documents: a share that does not fall as a
 * source grows, in 16 KiB whatever its size.
 */
export function distinctNgrams(n: number): DistinctNgrams {
  const table = new Uint32Array(SLOTS);
  let inWindow = 0;
  let distinct = 0;
  let all = 0;
  const take = (hash: number): void => {
    if (inWindow === WINDOW) {
      table.fill(0);
      inWindow = 0;
    }
    inWindow++;
    all++;
    // 0 marks an empty slot.
    const key = hash >>> 0 || 1;
    let slot = key % SLOTS;
    while (table[slot] !== 0 && table[slot] !== key) slot = (slot + 1) % SLOTS;
    if (table[slot] === key) return;
    table[slot] = key;
    distinct++;
  };
  return {
    add(text) {
      const hashes = wordTokens(text).map((word) => fnv1a(word));
      for (let i = 0; i + n <= hashes.length; i++) {
        let hash = 0;
        for (let j = i; j < i + n; j++) {
          hash = Math.imul(hash ^ (hashes[j] as number), 0x9e3779b1);
          hash ^= hash >>> 15;
        }
        take(hash);
      }
    },
    ratio: () => (all === 0 ? null : distinct / all),
  };
}

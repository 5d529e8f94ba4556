import { clusterPairs, type Clusters } from '../minhash/clusters.ts';
import { createShingleHasher, type ShingleOptions } from '../minhash/shingles.ts';

export interface SimhashOptions extends Omit<ShingleOptions, 'ngrams' | 'precision'> {
  /** Words in a run. Default 6. */
  readonly ngrams?: number;
}

/** A text as 64 bits: `[low, high]`, or undefined where it has fewer words than a run. */
export type Fingerprinter = (text: string) => readonly [low: number, high: number] | undefined;

/**
 * SimHash fingerprints: bit k says whether more than half of the runs of 6 words of the simplified text have bit k set in their
 * 64-bit hash, every run counted as often as it comes. Similar texts differ in few bits. Charikar 2002.
 * https://doi.org/10.1145/509907.509965
 *
 * @throws RangeError for `ngrams` that is no whole number above 0.
 *
 * @example
 * ```ts
 * import { createSimhash } from '@llm/data-quality';
 * const simhash = createSimhash({ ngrams: 2 });
 * console.assert(String(simhash('One two three.')) === String(simhash('one, two THREE')));
 * ```
 */
export function createSimhash({ ngrams = 6, ...shingles }: SimhashOptions = {}): Fingerprinter {
  const hasher = createShingleHasher({ ngrams, ...shingles });
  const counts = new Int32Array(64);
  return (text) => {
    const { low, high, count } = hasher.hashesOf(text);
    if (count === 0) return undefined;
    counts.fill(0);
    for (let i = 0; i < count; i++) {
      const l = low[i] as number, h = high[i] as number;
      for (let bit = 0; bit < 32; bit++) {
        counts[bit] = (counts[bit] as number) + ((l >>> bit) & 1);
        counts[32 + bit] = (counts[32 + bit] as number) + ((h >>> bit) & 1);
      }
    }
    let fingerLow = 0, fingerHigh = 0;
    for (let bit = 0; bit < 32; bit++) {
      if (2 * (counts[bit] as number) > count) fingerLow |= 1 << bit;
      if (2 * (counts[32 + bit] as number) > count) fingerHigh |= 1 << bit;
    }
    return [fingerLow >>> 0, fingerHigh >>> 0];
  };
}

function bitsSet(x: number): number {
  const pairs = x - ((x >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Masks of every choice of `chosen` of the `blocks` into which 64 bits are cut. */
function masks(blocks: number, chosen: number): (readonly [low: number, high: number])[] {
  const list: (readonly [number, number])[] = [];
  const pick = (from: number, left: number, low: number, high: number): void => {
    if (left === 0) list.push([low, high]);
    else for (let block = from; block + left <= blocks; block++) {
      let l = low, h = high;
      for (let bit = Math.floor((block * 64) / blocks); bit < Math.floor(((block + 1) * 64) / blocks); bit++) {
        if (bit < 32) l |= 1 << bit;
        else h |= 1 << (bit - 32);
      }
      pick(block + 1, left - 1, l, h);
    }
  };
  pick(0, chosen, 0, 0);
  return list;
}

/**
 * Groups of documents whose fingerprints differ in at most `maxDistance` bits, directly or through others; every such pair is
 * found. Of 6 blocks, two fingerprints at distance 4 share at least 2 whole, so the documents are sorted by each of the 15
 * choices of 2 blocks and compared where those agree. Manku, Jain and Das Sarma 2007.
 * https://doi.org/10.1145/1242572.1242592
 *
 * @throws RangeError where `blocks` is not above `maxDistance` or is above 64.
 *
 * @example
 * ```ts
 * import { simhashClusters } from '@llm/data-quality';
 * const { removed } = simhashClusters([[0b0000, 7], [0b1111, 7], [0b11111, 7], undefined]);
 * console.assert([...removed].join() === '0,1,1,0');
 * ```
 */
export function simhashClusters(fingerprints: readonly (readonly [low: number, high: number] | undefined)[], { maxDistance = 4, blocks = 6 }: { readonly maxDistance?: number; readonly blocks?: number } = {}): Clusters {
  if (!(Number.isInteger(maxDistance) && maxDistance >= 0 && Number.isInteger(blocks) && blocks > maxDistance && blocks <= 64)) throw new RangeError(`simhashClusters: expected more blocks than bits of distance, and 64 at most, but found ${blocks} and ${maxDistance}. Use 6 and 4.`);
  const size = fingerprints.length;
  const low = Int32Array.from(fingerprints, (each) => each?.[0] ?? 0);
  const high = Int32Array.from(fingerprints, (each) => each?.[1] ?? 0);
  const present = Uint32Array.from(fingerprints.keys()).filter((i) => fingerprints[i] !== undefined);
  return clusterPairs(size, (pair) => {
    for (const [l, h] of masks(blocks, blocks - maxDistance)) {
      const key = (i: number, half: Int32Array, mask: number): number => ((half[i] as number) & mask) >>> 0;
      const order = present.slice().sort((a, b) => key(a, high, h) - key(b, high, h) || key(a, low, l) - key(b, low, l) || a - b);
      for (let i = 0; i < order.length; i++) {
        const a = order[i] as number;
        for (let k = i + 1; k < order.length; k++) {
          const b = order[k] as number;
          if (key(a, high, h) !== key(b, high, h) || key(a, low, l) !== key(b, low, l)) break;
          if (bitsSet((low[a] as number) ^ (low[b] as number)) + bitsSet((high[a] as number) ^ (high[b] as number)) <= maxDistance) pair(a, b);
        }
      }
    }
  });
}

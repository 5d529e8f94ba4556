import { NO_KEY } from './bucket-keys.ts';

/** Keys of one bucket of documents `first`, `first + 1` …: two numbers each, as `writeKeys` leaves them. */
export interface KeyColumn {
  readonly keys: Uint32Array;
  readonly first: number;
}

/** Finds equal keys among many, of which most are unlike all others, without sorting those. All columns pass by twice. */
export interface PairFinder {
  /** First time. */
  mark(column: KeyColumn): void;
  /** Second time, when all were marked. */
  collect(column: KeyColumn): void;
  /** Neighbours among equal keys, in the order of the keys and then of the documents. Ready for the next bucket afterwards. */
  pairs(pair: (a: number, b: number) => void): void;
}

/** Stable radix sort: the places of `from` in ascending order of their value, 16 bits at a time. */
function sortBy(values: Uint32Array, from: Uint32Array, to: Uint32Array): void {
  const next = new Uint32Array(65_537);
  let [source, target] = [from, to];
  for (const shift of [0, 16]) {
    next.fill(0);
    for (let i = 0; i < source.length; i++) {
      const digit = ((values[i] as number) >>> shift) & 0xffff;
      next[digit + 1] = (next[digit + 1] as number) + 1;
    }
    for (let i = 1; i < next.length; i++) next[i] = (next[i] as number) + (next[i - 1] as number);
    for (let i = 0; i < source.length; i++) {
      const place = source[i] as number;
      const digit = ((values[place] as number) >>> shift) & 0xffff;
      const slot = next[digit] as number;
      target[slot] = place;
      next[digit] = slot + 1;
    }
    [source, target] = [target, source];
  }
}

/** For up to `size` documents: two bitmaps of 16 to 32 bits for each, and 20 bytes for each that may have an equal. */
export function createPairFinder(size: number): PairFinder {
  const bits = 2 ** Math.min(32, Math.max(10, Math.ceil(Math.log2(Math.max(1, size))) + 4));
  const seen = new Uint32Array(bits / 32);
  const again = new Uint32Array(bits / 32);
  let marked = 0;
  let repeats = 0;
  let count = 0;
  let tops = new Uint32Array(0), hashes = new Uint32Array(0), documents = new Uint32Array(0);

  return {
    mark: ({ keys }) => {
      for (let i = 0; i < keys.length; i += 2) {
        const hash = keys[i + 1] as number;
        if (hash === NO_KEY && keys[i] === NO_KEY) continue;
        marked++;
        const slot = (hash & (bits - 1)) >>> 5;
        const bit = 1 << (hash & 31);
        if ((seen[slot] as number) & bit) {
          again[slot] = (again[slot] as number) | bit;
          repeats++;
        } else seen[slot] = (seen[slot] as number) | bit;
      }
    },
    collect: ({ keys, first }) => {
      // A bit that was met r times again belongs to r + 1 documents, at most twice r.
      const most = Math.min(marked, 2 * repeats);
      if (tops.length < most) [tops, hashes, documents] = [new Uint32Array(most), new Uint32Array(most), new Uint32Array(most)];
      for (let i = 0; i < keys.length; i += 2) {
        const top = keys[i] as number;
        const hash = keys[i + 1] as number;
        if (!((again[(hash & (bits - 1)) >>> 5] as number) & (1 << (hash & 31))) || (hash === NO_KEY && top === NO_KEY)) continue;
        tops[count] = top;
        hashes[count] = hash;
        documents[count++] = first + (i >>> 1);
      }
    },
    pairs: (pair) => {
      const order = new Uint32Array(count);
      for (let i = 0; i < count; i++) order[i] = i;
      const spare = new Uint32Array(count);
      sortBy(hashes, order, spare);
      sortBy(tops, order, spare);
      for (let i = 1; i < count; i++) {
        const [a, b] = [order[i - 1] as number, order[i] as number];
        if (tops[a] === tops[b] && hashes[a] === hashes[b]) pair(documents[a] as number, documents[b] as number);
      }
      seen.fill(0);
      again.fill(0);
      marked = repeats = count = 0;
    },
  };
}

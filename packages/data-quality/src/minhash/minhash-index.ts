import { mix } from '../vocabulary.ts';
import type { Minhasher } from './minhash.ts';
import { clusterPairs, type Clusters } from './clusters.ts';

/** Signatures of documents, numbered as they come, kept as 8 bytes for each bucket. */
export interface MinhashIndex {
  /** Adds the next document and returns its number, from 0. */
  add(text: string): number;
  /** As `add`, for a signature that was made elsewhere; undefined is a document too short for one. */
  addSignature(signature: Uint32Array | undefined): number;
  readonly size: number;
  /** Bytes held. */
  readonly bytes: number;
  /** Groups of documents that share a bucket with one another, directly or through others. */
  clusters(): Clusters;
}

/** Places 0 … n − 1 in ascending order of their value; equal values stay in order of place. Two passes of 16 bits. */
function sortedPlaces(values: Uint32Array): Uint32Array {
  let from = Uint32Array.from(values.keys());
  for (const shift of [0, 16]) {
    const to = new Uint32Array(from.length);
    const next = new Uint32Array(65_537);
    for (let i = 0; i < values.length; i++) {
      const digit = ((values[i] as number) >>> shift) & 0xffff;
      next[digit + 1] = (next[digit + 1] as number) + 1;
    }
    for (let i = 1; i < next.length; i++) next[i] = (next[i] as number) + (next[i - 1] as number);
    for (let i = 0; i < from.length; i++) {
      const place = from[i] as number;
      const digit = ((values[place] as number) >>> shift) & 0xffff;
      const slot = next[digit] as number;
      to[slot] = place;
      next[digit] = slot + 1;
    }
    from = to;
  }
  return from;
}

/** Documents in one piece of memory: a growing index never copies what it holds. */
const CHUNK_BITS = 12;

/**
 * An index of signatures for finding near duplicates: two documents are a pair where all values of a bucket agree. Of each
 * bucket 64 bits are kept, the top of its first value and a hash of all, so a document takes 8 · buckets bytes (112 by
 * default) and two that differ are taken for a pair with odds 2⁻⁶⁴ for each bucket and pair.
 *
 * `clusters()` joins pairs in the order in which datatrove does, so it keeps the same document of each group.
 * Indyk and Motwani 1998. https://doi.org/10.1145/276698.276876
 *
 * @example
 * ```ts
 * import { createMinhash, createMinhashIndex } from '@llm/data-quality';
 * const index = createMinhashIndex(createMinhash());
 * for (const text of ['one two three four five six', 'something else that is long enough', 'One, two, three, four, five, six!']) index.add(text);
 * console.assert([...index.clusters().removed].join() === '0,0,1');
 * ```
 */
export function createMinhashIndex({ buckets, hashesPerBucket, limbs, signature: signatureOf }: Minhasher): MinhashIndex {
  const stride = 2 * buckets;
  const width = hashesPerBucket * limbs;
  const chunks: Uint32Array[] = [];
  // Bit by bit whether the document has a signature at all.
  let present = new Uint8Array(128);
  let size = 0;
  const chunkOf = (document: number): Uint32Array => chunks[document >>> CHUNK_BITS] as Uint32Array;
  const placeOf = (document: number): number => (document & ((1 << CHUNK_BITS) - 1)) * stride;

  const addSignature = (signature: Uint32Array | undefined): number => {
    if (signature && signature.length !== buckets * width) throw new RangeError(`createMinhashIndex: expected a signature of ${buckets * width} numbers but found ${signature.length}. Make it with the minhasher of the index.`);
    if (size === chunks.length << CHUNK_BITS) chunks.push(new Uint32Array(stride << CHUNK_BITS));
    if (size === present.length * 8) {
      const flags = new Uint8Array(2 * present.length);
      flags.set(present);
      present = flags;
    }
    const document = size++;
    if (!signature) return document;
    present[document >>> 3] = (present[document >>> 3] as number) | (1 << (document & 7));
    const keys = chunkOf(document);
    const place = placeOf(document);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const start = bucket * width;
      let hash = 0;
      for (let i = start; i < start + width; i++) hash = mix(Math.imul(hash, 0x9e3779b1) + (signature[i] as number));
      const low = signature[start] as number;
      // A value of 64 bits is below 2⁶¹: these are its top 32 bits.
      keys[place + 2 * bucket] = limbs === 1 ? low : ((signature[start + 1] as number) << 3) | (low >>> 29);
      keys[place + 2 * bucket + 1] = hash;
    }
    return document;
  };

  /** Pairs of neighbours with equal keys in one bucket. */
  const forEachPair = (bucket: number, documents: Uint32Array, pair: (a: number, b: number) => void): void => {
    const uppers = documents.map((document) => chunkOf(document)[placeOf(document) + 2 * bucket] as number);
    const hashOf = (place: number): number => chunkOf(documents[place] as number)[placeOf(documents[place] as number) + 2 * bucket + 1] as number;
    const sorted = sortedPlaces(uppers);
    for (let i = 0; i < sorted.length; ) {
      const first = uppers[sorted[i] as number];
      let end = i + 1;
      while (end < sorted.length && uppers[sorted[end] as number] === first) end++;
      if (end - i > 1) {
        const run = sorted.subarray(i, end).sort((a, b) => hashOf(a) - hashOf(b) || a - b);
        for (let k = 1; k < run.length; k++) {
          const [a, b] = [run[k - 1] as number, run[k] as number];
          if (hashOf(a) === hashOf(b)) pair(documents[a] as number, documents[b] as number);
        }
      }
      i = end;
    }
  };

  return {
    add: (text) => addSignature(signatureOf(text)),
    addSignature,
    get size() {
      return size;
    },
    get bytes() {
      return chunks.reduce((sum, { byteLength }) => sum + byteLength, present.byteLength);
    },
    clusters: () => {
      let count = 0;
      const documents = new Uint32Array(size);
      for (let i = 0; i < size; i++) if ((present[i >>> 3] as number) & (1 << (i & 7))) documents[count++] = i;
      return clusterPairs(size, (pair) => {
        for (let bucket = 0; bucket < buckets; bucket++) forEachPair(bucket, documents.subarray(0, count), pair);
      });
    },
  };
}

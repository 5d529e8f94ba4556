import { NO_KEY, writeKeys } from './bucket-keys.ts';
import { createUnion, type Clusters } from './clusters.ts';
import type { Minhasher } from './minhash.ts';
import { createPairFinder, type KeyColumn } from './pair-finder.ts';
import { encodeShard } from './shard-bytes.ts';

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
  /** The bytes that `clusterShards` reads, to write to a file: 32 and `8 · buckets` for each document. */
  encode(): Uint8Array;
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
 * @throws RangeError from `addSignature` for a signature of another length.
 *
 * @example
 * ```ts
 * import { createMinhash, createMinhashIndex } from '@llm/data-quality';
 * const index = createMinhashIndex(createMinhash());
 * for (const text of ['one two three four five six', 'something else that is long enough', 'One, two, three, four, five, six!']) index.add(text);
 * console.assert([...index.clusters().removed].join() === '0,0,1');
 * ```
 */
export function createMinhashIndex(minhasher: Minhasher): MinhashIndex {
  const { buckets, hashesPerBucket, limbs } = minhasher;
  const width = buckets * hashesPerBucket * limbs;
  // A chunk holds the keys of its documents bucket by bucket, which is how they are read.
  const stride = 2 << CHUNK_BITS;
  const chunks: Uint32Array[] = [];
  let size = 0;

  const addSignature = (signature: Uint32Array | undefined): number => {
    if (signature && signature.length !== width) throw new RangeError(`createMinhashIndex: expected a signature of ${width} numbers but found ${signature.length}. Make it with the minhasher of the index.`);
    if (size === chunks.length << CHUNK_BITS) chunks.push(new Uint32Array(stride * buckets).fill(NO_KEY));
    writeKeys(signature, minhasher, { into: chunks[size >>> CHUNK_BITS] as Uint32Array, at: 2 * (size & ((1 << CHUNK_BITS) - 1)), stride });
    return size++;
  };

  const columns = (bucket: number): KeyColumn[] =>
    chunks.map((chunk, i) => {
      const first = i << CHUNK_BITS;
      const start = bucket * stride;
      return { first, keys: chunk.subarray(start, start + 2 * Math.min(size - first, 1 << CHUNK_BITS)) };
    });

  return {
    add: (text) => addSignature(minhasher.signature(text)),
    addSignature,
    get size() {
      return size;
    },
    get bytes() {
      return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    },
    clusters: () => {
      const union = createUnion(size);
      const finder = createPairFinder(size);
      for (let bucket = 0; bucket < buckets; bucket++) {
        const all = columns(bucket);
        all.forEach(finder.mark);
        all.forEach(finder.collect);
        finder.pairs(union.join);
      }
      return union.clusters();
    },
    encode: () => encodeShard(minhasher, size, (bucket) => columns(bucket).map(({ keys }) => keys)),
  };
}

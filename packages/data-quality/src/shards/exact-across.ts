import { DataError } from '../data-error.ts';
import { exactHash, type ExactDedupOptions } from '../exact-dedup.ts';
import { createHashSet128 } from '../hash-set-128.ts';
import { readNumbers, type ShardBytes } from '../minhash/shard-bytes.ts';
import type { AcrossShards } from './step.ts';

const HASH_BYTES = 16;

/** A summary begins with the number of its documents, 4 bytes, little-endian; 16 bytes follow for each. */
async function hashesOf(shard: ShardBytes, number: number): Promise<Uint32Array> {
  const read = (start: number, end: number): Promise<Uint32Array> => readNumbers(shard, [start, end], (found) => new DataError('E_SUMMARY', {
    problem: `exactAcross: expected bytes ${start} to ${end} of the summary of shard ${number} but found ${found} of them`, remedy: 'It was cut off or is no summary: make it again.',
  }));
  const [count = 0] = await read(0, 4);
  return read(4, 4 + HASH_BYTES * count);
}

/**
 * `exactDedup` over all shards: of documents with the same normalised text, the first one stays, that of the earlier shard and in
 * it the earlier one. 16 bytes a document in each summary; 23 to 46 in memory while it is decided. `decide` throws DataError E_SUMMARY
 * for a summary that was cut off.
 *
 * @example
 * ```ts
 * import { exactAcross } from '@llm/data-quality';
 * const across = exactAcross();
 * const [first, second] = [across.summarize(), across.summarize()];
 * first.add({ id: 'a', text: 'Same  words.' });
 * second.add({ id: 'b', text: ' Same words.\n' });
 * const [, later] = await across.decide([first.encode(), second.encode()]);
 * console.assert(later?.removed[0] === 1);
 * ```
 */
export function exactAcross(options: ExactDedupOptions = {}): AcrossShards {
  const hash = exactHash(options);
  return {
    name: 'exactDedup',
    rule: { reason: 'exact_duplicate', threshold: 0, comparison: 'max' },
    settings: { normalize: options.normalize === undefined ? 'default' : String(options.normalize) },
    measured: () => 1,
    summarize: () => {
      let hashes = new Uint32Array(4096);
      let count = 0;
      return {
        add: ({ text }) => {
          if (4 * count === hashes.length) {
            const longer = new Uint32Array(2 * hashes.length);
            longer.set(hashes);
            hashes = longer;
          }
          hash(text, hashes.subarray(4 * count, 4 * ++count));
        },
        encode: () => {
          const bytes = new Uint8Array(4 + HASH_BYTES * count);
          new DataView(bytes.buffer).setUint32(0, count, true);
          bytes.set(new Uint8Array(hashes.buffer, 0, HASH_BYTES * count), 4);
          return bytes;
        },
      };
    },
    decide: async (shards) => {
      const seen = createHashSet128();
      const decided = [];
      for (const [number, shard] of shards.entries()) {
        const hashes = await hashesOf(shard, number);
        const removed = new Uint8Array(hashes.length / 4);
        for (let i = 0; i < removed.length; i++) removed[i] = seen.addHash(hashes.subarray(4 * i, 4 * i + 4)) ? 0 : 1;
        // One stays of each group: what goes belongs to a group of two and more, whatever its size.
        decided.push({ removed, sizes: new Uint32Array(removed.length).fill(2) });
      }
      return decided;
    },
  };
}

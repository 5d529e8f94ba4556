import { DataError } from '../data-error.ts';
import { createUnion, type Clusters } from './clusters.ts';
import { createPairFinder } from './pair-finder.ts';
import { readColumn, readShardHeader, type ShardBytes } from './shard-bytes.ts';

/**
 * Near duplicates among the documents of many shards, each of which `MinhashIndex.encode` wrote: as if all had been added to
 * one index, in the order of the shards. One bucket of one shard is read at a time, twice, so memory does not hold the
 * signatures: it takes 9 bytes for each document, 4 to 8 for finding pairs, 20 for each that shares a bucket, and one column.
 *
 * Returns the groups of each shard's documents, which `nearDuplicates` takes; `keeper` counts over the documents of all shards.
 *
 * @throws DataError E_MINHASH_SHARD for bytes that were cut off, are no signatures, or were made with other settings than the first shard's.
 *
 * @example
 * ```ts
 * import { clusterShards, createMinhash, createMinhashIndex } from '@llm/data-quality';
 * const shards = [['one two three four five six', 'something else that is long enough'], ['One, two, three, four, five, six!']].map((texts) => {
 *   const index = createMinhashIndex(createMinhash());
 *   for (const text of texts) index.add(text);
 *   return index.encode(); // to a file; { read } reads it in pieces
 * });
 * const [first, second] = await clusterShards(shards);
 * console.assert(first?.removed.join() === '0,0' && second?.removed.join() === '1' && second.keeper.join() === '0');
 * ```
 */
export async function clusterShards(shards: readonly ShardBytes[]): Promise<Clusters[]> {
  const headers = await Promise.all(shards.map(readShardHeader));
  const other = headers.findIndex(({ settings, buckets }) => settings !== headers[0]?.settings || buckets !== headers[0].buckets);
  if (other >= 0) throw new DataError('E_MINHASH_SHARD', { problem: `clusterShards: expected the settings of shard 0 but found others in shard ${other}`, remedy: 'Make all signatures with one minhasher.' });
  const firsts = [0];
  for (const { documents } of headers) firsts.push((firsts.at(-1) as number) + documents);
  const size = firsts.at(-1) as number;
  // Numbers of documents have 31 bits here.
  if (size >= 2 ** 31) throw new RangeError(`clusterShards: expected fewer than 2³¹ documents but found ${size}. Cluster parts of them.`);

  const union = createUnion(size);
  const finder = createPairFinder(size);
  for (let bucket = 0; bucket < (headers[0]?.buckets ?? 0); bucket++) {
    for (const take of [finder.mark, finder.collect]) {
      for (const [i, shard] of shards.entries()) take({ keys: await readColumn(shard, i, { documents: headers[i]?.documents ?? 0, bucket }), first: firsts[i] as number });
    }
    finder.pairs(union.join);
  }
  const { removed, keeper, sizes } = union.clusters();
  return shards.map((_, i) => ({ removed: removed.subarray(firsts[i], firsts[i + 1]), keeper: keeper.subarray(firsts[i], firsts[i + 1]), sizes: sizes.subarray(firsts[i], firsts[i + 1]) }));
}

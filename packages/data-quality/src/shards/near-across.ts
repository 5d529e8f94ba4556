import { clusterShards } from '../minhash/cluster-shards.ts';
import { createMinhashIndex } from '../minhash/minhash-index.ts';
import { createMinhash, type Minhasher } from '../minhash/minhash.ts';
import type { AcrossShards } from './step.ts';

/**
 * Near duplicates over all shards, by signatures: of each group the document stays that datatrove keeps. 112 bytes a document in
 * each summary with the usual buckets, 9 to 40 in memory while it is decided.
 *
 * @param minhasher Default that of FineWeb: `createMinhash({ hash: 'sha1' })`; `createFastMinhash()` is faster.
 *
 * @example
 * ```ts
 * import { createFastMinhash, nearAcross } from '@llm/data-quality';
 * const across = nearAcross(createFastMinhash());
 * const [first, second] = [across.summarize(), across.summarize()];
 * first.add({ id: 'a', text: 'one two three four five six' });
 * second.add({ id: 'b', text: 'One, two, three, four, five, six!' });
 * const [, later] = await across.decide([first.encode(), second.encode()]);
 * console.assert(later?.removed[0] === 1);
 * ```
 */
export function nearAcross(minhasher: Minhasher = createMinhash({ hash: 'sha1' })): AcrossShards {
  return {
    name: 'nearDuplicates',
    rule: { reason: 'near_duplicate', threshold: 1, comparison: 'max' },
    settings: minhasher.settings,
    measured: (size) => size,
    summarize: () => {
      const index = createMinhashIndex(minhasher);
      return { add: ({ text }) => void index.add(text), encode: () => index.encode() };
    },
    decide: clusterShards,
  };
}

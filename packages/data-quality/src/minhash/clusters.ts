import type { Filter } from '../types.ts';

/** Groups of near duplicates among documents 0 … size − 1. */
export interface Clusters {
  /** 1 for a document that goes because another one of its group stays. */
  readonly removed: Uint8Array;
  /** For each document the number of the one that stays; its own where it stays. */
  readonly keeper: Int32Array;
  /** How many documents the group of each has; 1 for a document without duplicates. */
  readonly sizes: Uint32Array;
}

/** Groups that grow pair by pair. */
export interface Union {
  join(a: number, b: number): void;
  /** The groups; nothing may be joined afterwards. */
  clusters(): Clusters;
}

/** Union by size with path compression: the root of the larger tree stays, that of the first of a pair where both are equal. */
export function createUnion(size: number): Union {
  const parents = new Int32Array(size);
  for (let i = 0; i < size; i++) parents[i] = i;
  const members = new Uint32Array(size).fill(1);
  const rootOf = (document: number): number => {
    let root = document;
    while (parents[root] !== root) root = parents[root] as number;
    for (let at = document; at !== root; ) {
      const next = parents[at] as number;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  return {
    join: (a, b) => {
      let to = rootOf(a);
      let from = rootOf(b);
      if (to === from) return;
      if ((members[to] as number) < (members[from] as number)) [to, from] = [from, to];
      parents[from] = to;
      members[to] = (members[to] as number) + (members[from] as number);
    },
    clusters: () => {
      const removed = new Uint8Array(size);
      for (let i = 0; i < size; i++) {
        removed[i] = rootOf(i) === i ? 0 : 1;
        members[i] = members[parents[i] as number] as number;
      }
      return { removed, keeper: parents, sizes: members };
    },
  };
}

/** The groups of all pairs. */
export function clusterPairs(size: number, forEachPair: (pair: (a: number, b: number) => void) => void): Clusters {
  const union = createUnion(size);
  forEachPair(union.join);
  return union.clusters();
}

/**
 * The second pass: drops the documents that `clusters` marks, which have to come in the order in which they were added to the
 * index. What is measured is the size of the group.
 *
 * @example
 * ```ts
 * import { createFastMinhash, createMinhashIndex, nearDuplicates } from '@llm/data-quality';
 * const documents = ['one two three four five', 'One two three four five!'].map((text, i) => ({ id: String(i), text }));
 * const index = createMinhashIndex(createFastMinhash());
 * for (const { text } of documents) index.add(text);
 * const filter = nearDuplicates(index.clusters());
 * console.assert(documents.map((document) => filter.check(document).keep).join() === 'true,false');
 * ```
 */
export function nearDuplicates({ removed, sizes }: Pick<Clusters, 'removed' | 'sizes'>): Filter {
  const rule = { reason: 'near_duplicate', threshold: 1, comparison: 'max' } as const;
  let next = 0;
  return {
    name: 'nearDuplicates',
    rules: [rule],
    check: ({ id }) => {
      if (next >= removed.length) throw new RangeError(`nearDuplicates: expected the ${removed.length} documents of the index but found one more, ${id}. Pass the same documents in the same order.`);
      const document = next++;
      return removed[document] === 1 ? { keep: false, ...rule, measured: sizes[document] as number } : { keep: true };
    },
  };
}

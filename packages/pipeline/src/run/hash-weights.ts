import type { Hash } from 'node:crypto';
import { flatten, isWeight, type Leaf, leaves, type Tree } from '@llm/tensor';

/** So many tensors tell a model from others. */
const HASHED = 8;

/** The first tensors of a tree, with their names, into a hash; a matrix in blocks of rows as the one that it is elsewhere. */
export async function hashWeights(hash: Hash, params: Tree): Promise<void> {
  const tensors = leaves(params).flatMap(([path, leaf]): [string, Leaf][] => (isWeight(leaf) && leaf.data === undefined ? Object.entries(flatten({ [path]: leaf })) : [[path, leaf]]));
  for (const [path, leaf] of tensors.slice(0, HASHED)) hash.update(path).update(new Uint8Array((await leaf.data!()).slice().buffer));
}

import type { Hash } from 'node:crypto';
import { flatten, isWeight, leaves, type Tensor, type Tree } from '@llm/tensor';

/** So many tensors tell a model from others. */
const HASHED = 8;
/** Node takes less than 2 GiB at a time. */
const PIECE_BYTES = 2 ** 30;

/** The first tensors of a tree, with their names, into a hash; a matrix in blocks of rows as the one that it is elsewhere. */
export async function hashWeights(hash: Hash, params: Tree): Promise<void> {
  const named = leaves(params).flatMap(([path, leaf]): [string, readonly Tensor[]][] => {
    if (isWeight(leaf) && leaf.data !== undefined) return [[path, Object.values(leaf.tensors)]];
    return Object.entries(flatten({ [path]: leaf })).map(([name, tensor]) => [name, [tensor]]);
  });
  for (const [path, tensors] of named.slice(0, HASHED)) {
    hash.update(path);
    for (const tensor of tensors) {
      const { buffer, byteOffset, byteLength } = await tensor.data();
      for (let at = 0; at < byteLength; at += PIECE_BYTES) hash.update(new Uint8Array(buffer, byteOffset + at, Math.min(PIECE_BYTES, byteLength - at)));
    }
  }
}

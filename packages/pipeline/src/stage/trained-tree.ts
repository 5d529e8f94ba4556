import { flatten, isWeight, type Leaf, leaves, type Tree, unflatten } from '@llm/tensor';

/** The tree of what is trained alone, as checkpoints hold it; a matrix in blocks of rows stays the one weight, and is so stored as one. */
export function trainedTree(params: Tree, trainable: (path: string) => boolean): Tree {
  return unflatten(leaves(params).flatMap(([path, leaf]): [string, Leaf][] => {
    const own = Object.entries(flatten({ [path]: leaf })).filter(([name, { dtype }]) => dtype === 'float32' && trainable(name));
    return own.length > 0 && isWeight(leaf) && leaf.data !== undefined ? [[path, leaf]] : own;
  }));
}

import type { Tensor } from '@tensorflow/tfjs-core';
import { isWeight, type Weight } from './weight.ts';

/** What stands at the end of a path. */
export type Leaf = Tensor | Weight;

/** Nested plain objects whose paths, joined by dots, are the Hugging Face tensor names. */
export interface Tree {
  readonly [key: string]: Leaf | Tree;
}

function isTensor(node: unknown): node is Tensor {
  return typeof node === 'object' && node !== null && 'dataId' in node && 'shape' in node;
}

/** Calls `visit` for every leaf in the order of its keys. */
function walk(node: Leaf | Tree, path: string, visit: (path: string, leaf: Leaf) => void): void {
  if (isTensor(node) || isWeight(node)) {
    visit(path, node);
    return;
  }
  if (typeof node !== 'object' || node === null) {
    throw new TypeError(`tree: expected a tensor, a weight or an object at ${path || 'the root'} but found ${node === null ? 'null' : typeof node}`);
  }
  for (const key of Object.keys(node)) walk(node[key]!, path === '' ? key : `${path}.${key}`, visit);
}

/** Every leaf with its path: tensors, and weights as they are. */
export function leaves(tree: Tree): [string, Leaf][] {
  const found: [string, Leaf][] = [];
  walk(tree, '', (path, leaf) => found.push([path, leaf]));
  return found;
}

/**
 * Every tensor by path. The tensors of a weight stand below its own path.
 *
 * @example
 * ```ts
 * import { flatten, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const names = Object.keys(flatten({ model: { norm: { weight: tensor([1]) } } }));
 * if (names[0] !== 'model.norm.weight') throw new Error('wrong path');
 * ```
 */
export function flatten(tree: Tree): Record<string, Tensor> {
  const flat: Record<string, Tensor> = {};
  walk(tree, '', (path, leaf) => {
    if (isWeight(leaf)) for (const [name, tensor] of Object.entries(leaf.tensors)) flat[`${path}.${name}`] = tensor;
    else flat[path] = leaf;
  });
  return flat;
}

/** The tree whose leaves have these paths: the inverse of `leaves`. */
export function unflatten(entries: Iterable<readonly [string, Leaf]>): Tree {
  const root: Record<string, unknown> = {};
  for (const [path, leaf] of entries) {
    const keys = path.split('.');
    let node = root;
    for (const key of keys.slice(0, -1)) {
      if (key === '__proto__' || key === '') throw new RangeError(`unflatten: expected a tensor name but found ${path}`);
      // Own keys only: `constructor` must not lead to the constructor of all objects.
      if (!Object.hasOwn(node, key)) node[key] = {};
      node = node[key] as Record<string, unknown>;
      if (isTensor(node) || isWeight(node)) throw new RangeError(`unflatten: expected ${path} to pass through no other leaf but found one at ${key}`);
    }
    const last = keys.at(-1)!;
    if (last === '__proto__' || last === '' || Object.hasOwn(node, last)) throw new RangeError(`unflatten: expected a new tensor name but found ${path}`);
    node[last] = leaf;
  }
  return root as Tree;
}

/** The same tree with every leaf replaced by `fn(leaf, path)`. */
export function mapLeaves(tree: Tree, fn: (leaf: Leaf, path: string) => Leaf): Tree {
  return unflatten(leaves(tree).map(([path, leaf]) => [path, fn(leaf, path)] as const));
}

/** The same tree over other tensors, given by the paths that `flatten` names; what is not given stays. */
export function withTensors<T extends Tree>(tree: T, tensors: Readonly<Record<string, Tensor>>): T {
  return mapLeaves(tree, (leaf, path) => (isWeight(leaf)
    ? leaf.with(Object.fromEntries(Object.entries(leaf.tensors).map(([name, tensor]) => [name, tensors[`${path}.${name}`] ?? tensor])))
    : tensors[path] ?? leaf)) as T;
}

/** The number of values in all leaves, tied tensors counted once. */
export function countParameters(tree: Tree): number {
  return [...new Set(Object.values(flatten(tree)))].reduce((sum, { size }) => sum + size, 0);
}

/** Frees every tensor of the tree. */
export function disposeTree(tree: Tree): void {
  for (const tensor of Object.values(flatten(tree))) if (!tensor.isDisposed) tensor.dispose();
}

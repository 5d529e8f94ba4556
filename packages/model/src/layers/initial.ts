import { disposeTree, type Leaf, ones, randomNormal, type Tree, unflatten, zeros } from '@llm/tensor';
import { heldAs } from './held-as.ts';
import type { Parameter } from './parameters.ts';

/** The initial tensors of a model: each is a function of the seed and its own name, whatever the order. */
export function initialTree(parameters: readonly Parameter[], seed: number): Tree {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`init: expected a seed from 0 to 2^53 − 1 but found ${seed}`);
  const entries: [string, Leaf][] = [];
  try {
    for (const { name, shape, initial } of parameters) {
      entries.push([name, heldAs(name, initial === 'ones' ? ones([...shape]) : initial === 'zeros' ? zeros([...shape])
        : randomNormal(shape, { std: initial, seed, stream: name }))]);
    }
    return unflatten(entries);
  } catch (error) {
    disposeTree(Object.fromEntries(entries));
    throw error;
  }
}

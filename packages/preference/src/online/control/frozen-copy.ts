import { add, flatten, type Tensor, type Tree, withTensors, zerosLike } from '@llm/tensor';

/**
 * The same tree over memory of its own, which training does not move: a reference model. Dispose it when done.
 *
 * @example
 * ```ts
 * import { frozenCopy } from '@llm/preference';
 * import { overwrite, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const params = { w: tensor([1]) };
 * const reference = frozenCopy(params);
 * overwrite(params.w, Float32Array.of(5));
 * if (reference.w.dataSync()[0] !== 1) throw new Error('it stays');
 * ```
 */
export function frozenCopy<T extends Tree>(params: T): T {
  const copies = new Map<Tensor, Tensor>();
  // A clone would share the memory that optimizers write to; tied tensors stay tied.
  const copyOf = (tensor: Tensor): Tensor => {
    const made = copies.get(tensor) ?? copied(tensor);
    copies.set(tensor, made);
    return made;
  };
  return withTensors(params, Object.fromEntries(Object.entries(flatten(params)).map(([path, tensor]) => [path, copyOf(tensor)])));
}

function copied(tensor: Tensor): Tensor {
  const zeros = zerosLike(tensor);
  const sum = add(tensor, zeros);
  zeros.dispose();
  return sum;
}

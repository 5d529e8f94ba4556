import { isWeight, type Leaf, linear, type Tensor, type Weight } from '@llm/tensor';

/** The same matrix, which tells what it is multiplied with. */
export function observed(leaf: Leaf, { transposed, see }: { transposed: boolean; see: (x: Tensor) => void }): Weight {
  const [first = 0, second = 0] = leaf.shape;
  const plain = !isWeight(leaf);
  const applyWith: NonNullable<Weight['applyWith']> = (x, epilogue) => {
    see(x);
    return linear(x, leaf, { ...epilogue, ...(plain ? { transposed } : {}) });
  };
  return {
    shape: plain && transposed ? [second, first] : [first, second],
    tensors: plain ? { weight: leaf } : leaf.tensors,
    with: (tensors) => observed(plain ? tensors['weight']! : leaf.with(tensors), { transposed, see }),
    apply: (x) => applyWith(x, {}),
    applyWith,
  };
}

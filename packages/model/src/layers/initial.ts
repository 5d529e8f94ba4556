import { ones, randomNormal, type Tensor, zeros } from '@llm/tensor';

/** Makes the initial tensors of a model: each is a function of the seed and its own name, whatever the order. */
export interface Initial {
  normal(name: string, shape: readonly number[], std: number): Tensor;
  ones(shape: readonly number[]): Tensor;
  zeros(shape: readonly number[]): Tensor;
}

export function initial(seed: number): Initial {
  return {
    normal: (name, shape, std) => randomNormal(shape, { std, seed, stream: name }),
    ones: (shape) => ones([...shape]),
    zeros: (shape) => zeros([...shape]),
  };
}

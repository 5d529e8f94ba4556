import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * What random numbers are drawn from: a safe whole number, negative ones too, or the same as `seedWords` puts it, in memory as
 * int32 [2]. The numbers are the same; a recorded function draws anew at each replay only from a seed in memory.
 */
export type Seed = number | Tensor;

/**
 * A seed as it lies in memory: the lower and the upper 32 bits of its two's complement.
 *
 * @throws RangeError for what is no safe whole number.
 *
 * @example
 * ```ts
 * import { dropout, ones, seedWords, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [x, seed] = [ones([64]), 7 + 2 ** 40];
 * const inMemory = tensor(seedWords(seed), [2], 'int32');
 * if (dropout(x, 0.5, { seed }).dataSync().join() !== dropout(x, 0.5, { seed: inMemory }).dataSync().join()) throw new Error('one seed, one mask');
 * ```
 */
export function seedWords(seed: number): Int32Array {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seedWords: expected a safe whole number but found ${seed}. Round it, or take it modulo 2^53.`);
  return Int32Array.of(seed, Math.floor(seed / 2 ** 32));
}

/** A seed as the kernels take it: their input `seed`, or their scalars `seedLow` and `seedHigh`. */
export function seedOf(seed: Seed): { readonly inputs: { readonly seed: Tensor | undefined }; readonly uniforms: { readonly seedLow: number; readonly seedHigh: number } } {
  if (typeof seed !== 'number') return { inputs: { seed }, uniforms: { seedLow: 0, seedHigh: 0 } };
  const [low = 0, high = 0] = seedWords(seed);
  return { inputs: { seed: undefined }, uniforms: { seedLow: low >>> 0, seedHigh: high >>> 0 } };
}

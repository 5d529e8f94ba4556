import { philox, randomUniform as uniformKernel } from '@llm/kernels';
import { add, mul, type Tensor, tensor, util } from '@tensorflow/tfjs-core';
import { scope } from './autodiff/scope.ts';
import { call } from './device/call.ts';
import { type Seed, seedOf } from './seed.ts';

/** A 32-bit hash of a name (FNV-1a), which picks an independent stream of random numbers. */
function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * Samples of N(mean, std²), a function of seed, stream and position alone: the same on every device and in any order.
 *
 * Counter-based Philox 4×32 with Box and Muller. Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405
 */
export function randomNormal(
  shape: readonly number[],
  { mean = 0, std = 1, seed, stream = '' }: { mean?: number; std?: number; seed: number; stream?: string },
): Tensor {
  const values = new Float32Array(util.sizeFromShape([...shape]));
  const random = philox(seed, streamOf(stream));
  for (let i = 0; i < values.length; i++) values[i] = mean + std * random.normal();
  return tensor(values, [...shape]);
}

/**
 * Samples uniform in [low, high), a function of seed, stream and position alone: the same on every device and in any order.
 *
 *   y = low + (high − low) · k / 2²⁴, k a whole number below 2²⁴
 *
 * Counter-based Philox 4×32. Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405
 *
 * @throws RangeError for a seed that is no safe whole number.
 */
export function randomUniform(
  shape: readonly number[],
  { low = 0, high = 1, seed, stream = '' }: { low?: number; high?: number; seed: Seed; stream?: string },
): Tensor {
  return scope(() => {
    const { inputs, uniforms } = seedOf(seed);
    const { y } = call(uniformKernel, {
      inputs, dims: { count: util.sizeFromShape([...shape]) }, uniforms: { ...uniforms, stream: streamOf(stream) }, outputs: { y: shape },
    });
    // Each step is rounded for itself, lest a card that fuses them rounds otherwise.
    return low === 0 && high === 1 ? y : add(mul(y, high - low), low);
  });
}

import { grads, mul, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';

/** A tensor by its shape and values. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** The gradients of a scalar with respect to several tensors, undefined where it does not depend on one. */
export type Differentiate = (loss: (xs: Tensor[]) => Tensor, xs: Tensor[]) => (Tensor | undefined)[];

/** Deterministic numbers in [−1, 1) that look random (a 32-bit multiplicative hash). */
export function numbers(length: number, seed: number = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    let hash = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 31 - 1;
  });
}

/**
 * Checks the gradients of a tensor function by central differences in every input value.
 *
 *   L = Σ r · f(x) for fixed random r;  L′ ≈ (8 (L(x + h) − L(x − h)) − (L(x + 2h) − L(x − 2h))) / 12h
 *
 * Throws where a gradient is further than `tolerance` times the largest of its tensor from it. The gradients come from
 * tfjs's own `grads`, or from `differentiate`. Inputs must lie further than 2h from any kink of f.
 */
export function checkGradients(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Values[],
  { tolerance = 1e-3, step = 2 ** -5, differentiate = (loss, xs) => grads((...args: Tensor[]) => loss(args))(xs) }: {
    tolerance?: number; step?: number; differentiate?: Differentiate;
  } = {},
): void {
  const data = inputs.map(({ shape, values }) => ({ shape: [...shape], values: Float32Array.from(values) }));
  const run = (): Float32Array => tidy(() => fn(...data.map(({ shape, values }) => tensor(values, shape))).dataSync() as Float32Array).slice();
  const weights = numbers(run().length, 7);
  const lossAt = (): number => run().reduce((total, value, i) => total + value * weights[i]!, 0);
  const found = tidy(() => differentiate(
    (xs) => {
      const y = fn(...xs);
      return sum(mul(y, tensor(weights, y.shape)));
    },
    data.map(({ shape, values }) => tensor(values, shape)),
  ).map((gradient) => gradient && { shape: gradient.shape, values: gradient.dataSync().slice() }) as never) as unknown as ({ shape: number[]; values: Float32Array } | undefined)[];
  data.forEach(({ shape, values }, input) => {
    const numeric = values.map((value, i) => {
      const at = (offset: number): number => {
        values[i] = value + offset;
        const loss = lossAt();
        values[i] = value;
        return loss;
      };
      return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    });
    const { shape: foundShape = shape, values: analytic = new Float32Array(values.length) } = found[input] ?? {};
    if (foundShape.join() !== shape.join()) throw new Error(`checkGradients: expected the gradient of input ${input} to be [${shape.join(', ')}] but found [${foundShape.join(', ')}]`);
    const scale = Math.max(1e-2, ...numeric.map(Math.abs));
    numeric.forEach((expected, i) => {
      if (Math.abs(analytic[i]! - expected) <= tolerance * scale) return;
      throw new Error(`checkGradients: expected the gradient of input ${input} at ${i} to be ${expected} but found ${analytic[i]}`);
    });
  });
}

import { tidy, type TensorContainer } from '@tensorflow/tfjs-core';

/**
 * Runs `fn` and frees every tensor born inside it but those in its result.
 *
 * @example
 * ```ts
 * import { scope, tensor, useDevice } from '@llm/tensor';
 * import { memory, square, sum } from '@tensorflow/tfjs-core';
 * await useDevice('cpu');
 * const x = tensor([1, 2, 3]);
 * const before = memory().numTensors;
 * const norm = scope(() => sum(square(x)));
 * if (memory().numTensors !== before + 1) throw new Error('leak');
 * ```
 */
export function scope<T>(fn: () => T): T {
  return tidy(fn as () => TensorContainer) as T;
}

import type { Tensor } from '@tensorflow/tfjs-core';
import { whileWatching } from '../device/call.ts';
import { internals } from './engine.ts';

/** Which operation made the first value that is not finite. */
export class NonFiniteValueError extends Error {
  readonly code = 'non-finite';
  /** The tfjs kernel or the kernel of ours, such as `Log` or `softmaxBackward`. */
  readonly operation: string;

  constructor(operation: string, message: string) {
    super(message);
    this.name = 'NonFiniteValueError';
    this.operation = operation;
  }
}

/**
 * Runs `fn` with the output of every operation checked, forward and backward, and throws a NonFiniteValueError that names the first one
 * to make a NaN or an infinity. Slow: every output is read. `infinities: false` lets infinities pass, for masks of −∞.
 *
 * @example
 * ```ts
 * import { findNonFinite, log, mul, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * let found = '';
 * try {
 *   findNonFinite(() => mul(log(tensor([1, -1])), 2));
 * } catch (error) {
 *   found = (error as Error).message;
 * }
 * if (!found.includes('Log')) throw new Error('wrong operation');
 * ```
 */
export function findNonFinite<T>(fn: () => T, { infinities = true }: { infinities?: boolean } = {}): T {
  const engine = internals();
  let count = 0;
  const check = (operation: string, inputs: readonly (Tensor | undefined)[], outputs: readonly Tensor[]): void => {
    count++;
    for (const output of outputs) {
      if (output.dtype !== 'float32') continue;
      const at = output.dataSync().findIndex((value) => Number.isNaN(value) || (infinities && !Number.isFinite(value)));
      if (at < 0) continue;
      throw new NonFiniteValueError(operation, `findNonFinite: expected finite values but found ${output.dataSync()[at]} at ${at} of [${output.shape.join(', ')}], `
        + `made by ${operation} (operation ${count}) from ${inputs.filter((input) => input !== undefined).map(describe).join(', ') || 'nothing'}`);
    }
  };
  const { runKernelFunc } = engine;
  engine.runKernelFunc = (parameters) => {
    const result = runKernelFunc.call(engine, parameters);
    const { kernelName } = parameters as { kernelName?: string };
    // What the tape keeps for itself makes no values.
    if (kernelName !== undefined && kernelName !== 'Identity') check(kernelName, Object.values(parameters.inputs).flat(), [result].flat());
    return result;
  };
  try {
    return whileWatching(check, fn);
  } finally {
    // The engine's own method stands on its prototype.
    delete (engine as { runKernelFunc?: unknown }).runKernelFunc;
  }
}

/** The shape of a tensor and between what its values lie. */
function describe(tensor: Tensor): string {
  let low = Infinity;
  let high = -Infinity;
  for (const value of tensor.dataSync() as Float32Array) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return `[${tensor.shape.join(', ')}] within ${low} … ${high}`;
}

import { globalNormMany } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { addressOf } from '../device/address.ts';
import { wasmBackend } from '../device/use-device.ts';

/** √(Σ over all tensors of Σ x²): not finite exactly when some value is not. */
export function globalNorm(tensors: readonly Tensor[]): number {
  const backend = wasmBackend();
  if (backend !== undefined) return globalNormMany(backend.device, tensors.map((tensor) => ({ address: addressOf(tensor), count: tensor.size })));
  let squares = 0;
  for (const tensor of tensors) for (const value of tensor.dataSync()) squares += value * value;
  return Math.sqrt(squares);
}

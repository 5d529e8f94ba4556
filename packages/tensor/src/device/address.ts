import type { Tensor } from '@tensorflow/tfjs-core';
import { dataOf } from './own-backend.ts';
import { wasmBackend } from './use-device.ts';

/** Where a tensor's values lie; one that was made on another device is brought over first. */
export function addressOf(tensor: Tensor): number {
  const backend = wasmBackend();
  if (backend === undefined) throw new Error('addressOf: expected the wasm device in use. Call `await useDevice()` first.');
  return backend.address(dataOf(tensor));
}

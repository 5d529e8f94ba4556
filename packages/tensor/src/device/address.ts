import { engine, type Tensor } from '@tensorflow/tfjs-core';
import { wasmBackend } from './use-device.ts';

/** Where a tensor's values lie; one that was made on another device is brought over first. */
export function addressOf(tensor: Tensor): number {
  const backend = wasmBackend();
  if (backend === undefined) throw new Error('addressOf: expected the wasm device in use. Call `await useDevice()` first.');
  if (!(backend as unknown as { data: { has(id: object): boolean } }).data.has(tensor.dataId)) {
    (engine() as unknown as { moveData(backend: unknown, id: object): void }).moveData(backend, tensor.dataId);
  }
  return backend.address(tensor.dataId);
}

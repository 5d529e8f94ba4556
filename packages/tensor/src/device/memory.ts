import { memory as tfMemory } from '@tensorflow/tfjs-core';
import { wasmBackend } from './use-device.ts';

/** Live tensors and bytes; `deviceBytes` is the size of the WebAssembly memory, `peakBytes` the most in use at once. */
export interface Memory {
  readonly tensors: number;
  readonly tensorBytes: number;
  readonly usedBytes: number;
  readonly peakBytes: number;
  readonly deviceBytes: number;
}

/** What is allocated now on the device in use. */
export function memory(): Memory {
  const { numTensors, numBytes } = tfMemory();
  const heap = wasmBackend()?.device.heap.stats();
  return {
    tensors: numTensors,
    tensorBytes: numBytes,
    usedBytes: heap?.usedBytes ?? numBytes,
    peakBytes: heap?.peakBytes ?? numBytes,
    deviceBytes: heap?.memoryBytes ?? numBytes,
  };
}

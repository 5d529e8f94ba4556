import { memory as tfMemory } from '@tensorflow/tfjs-core';
import { wasmBackend, webgpuBackend } from './use-device.ts';

/** Live tensors and bytes; `deviceBytes` is the size of the WebAssembly memory, or of all buffers on the graphics card, `peakBytes` the most in use at once. */
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
  const gpu = webgpuBackend()?.gpu.stats();
  if (gpu !== undefined) return { tensors: numTensors, tensorBytes: numBytes, usedBytes: gpu.usedBytes, peakBytes: gpu.peakBytes, deviceBytes: gpu.bufferBytes };
  const heap = wasmBackend()?.device.heap.stats();
  return {
    tensors: numTensors,
    tensorBytes: numBytes,
    usedBytes: heap?.usedBytes ?? numBytes,
    peakBytes: heap?.peakBytes ?? numBytes,
    deviceBytes: heap?.memoryBytes ?? numBytes,
  };
}

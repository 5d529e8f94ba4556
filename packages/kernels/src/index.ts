export { createWasmDevice, hasRelaxedSimd, type WasmDevice, type WasmDeviceOptions } from './runtime/wasm-device.ts';
export type { Heap, HeapStats } from './runtime/heap.ts';
export { defineKernel, launch, portShape, resolveDims, type Kernel, type Launch, type Port, type Ports, type Sizes } from './kernel.ts';
export { checkGradient, checkKernel } from './check-kernel.ts';
export { ACTIVATIONS, type Activation } from './common/activation.ts';
export { matmul } from './matmul/matmul.ts';
export { rmsNorm, rmsNormBackward } from './rms-norm/rms-norm.ts';

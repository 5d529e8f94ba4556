import { globalNormMany, globalNormManyOnGpu } from '@llm/kernels';
import { scalar, type Tensor } from '@tensorflow/tfjs-core';
import { internals } from '../autodiff/engine.ts';
import { addressOf } from '../device/address.ts';
import { dataOf } from '../device/own-backend.ts';
import { wasmBackend, webgpuBackend } from '../device/use-device.ts';

/** √(Σ over all tensors of Σ x²), a scalar: not finite exactly when some value is not. */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  const wasm = wasmBackend();
  if (wasm !== undefined) return scalar(globalNormMany(wasm.device, tensors.map((tensor) => ({ address: addressOf(tensor), count: tensor.size }))));
  const webgpu = webgpuBackend();
  if (webgpu !== undefined) {
    const norm = webgpu.output([]);
    globalNormManyOnGpu(webgpu.gpu, {
      tensors: tensors.map((tensor) => ({ memory: webgpu.memoryOf(dataOf(tensor)), count: tensor.size })), norm: webgpu.memoryOf(norm.dataId),
    });
    return internals().makeTensorFromTensorInfo(norm);
  }
  let squares = 0;
  for (const tensor of tensors) for (const value of tensor.dataSync()) squares += value * value;
  return scalar(Math.sqrt(squares));
}

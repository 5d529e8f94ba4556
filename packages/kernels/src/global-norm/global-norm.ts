import { type Kernel, defineKernel } from '../kernel.ts';
import { globalNormManyOnGpu } from './global-norm-many-on-gpu.ts';
import { globalNormMany } from './global-norm-many.ts';
import { globalNormReference } from './reference.ts';

/** norm = √(Σ x²) of one tensor; `globalNormMany` and `globalNormManyOnGpu` take all tensors of a model at once. */
export const globalNorm: Kernel = defineKernel({
  name: 'globalNorm',
  inputs: { x: { dims: ['count'] } },
  outputs: { norm: { dims: ['one'] } },
  uniforms: {},
  derive: () => ({ one: 1 }),
  reference: globalNormReference,
  wasm({ at, dims: { count = 0 }, device }) {
    device.f32(at.norm, 1)[0] = globalNormMany(device, [{ address: at.x, count }]);
  },
  webgpu({ at, dims: { count = 0 }, device }) {
    globalNormManyOnGpu(device, { tensors: [{ memory: at.x!, count }], norm: at.norm! });
  },
});

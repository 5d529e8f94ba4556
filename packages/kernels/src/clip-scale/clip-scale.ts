import * as wgsl from '../generated/wgsl.ts';
import { defineProgram } from '../gpu/program.ts';
import { type Kernel, defineKernel } from '../kernel.ts';
import { clipScaleReference } from './reference.ts';

const program = defineProgram({ name: 'clipScale', source: wgsl.clipScale, bindings: ['read', 'read', 'write'], params: { maxNorm: 'f32' } });

/**
 * scale = min(1, maxNorm / (norm + 1e-6)): what brings a gradient of global norm `norm` down to `maxNorm`, Infinity for no limit.
 * NaN where norm or loss is not finite, which optimizers take as the word to leave the step out.
 */
export const clipScale: Kernel = defineKernel({
  name: 'clipScale',
  paper: 'https://arxiv.org/abs/1211.5063',
  inputs: { norm: { dims: ['one'] }, loss: { dims: ['one'] } },
  outputs: { scale: { dims: ['one'] } },
  uniforms: { maxNorm: 1 },
  derive: () => ({ one: 1 }),
  reference: clipScaleReference,
  wasm({ at, uniforms, device }) {
    const scale = new Float64Array(1);
    const valueAt = (address: number): Float64Array => Float64Array.from(device.f32(address, 1));
    clipScaleReference({ norm: valueAt(at.norm), loss: valueAt(at.loss), scale }, {}, uniforms);
    device.f32(at.scale, 1).set(scale);
  },
  webgpu({ at, uniforms: { maxNorm }, run }) {
    run(program, { bind: [at.norm, at.loss, at.scale], params: { maxNorm }, grid: [1] });
  },
});

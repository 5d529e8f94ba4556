import { type Kernel, defineKernel } from '../kernel.ts';
import { copyRunsOnGpu } from './copy-runs-on-gpu.ts';
import { launchCopy } from './copy-runs.ts';
import { copyReference } from './reference.ts';

/** y = x, as bits, so x may hold floats or integers. */
export const copy: Kernel = defineKernel({
  name: 'copy',
  inputs: { x: { dims: ['size'] } },
  outputs: { y: { dims: ['size'] } },
  uniforms: {},
  reference: copyReference,
  wasm({ at, dims: { size = 0 }, run }) {
    launchCopy({ run }, { x: at.x, y: at.y, size });
  },
  webgpu({ at, dims: { size = 0 }, run }) {
    copyRunsOnGpu(run, { x: at.x, y: at.y, length: size });
  },
});

import { type Kernel, defineKernel } from '../kernel.ts';
import { copyRunsOnGpu } from './copy-runs-on-gpu.ts';
import { launchCopyRuns } from './copy-runs.ts';
import { concatReference } from './reference.ts';

/**
 * y[o, offset + i] = x[o, i]: puts one block of a concatenation in its place, and leaves the rest of y [outer, total]. Along an
 * axis, `outer` is the product of the sizes before it and `inner` that from it on; call it once for each tensor. Words move
 * as bits, so x may hold floats or integers.
 */
export const concat: Kernel = defineKernel({
  name: 'concat',
  inputs: { x: { dims: ['outer', 'inner'] }, into: { dims: ['outer', 'total'] } },
  outputs: { y: { dims: ['outer', 'total'], inPlace: 'into' } },
  uniforms: { offset: 0 },
  derive({ inner = 0, total = 0 }, { offset }) {
    if (!(offset >= 0 && offset + inner <= total)) {
      throw new RangeError(`concat: expected the block to stay within ${total} columns but found ${offset} to ${offset + inner}`);
    }
    return {};
  },
  reference: concatReference,
  wasm({ at, dims: { outer = 0, inner = 0, total = 0 }, uniforms: { offset }, run }) {
    launchCopyRuns({ run }, {
      x: at.x, y: at.y + offset * 4, length: inner, sizes: [1, 1, outer], strides: [0, 0, inner], step: total,
    });
  },
  webgpu({ at, dims: { outer = 0, inner = 0, total = 0 }, uniforms: { offset }, run }) {
    copyRunsOnGpu(run, { x: at.x, y: at.y, length: inner, axes: [{ size: outer, from: inner }], step: total, first: offset });
  },
});

import { type Kernel, defineKernel, type Sizes } from '../kernel.ts';
import { copyRunsOnGpu } from './copy-runs-on-gpu.ts';
import { launchCopyRuns } from './copy-runs.ts';
import { sliceReference } from './reference.ts';

type Three = [number, number, number];

/** A slice as runs of words: where the first begins, how long they are, how many along three axes, and how far apart. */
function runsOf(
  { n1 = 0, n2 = 0, n3 = 0, m0 = 0, m1 = 0, m2 = 0, m3 = 0 }: Sizes, [s0, s1, s2, s3]: readonly [number, number, number, number],
): { start: number; length: number; sizes: Three; strides: Three } {
  // Trailing axes that are taken whole make longer runs.
  let length = m3;
  const sizes: Three = [m0, m1, m2];
  if (m3 === n3) {
    length *= m2;
    sizes[2] = 1;
    if (m2 === n2) {
      length *= m1;
      sizes[1] = 1;
      if (m1 === n1) {
        length *= m0;
        sizes[0] = 1;
      }
    }
  }
  return { start: ((s0 * n1 + s1) * n2 + s2) * n3 + s3, length, sizes, strides: [n1 * n2 * n3, n2 * n3, n3] };
}

/**
 * y [m0, m1, m2, m3] = the part of x [n0, n1, n2, n3] that begins at s0, s1, s2, s3; the sizes of y come with the call. Tensors of
 * a lower rank get leading axes of size 1. Words move as bits, so x may hold floats or integers; y must lie apart from x.
 */
export const slice: Kernel = defineKernel({
  name: 'slice',
  inputs: { x: { dims: ['n0', 'n1', 'n2', 'n3'] } },
  outputs: { y: { dims: ['m0', 'm1', 'm2', 'm3'] } },
  uniforms: { s0: 0, s1: 0, s2: 0, s3: 0 },
  derive(dims, uniforms) {
    for (const axis of [0, 1, 2, 3] as const) {
      const start = uniforms[`s${axis}`];
      const size = dims[`m${axis}`] ?? 0;
      const limit = dims[`n${axis}`] ?? 0;
      if (!(start >= 0 && start + size <= limit)) {
        throw new RangeError(`slice: expected axis ${axis} to stay within its ${limit} but found ${start} to ${start + size}`);
      }
    }
    return {};
  },
  reference: sliceReference,
  wasm({ at, dims, uniforms: { s0, s1, s2, s3 }, run }) {
    const { start, length, sizes, strides } = runsOf(dims, [s0, s1, s2, s3]);
    launchCopyRuns({ run }, { x: at.x + start * 4, y: at.y, length, sizes, strides, step: length });
  },
  webgpu({ at, dims, uniforms: { s0, s1, s2, s3 }, run }) {
    const { start, length, sizes, strides } = runsOf(dims, [s0, s1, s2, s3]);
    copyRunsOnGpu(run, { x: at.x, y: at.y, start, length, axes: sizes.map((size, i) => ({ size, from: strides[i]! })) });
  },
});

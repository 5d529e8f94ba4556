import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkKernel } from '../check-kernel.ts';
import { launch, resolveDims } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { concat } from './concat.ts';
import { copy } from './copy.ts';
import { slice } from './slice.ts';

test('copy equals its reference', async () => {
  await checkKernel(copy, { cases: [0, 1, 3, 255, 257, 100_003].map((size) => ({ dims: { size } })), tolerance: 0 });
});

const sliced = (from: readonly number[], start: readonly number[], size: readonly number[]) => ({
  dims: Object.fromEntries([...from.map((n, i) => [`n${i}`, n]), ...size.map((m, i) => [`m${i}`, m])]) as Record<string, number>,
  uniforms: Object.fromEntries(start.map((s, i) => [`s${i}`, s])) as Record<string, number>,
});

test('slice equals its reference', async () => {
  await checkKernel(slice, {
    cases: [
      sliced([1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]),
      sliced([2, 3, 5, 7], [1, 0, 2, 3], [1, 2, 2, 3]),
      sliced([2, 3, 5, 7], [0, 1, 0, 0], [2, 1, 5, 7]),
      sliced([2, 3, 5, 7], [0, 0, 2, 0], [2, 3, 2, 7]),
      sliced([2, 3, 5, 7], [2, 3, 5, 7], [0, 0, 0, 0]),
      sliced([1, 1, 300, 400], [0, 0, 7, 3], [1, 1, 290, 391]),
      sliced([1, 2, 200_003, 1], [0, 0, 5, 0], [1, 2, 150_001, 1]),
      sliced([4, 65, 6, 64], [0, 0, 1, 0], [4, 65, 4, 64]),
      sliced([3, 4, 5, 12], [1, 1, 1, 4], [2, 3, 3, 8]),
      sliced([3, 4, 5, 12], [1, 1, 1, 3], [2, 3, 3, 8]),
    ],
    tolerance: 0,
  });
});

test('a slice that leaves the tensor is an error', () => {
  expect(() => resolveDims(slice, { x: [1, 1, 2, 3] }, { s0: 0, s1: 0, s2: 1, s3: 0 }, { m0: 1, m1: 1, m2: 2, m3: 3 }))
    .toThrow('slice: expected axis 2 to stay within its 2 but found 1 to 3');
});

test('concat equals its reference and leaves the rest', async () => {
  await checkKernel(concat, {
    cases: [
      { dims: { outer: 1, inner: 1, total: 1 } },
      { dims: { outer: 0, inner: 3, total: 5 }, uniforms: { offset: 2 } },
      { dims: { outer: 3, inner: 0, total: 5 }, uniforms: { offset: 5 } },
      { dims: { outer: 7, inner: 5, total: 13 }, uniforms: { offset: 4 } },
      { dims: { outer: 2, inner: 70_001, total: 90_000 }, uniforms: { offset: 11 } },
      { dims: { outer: 513, inner: 301, total: 400 }, uniforms: { offset: 99 } },
      { dims: { outer: 37, inner: 16, total: 40 }, uniforms: { offset: 8 } },
      { dims: { outer: 37, inner: 16, total: 40 }, uniforms: { offset: 7 } },
    ],
    tolerance: 0,
  });
  expect(() => resolveDims(concat, { x: [2, 3], into: [2, 4] }, { offset: 2 }))
    .toThrow('concat: expected the block to stay within 4 columns but found 2 to 5');
});

test('slicing a concatenation gives its parts back', async () => {
  const device = await createWasmDevice({ threads: 1 });
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 }),
    (outer, widths) => {
      const total = widths.reduce((sum, width) => sum + width, 0);
      const whole = device.heap.alloc(outer * total * 4);
      const part = device.heap.alloc(outer * total * 4);
      let offset = 0;
      for (const [i, inner] of widths.entries()) {
        device.i32(part, outer * inner).forEach((_, k, view) => { view[k] = i * 100_000 + k; });
        launch(device, concat, { at: { x: part, into: whole, y: whole }, dims: { outer, inner, total }, uniforms: { offset } });
        offset += inner;
      }
      offset = 0;
      for (const [i, inner] of widths.entries()) {
        const dims = { n0: 1, n1: 1, n2: outer, n3: total, m0: 1, m1: 1, m2: outer, m3: inner };
        launch(device, slice, { at: { x: whole, y: part }, dims, uniforms: { s3: offset } });
        expect(device.i32(part, outer * inner).every((value, k) => value === i * 100_000 + k)).toBe(true);
        offset += inner;
      }
      device.heap.free(whole);
      device.heap.free(part);
    },
  ), { numRuns: 50 });
  await device.close();
});

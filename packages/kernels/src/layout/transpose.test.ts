import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel, type KernelCase } from '../check-kernel.ts';
import { launch, resolveDims } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { mergeAxes, transpose } from './transpose.ts';

/** All orders of the axes 0 to 3. */
function orders(): number[][] {
  const axes = [0, 1, 2, 3];
  return axes.flatMap((a) => axes.flatMap((b) => axes.flatMap((c) => axes.map((d) => [a, b, c, d])))).filter((order) => new Set(order).size === 4);
}

const one = ([n0, n1, n2, n3]: readonly number[], [p0, p1, p2, p3]: readonly number[]): KernelCase => ({
  dims: { n0: n0!, n1: n1!, n2: n2!, n3: n3! }, uniforms: { p0: p0!, p1: p1!, p2: p2!, p3: p3! },
});

test('all 24 orders equal the reference, on shapes with ones, zeros, primes and tiles', async () => {
  const shapes = [[1, 1, 1, 1], [2, 3, 5, 7], [1, 17, 1, 19], [3, 0, 2, 4], [4, 16, 8, 4], [2, 5, 33, 20]];
  const cases = shapes.flatMap((shape) => orders().map((order) => one(shape, order)));
  const ran = await checkKernel(transpose, { cases, tolerance: 0 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('large tensors, that several threads share, equal the reference', async () => {
  await checkKernel(transpose, {
    cases: [
      one([1, 1, 515, 389], [0, 1, 3, 2]),
      one([1, 1, 3, 40_001], [0, 1, 3, 2]),
      one([1, 1, 40_001, 3], [0, 1, 3, 2]),
      one([4, 65, 6, 64], [0, 2, 1, 3]),
      one([4, 6, 65, 33], [0, 1, 3, 2]),
      one([70_001, 1, 1, 2], [0, 1, 2, 3]),
      one([1, 3, 31, 33], [0, 1, 3, 2]),
      one([2, 33, 9, 32], [3, 1, 0, 2]),
      one([1, 600, 8, 8], [0, 1, 3, 2]),
    ],
    tolerance: 0,
  });
});

test('integers keep every bit on every device', async () => {
  for (const { run } of await checkDevices()) {
    const x = Float64Array.from({ length: 81 }, (_, i) => (i % 2 === 0 ? 0x7f800001 + i : -i));
    const { inputs, outputs } = transpose;
    const kernel = { ...transpose, inputs: { x: { ...inputs['x']!, dtype: 'int32' } }, outputs: { y: { ...outputs['y']!, dtype: 'int32' } } } as const;
    const { y } = await run(kernel, {
      io: { x, y: new Float64Array(81) }, dims: { n0: 1, n1: 1, n2: 9, n3: 9, m0: 1, m1: 1, m2: 9, m3: 9 }, uniforms: { p0: 0, p1: 1, p2: 3, p3: 2 },
    });
    expect([...y!]).toEqual(Array.from({ length: 81 }, (_, i) => x[(i % 9) * 9 + Math.floor(i / 9)]));
  }
});

test('integers keep every bit', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const at = { x: device.heap.alloc(64), y: device.heap.alloc(64) };
  device.i32(at.x, 6).set([1, -1, 0x7f800001, 4, 5, 2147483647]);
  launch(device, transpose, { at, dims: { n0: 1, n1: 1, n2: 2, n3: 3 }, uniforms: { p2: 3, p3: 2 } });
  expect([...device.i32(at.y, 6)]).toEqual([1, 4, -1, 5, 0x7f800001, 2147483647]);
  await device.close();
});

test('axes that stay neighbours become one', () => {
  expect(mergeAxes([2, 3, 4, 5], [0, 1, 2, 3])).toEqual([{ size: 120, from: 1, to: 1 }]);
  expect(mergeAxes([2, 3, 4, 5], [2, 3, 0, 1])).toEqual([{ size: 20, from: 1, to: 6 }, { size: 6, from: 20, to: 1 }]);
});

test('an order that names an axis twice is an error', () => {
  expect(() => resolveDims(transpose, { x: [1, 2, 3, 4] }, { p0: 0, p1: 1, p2: 2, p3: 2 }))
    .toThrow('transpose: expected an order of the axes 0 to 3 but found 0, 1, 2, 2');
});

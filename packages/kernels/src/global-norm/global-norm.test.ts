import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { defineKernel } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { globalNorm } from './global-norm.ts';
import { globalNormMany } from './global-norm-many.ts';
import { globalNormManyOnGpu } from './global-norm-many-on-gpu.ts';
import { globalNormReference } from './reference.ts';

test('globalNorm equals its reference', async () => {
  const cases = [0, 1, 3, 7, 8, 9, 1021, 16_384, 16_385, 200_003].map((count) => ({ dims: { count } }));
  const ran = await checkKernel(globalNorm, { cases, tolerance: 1e-7 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('many tensors have one norm, also where a float could not hold its square', async () => {
  const device = await createWasmDevice({ threads: 2 });
  const place = (values: number[]): { address: number; count: number } => {
    const address = device.heap.alloc(Math.max(4, values.length * 4));
    device.f32(address, values.length).set(values);
    return { address, count: values.length };
  };
  const { blocks } = device.heap.stats();
  expect(globalNormMany(device, [])).toBe(0);
  expect(globalNormMany(device, [place([3]), place([]), place([4])])).toBe(5);
  expect(globalNormMany(device, [place([3e30, 4e30])])).toBeCloseTo(5e30, -24);
  expect(globalNormMany(device, [place([3e-30, 4e-30])]) / 5e-30).toBeCloseTo(1, 6);
  expect(globalNormMany(device, [place([1]), place([2, Infinity])])).toBe(Infinity);
  expect(globalNormMany(device, [place([1]), place([2, NaN, 3])])).toBeNaN();
  expect(() => globalNormMany(device, [{ address: 0, count: -1 }])).toThrow('globalNormMany: expected count to be a whole number from 0 on but found -1.');
  expect(device.heap.stats().blocks).toBe(blocks + 9);
  await device.close();
});

/** The norm of some numbers on each device. */
async function norms(x: Float64Array): Promise<number[]> {
  const found: number[] = [];
  for (const { run } of await checkDevices()) {
    const { norm } = await run(globalNorm, { io: { x, norm: new Float64Array(1) }, dims: { count: x.length, one: 1 }, uniforms: {} });
    found.push(norm![0]!);
  }
  return found;
}

const spread = (length: number, at: Readonly<Record<number, number>>, rest: number = 0): Float64Array => Float64Array.from({ length }, (_, i) => at[i] ?? rest);

test('on every device squares neither overflow nor vanish, whatever stands beside them', async () => {
  const cases: [Float64Array, number][] = [
    [spread(20_003, { 7: 3e30, 19_999: -4e30 }), 5e30],
    [spread(20_003, { 7: 3e-30, 19_999: -4e-30 }), 5e-30],
    [spread(20_003, { 7: 3e30 }, 1e-30), 3e30],
    [spread(20_003, { 7: 3e12, 19_999: 4e12 }, 1), 5e12],
    [spread(5, { 0: 2 ** 40, 1: 2 ** 40 - 2 ** 16 }), Math.hypot(2 ** 40, 2 ** 40 - 2 ** 16)],
    [spread(5, { 0: 2 ** -63, 1: 2 ** -64 }), Math.hypot(2 ** -63, 2 ** -64)],
    [spread(100, {}, 2 ** -64), 10 * 2 ** -64],
    [spread(4, {}, 1.5e38), 3e38],
  ];
  for (const [x, expected] of cases) for (const norm of await norms(x)) expect(Math.abs(norm / expected - 1)).toBeLessThan(1e-6);
});

test('on every device the norm is not finite exactly when some number is not', async () => {
  for (const place of [0, 2, 3, 16_384, 20_002]) {
    for (const norm of await norms(spread(20_003, { [place]: -Infinity }, 1e20))) expect(norm).toBe(Infinity);
    for (const norm of await norms(spread(20_003, { [place]: NaN, 5: Infinity }))) expect(norm).toBeNaN();
  }
  for (const { name, run } of await checkDevices()) {
    if (!name.startsWith('webgpu')) continue;
    // 6e38 is more than a float holds: the largest one stands for it.
    const { norm } = await run(globalNorm, { io: { x: spread(4, {}, 3e38), norm: new Float64Array(1) }, dims: { count: 4, one: 1 }, uniforms: {} });
    expect(norm![0]).toBe(3.4028234663852886e38);
  }
});

test('many tensors have one norm on every device', async () => {
  const three = defineKernel({
    name: 'normOfThree',
    inputs: { a: { dims: ['first'] }, b: { dims: ['second'] }, c: { dims: ['third'] } },
    outputs: { norm: { dims: ['one'] } },
    uniforms: {},
    derive: () => ({ one: 1 }),
    reference: ({ a, b, c, norm }) => globalNormReference({ x: Float64Array.of(...a, ...b, ...c), norm }),
    wasm({ at, dims: { first = 0, second = 0, third = 0 }, device }) {
      const tensors = [{ address: at.a, count: first }, { address: at.b, count: second }, { address: at.c, count: third }];
      device.f32(at.norm, 1)[0] = globalNormMany(device, tensors);
    },
    webgpu({ at, dims: { first = 0, second = 0, third = 0 }, device }) {
      const tensors = [{ memory: at.a!, count: first }, { memory: at.b!, count: second }, { memory: at.c!, count: third }];
      globalNormManyOnGpu(device, { tensors, norm: at.norm! });
    },
  });
  const large = (_random: () => number, length: number): number[] => Array<number>(length).fill(2e30);
  await checkKernel(three, {
    cases: [
      { dims: { first: 0, second: 0, third: 0 } },
      { dims: { first: 1, second: 0, third: 16_385 } },
      { dims: { first: 16_384, second: 40_001, third: 7 } },
      { dims: { first: 5, second: 3, third: 7 }, inputs: { b: large } },
    ],
    tolerance: 1e-6,
  });
});

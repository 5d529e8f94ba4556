import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { reduceRows } from './reduce-rows.ts';
import { REDUCTIONS } from './reference.ts';
import { sumColumns } from './sum-columns.ts';

const shapes = [
  { rows: 1, cols: 1 }, { rows: 0, cols: 5 }, { rows: 3, cols: 7 }, { rows: 5, cols: 16 }, { rows: 257, cols: 385 },
  { rows: 1, cols: 200_003 }, { rows: 3, cols: 65_537 }, { rows: 20_011, cols: 3 }, { rows: 40, cols: 1031 },
];

test.each(Object.entries(REDUCTIONS))('reduceRows by %s equals its reference', async (_name, op) => {
  const cases = shapes.map((dims) => ({ dims, uniforms: { op } }));
  const ran = await checkKernel(reduceRows, { cases, tolerance: op === REDUCTIONS.sum ? 2e-5 : 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('sumColumns equals its reference', async () => {
  const cases = [
    ...shapes.map((dims) => ({ dims })), { dims: { rows: 9, cols: 8195 } }, { dims: { rows: 200_003, cols: 1 } }, { dims: { rows: 8, cols: 4 } },
    { dims: { rows: 1000, cols: 130 } }, { dims: { rows: 33, cols: 0 } },
    { dims: { rows: 16, cols: 257 } }, { dims: { rows: 17, cols: 65 } }, { dims: { rows: 3001, cols: 5 } },
  ];
  const ran = await checkKernel(sumColumns, { cases, tolerance: 5e-5 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('long sums of one number stay exact to a few units in the last place', async () => {
  const tenth = (_random: () => number, length: number): number[] => Array<number>(length).fill(0.1);
  const ones = (_random: () => number, length: number): number[] => Array<number>(length).fill(1);
  const check = { tolerance: 1e-6, gpuTolerance: 1e-6 };
  await checkKernel(reduceRows, { cases: [{ dims: { rows: 1, cols: 1_500_007 }, inputs: { x: tenth } }], ...check });
  const columns = [{ rows: 750_003, cols: 2 }, { rows: 9001, cols: 67 }];
  await checkKernel(sumColumns, { cases: columns.map((dims) => ({ dims, inputs: { x: tenth } })), ...check });
  await checkKernel(reduceRows, { cases: [{ dims: { rows: 1, cols: 1_500_007 }, inputs: { x: ones } }], tolerance: 0 });
});

test('on every device a row of no numbers has the sum 0, the mean NaN and the maximum −∞, and NaN spreads', async () => {
  for (const { run } of await checkDevices()) {
    for (const [op, empty] of [[REDUCTIONS.sum, 0], [REDUCTIONS.mean, NaN], [REDUCTIONS.max, -Infinity]] as const) {
      const { y } = await run(reduceRows, { io: { x: new Float64Array(0), y: new Float64Array(2) }, dims: { rows: 2, cols: 0 }, uniforms: { op } });
      expect([...y!]).toEqual([empty, empty]);
      for (const position of [0, 17, 699]) {
        const x = new Float64Array(1400).fill(1);
        x[position] = NaN;
        const { y } = await run(reduceRows, { io: { x, y: new Float64Array(2) }, dims: { rows: 2, cols: 700 }, uniforms: { op } });
        expect([...y!]).toEqual([NaN, op === REDUCTIONS.sum ? 700 : 1]);
      }
    }
    const io = { x: new Float64Array(9).fill(-Infinity), y: new Float64Array(1) };
    const { y } = await run(reduceRows, { io, dims: { rows: 1, cols: 9 }, uniforms: { op: REDUCTIONS.max } });
    expect(y![0]).toBe(-Infinity);
  }
});

test('ten million ones sum to ten million', async () => {
  const device = await createWasmDevice({ threads: 2 });
  const size = 10_000_000;
  const x = device.heap.alloc(size * 4);
  const y = device.heap.alloc(64);
  device.f32(x, size).fill(1);
  launch(device, reduceRows, { at: { x, y }, dims: { rows: 1, cols: size } });
  expect(device.f32(y, 1)[0]).toBe(size);
  launch(device, sumColumns, { at: { x, y }, dims: { rows: size / 2, cols: 2 } });
  expect([...device.f32(y, 2)]).toEqual([size / 2, size / 2]);
  device.f32(x, size).fill(0.1);
  launch(device, reduceRows, { at: { x, y }, dims: { rows: 1, cols: size } });
  expect(Math.abs(device.f32(y, 1)[0]! / (size * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
  launch(device, sumColumns, { at: { x, y }, dims: { rows: size / 2, cols: 2 } });
  expect(Math.abs(device.f32(y, 1)[0]! / ((size / 2) * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
  await device.close();
});

test('a row of no numbers has the sum 0, the mean NaN and the maximum −∞, and NaN spreads', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const at = { x: device.heap.alloc(256), y: device.heap.alloc(64) };
  for (const [op, empty] of [[REDUCTIONS.sum, 0], [REDUCTIONS.mean, NaN], [REDUCTIONS.max, -Infinity]] as const) {
    launch(device, reduceRows, { at, dims: { rows: 1, cols: 0 }, uniforms: { op } });
    expect(device.f32(at.y, 1)[0]).toBe(empty);
    for (const position of [0, 17, 18]) {
      device.f32(at.x, 19).fill(1)[position] = NaN;
      launch(device, reduceRows, { at, dims: { rows: 1, cols: 19 }, uniforms: { op } });
      expect(device.f32(at.y, 1)[0]).toBeNaN();
    }
  }
  await device.close();
});

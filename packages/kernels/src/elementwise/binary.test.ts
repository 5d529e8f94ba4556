import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel, type KernelCase } from '../check-kernel.ts';
import { launch, resolveDims } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { binary } from './binary.ts';
import { BINARY_OPERATIONS, BROADCASTS } from './operations.ts';

const shapes = [[1, 1], [0, 5], [5, 0], [1, 7], [7, 1], [3, 17], [13, 64], [2, 3]] as const;
const positive = (random: () => number, length: number): number[] => Array.from({ length }, () => 0.5 + random());

test.each(Object.entries(BINARY_OPERATIONS))('%s equals its reference for every pair of broadcasts', async (_name, op) => {
  const cases: KernelCase[] = [];
  for (const [rows, cols] of shapes) {
    for (const broadcastA of Object.values(BROADCASTS)) {
      for (const broadcastB of Object.values(BROADCASTS)) {
        cases.push({ dims: { rows, cols }, uniforms: { op, broadcastA, broadcastB }, inputs: { b: positive } });
      }
    }
  }
  const ran = await checkKernel(binary, { cases, tolerance: 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('large operands, that several threads share, equal the reference', async () => {
  const { none, row, column, scalar } = BROADCASTS;
  await checkKernel(binary, {
    cases: [
      { dims: { rows: 1, cols: 100_003 } },
      { dims: { rows: 1, cols: 70_001 }, uniforms: { op: 1, broadcastA: scalar, broadcastB: none } },
      { dims: { rows: 257, cols: 385 }, uniforms: { op: 2, broadcastA: none, broadcastB: row } },
      { dims: { rows: 257, cols: 385 }, uniforms: { op: 1, broadcastA: column, broadcastB: none } },
      { dims: { rows: 30_011, cols: 3 }, uniforms: { op: 0, broadcastA: row, broadcastB: column } },
      { dims: { rows: 129, cols: 388 }, uniforms: { op: 1, broadcastA: row, broadcastB: column } },
      { dims: { rows: 129, cols: 388 }, uniforms: { op: 1, broadcastA: column, broadcastB: scalar } },
    ],
    tolerance: 1e-6,
  });
});

test.each(['a', 'b'] as const)('on every device the result may overwrite %s', async (target) => {
  const { none, row, column, scalar } = BROADCASTS;
  const kernel = { ...binary, outputs: { y: { dims: ['rows', 'cols'], inPlace: target } } };
  const other = target === 'a' ? 'broadcastB' : 'broadcastA';
  const cases = [[33, 32], [33, 31], [1, 1027]].flatMap(([rows, cols]) => [none, row, column, scalar].map((broadcast) => (
    { dims: { rows: rows!, cols: cols! }, uniforms: { op: BINARY_OPERATIONS.sub, [other]: broadcast } }
  )));
  await checkKernel(kernel, { cases, tolerance: 1e-6 });
});

test('the result may overwrite either operand of its own size', async () => {
  const device = await createWasmDevice({ threads: 2 });
  const size = 40_003;
  for (const target of ['a', 'b'] as const) {
    const at = { a: device.heap.alloc(size * 4), b: device.heap.alloc(size * 4) };
    device.f32(at.a, size).forEach((_, i, view) => { view[i] = i; });
    device.f32(at.b, size).forEach((_, i, view) => { view[i] = 2 * i + 1; });
    launch(device, binary, { at: { ...at, y: at[target] }, dims: { rows: 1, cols: size }, uniforms: { op: BINARY_OPERATIONS.sub } });
    expect(device.f32(at[target], size).every((value, i) => value === -i - 1)).toBe(true);
  }
  await device.close();
});

test('maximum and minimum keep NaN on every device', async () => {
  for (const { run } of await checkDevices()) {
    for (const op of [BINARY_OPERATIONS.maximum, BINARY_OPERATIONS.minimum]) {
      const io = { a: Float64Array.of(NaN, 1, 2, 3, NaN), b: Float64Array.of(1, NaN, 2, 4, 1), y: new Float64Array(5) };
      const { y } = await run(binary, { io, dims: { rows: 1, cols: 5 }, uniforms: { op, broadcastA: 0, broadcastB: 0 } });
      expect([...y!]).toEqual([NaN, NaN, 2, op === BINARY_OPERATIONS.maximum ? 4 : 3, NaN]);
    }
  }
});

test('an operand whose size does not fit its broadcast is an error', () => {
  expect(() => resolveDims(binary, { a: [6], b: [4] }, { op: 0, broadcastA: 0, broadcastB: BROADCASTS.row }, { rows: 2, cols: 3 }))
    .toThrow('binary: expected bSize = 3 for [2, 3] but found 4');
});

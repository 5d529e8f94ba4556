import { expect, test } from 'vitest';
import { checkKernel } from '../check-kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { globalNorm } from './global-norm.ts';
import { globalNormMany } from './global-norm-many.ts';

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

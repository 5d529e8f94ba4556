import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { logSoftmax, logSoftmaxBackward } from './log-softmax.ts';
import { softmax, softmaxBackward } from './softmax.ts';

const shapes = [[0, 5], [1, 1], [1, 3], [5, 8], [3, 17], [7, 123], [2, 1025], [3, 5003], [257, 65], [131, 4], [9, 36], [2, 4096]] as const;
const cases = shapes.map(([rows, cols]) => ({ dims: { rows, cols } }));
// Logarithms of probabilities are never positive.
const logarithms = { y: (random: () => number, length: number): number[] => Array.from({ length }, () => -100 * random() ** 3) };

test.each([softmax, softmaxBackward, logSoftmax, logSoftmaxBackward])('$name equals its reference', async (kernel) => {
  const given = kernel === logSoftmaxBackward ? cases.map((one) => ({ ...one, inputs: logarithms })) : cases;
  const ran = await checkKernel(kernel, { cases: given, tolerance: 2e-5 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('what is masked by −∞ gets 0, and its logarithm is −∞', async () => {
  const masked = { x: (random: () => number, length: number): number[] => Array.from({ length }, (_, i) => (i % 5 === 3 || random() < 0.5 ? 8 * random() : -Infinity)) };
  const some = [[5, 8], [3, 4097], [7, 5]].map(([rows = 0, cols = 0]) => ({ dims: { rows, cols }, inputs: masked }));
  for (const kernel of [softmax, logSoftmax]) await checkKernel(kernel, { cases: some });
});

test('the gradients of the references are right by central differences', () => {
  for (const [forward, backward] of [[softmax, softmaxBackward], [logSoftmax, logSoftmaxBackward]] as const) {
    checkGradient(forward, backward, { cases: [{ dims: { rows: 3, cols: 7 } }], gradients: { x: 'dx' }, dy: { y: 'dy' } });
  }
});

test('a row sums to 1 and does not change when a number is added to all of it', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const [x, y] = [device.heap.alloc(4096), device.heap.alloc(4096)];
  const run = (values: number[]): number[] => {
    device.f32(x, values.length).set(values);
    launch(device, softmax, { at: { x, y }, dims: { rows: 1, cols: values.length } });
    return [...device.f32(y, values.length)];
  };
  // Quarters, so that adding is exact.
  fc.assert(fc.property(fc.array(fc.integer({ min: -400, max: 400 }), { minLength: 1, maxLength: 50 }), fc.integer({ min: -9999, max: 9999 }), (ints, shift) => {
    const plain = run(ints.map((i) => i / 4));
    expect(plain.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(run(ints.map((i) => i / 4 + shift))).toEqual(plain);
  }));
  expect(run([-Infinity, 0, -Infinity, 0, -Infinity])).toEqual([0, 0.5, 0, 0.5, 0]);
  expect(run([-Infinity, -Infinity])).toEqual([NaN, NaN]);
  expect(run([1, NaN, 2, 3, 4])).toEqual([NaN, NaN, NaN, NaN, NaN]);
  await device.close();
});

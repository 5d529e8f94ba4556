import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { squaredError, squaredErrorBackward } from './squared-error.ts';

const cases = [1, 3, 4, 4099].map((count) => ({ dims: { count } }));

test('squaredError and its gradients equal their definitions', async () => {
  const ran = await checkKernel(squaredError, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(squaredErrorBackward, { cases });
});

test('the gradients are those of squaredError', () => {
  checkGradient(squaredError, squaredErrorBackward, {
    cases: [{ dims: { count: 40 } }], gradients: { prediction: 'dprediction', target: 'dtarget' }, dy: { y: 'dy' },
  });
});

test('5 for 2 costs 9', () => {
  const y = new Float64Array(1);
  squaredError.reference({ prediction: Float64Array.of(5), target: Float64Array.of(2), y }, { count: 1 }, {});
  expect(y[0]).toBe(9);
});

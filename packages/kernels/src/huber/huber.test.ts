import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { huber, huberBackward } from './huber.ts';

const cases = [
  ...[1, 3, 4, 4099].map((count) => ({ dims: { count } })),
  { dims: { count: 1000 }, uniforms: { delta: 0.3 } },
];

test('huber and its gradients equal their definitions', async () => {
  const ran = await checkKernel(huber, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(huberBackward, { cases });
});

test('the gradients are those of huber', () => {
  checkGradient(huber, huberBackward, {
    cases: [{ dims: { count: 40 } }, { dims: { count: 40 }, uniforms: { delta: 2.5 } }],
    gradients: { prediction: 'dprediction', target: 'dtarget' }, dy: { y: 'dy' },
  });
});

test('with delta 2 an error of 1 costs ½ and one of 5 costs 2 · (5 − 1) = 8', () => {
  const y = new Float64Array(2);
  huber.reference({ prediction: Float64Array.of(1, -5), target: Float64Array.of(0, 0), y }, { count: 2 }, { delta: 2 });
  expect([...y]).toEqual([0.5, 8]);
});

import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { reluSquared, reluSquaredBackward } from './relu-squared.ts';

const cases = [1, 3, 4, 4099].map((count) => ({ dims: { count } }));

test('reluSquared and its gradient equal their definitions', async () => {
  const ran = await checkKernel(reluSquared, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(reluSquaredBackward, { cases });
});

test('the gradient is that of reluSquared', () => {
  checkGradient(reluSquared, reluSquaredBackward, { cases: [{ dims: { count: 40 } }], gradients: { x: 'dx' }, dy: { y: 'dy' } });
});

test('−3, 0, 3 become 0, 0, 9', () => {
  const y = new Float64Array(3);
  reluSquared.reference({ x: Float64Array.of(-3, 0, 3), y }, { count: 3 }, {});
  expect([...y]).toEqual([0, 0, 9]);
});

import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { sigmoidFocal, sigmoidFocalBackward } from './sigmoid-focal.ts';

const target = (random: () => number, length: number): number[] => Array.from({ length }, () => Math.round(random()));
const logit = (random: () => number, length: number): number[] => Array.from({ length }, () => 20 * random() - 10);
const cases = [
  ...[1, 3, 4, 1027].map((count) => ({ dims: { count }, inputs: { target } })),
  { dims: { count: 501 }, inputs: { target, logit }, uniforms: { alpha: 0.6, gamma: 1.5 } },
  { dims: { count: 30 }, inputs: { target, logit }, uniforms: { alpha: 0.5, gamma: 1 } },
];

test('sigmoidFocal and its gradient equal their definitions', async () => {
  const ran = await checkKernel(sigmoidFocal, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(sigmoidFocalBackward, { cases });
});

test('the gradient is that of sigmoidFocal', () => {
  checkGradient(sigmoidFocal, sigmoidFocalBackward, { cases: [{ dims: { count: 40 }, inputs: { target } }, { dims: { count: 40 }, inputs: { target }, uniforms: { gamma: 3.5 } }], gradients: { logit: 'dlogit' }, dy: { y: 'dy' } });
});

test('at a logit of 0 and a target of 1 it is ¼ · ½² · ln 2', () => {
  const y = new Float64Array(1);
  sigmoidFocal.reference({ logit: Float64Array.of(0), target: Float64Array.of(1), y }, { count: 1 }, { alpha: 0.25, gamma: 2 });
  expect(y[0]).toBeCloseTo(Math.log(2) / 16, 12);
});

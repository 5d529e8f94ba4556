import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { ACTIVATIONS } from '../common/activation.ts';
import { activation, activationBackward } from './activation.ts';

const wide = (random: () => number, length: number): number[] => Array.from({ length }, () => 24 * random() - 12);

test.each(Object.entries(ACTIVATIONS))('%s and its gradient equal their references', async (_name, code) => {
  const cases = [0, 1, 3, 4, 7, 1021, 40_001].map((count) => ({ dims: { count }, uniforms: { activation: code }, inputs: { x: wide } }));
  const ran = await checkKernel(activation, { cases, tolerance: 2e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(activationBackward, { cases, tolerance: 1e-5 });
  checkGradient(activation, activationBackward, {
    cases: [{ dims: { count: 29 }, uniforms: { activation: code } }], gradients: { x: 'dx' }, dy: { y: 'dy' },
  });
});

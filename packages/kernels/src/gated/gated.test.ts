import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { ACTIVATIONS } from '../common/activation.ts';
import { gated, gatedBackward } from './gated.ts';

test.each(Object.entries(ACTIVATIONS))('the gate by %s and its gradients equal their references', async (_name, code) => {
  const cases = [0, 1, 3, 4, 7, 1021, 40_001].map((count) => ({ dims: { count }, uniforms: { activation: code } }));
  const ran = await checkKernel(gated, { cases, tolerance: 2e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(gatedBackward, { cases, tolerance: 1e-5 });
  checkGradient(gated, gatedBackward, {
    cases: [{ dims: { count: 23 }, uniforms: { activation: code } }], gradients: { gate: 'dgate', up: 'dup' }, dy: { y: 'dy' },
  });
});

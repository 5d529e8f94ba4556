import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { klTerm, klTermBackward } from './kl-term.ts';

const logs = (random: () => number, length: number): number[] => Array.from({ length }, () => Math.log(random()));
const cases = [1, 3, 4, 4099].map((count) => ({ dims: { count }, inputs: { logP: logs, logQ: logs } }));

test('klTerm and its gradients equal their definitions', async () => {
  const ran = await checkKernel(klTerm, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(klTermBackward, { cases });
});

test('the gradients are those of klTerm', () => {
  checkGradient(klTerm, klTermBackward, { cases: [{ dims: { count: 40 }, inputs: { logP: logs, logQ: logs } }], gradients: { logP: 'dlogP', logQ: 'dlogQ' }, dy: { y: 'dy' } });
});

test('half against a quarter: ½ ln 2, and ½ ln ⅔ for the other half against three quarters', () => {
  const y = new Float64Array(2);
  klTerm.reference({ logP: Float64Array.of(0.5, 0.5).map(Math.log), logQ: Float64Array.of(0.25, 0.75).map(Math.log), y }, { count: 2 }, {});
  expect(y[0]).toBeCloseTo(0.5 * Math.log(2), 12);
  expect(y[1]).toBeCloseTo(0.5 * Math.log(2 / 3), 12);
});

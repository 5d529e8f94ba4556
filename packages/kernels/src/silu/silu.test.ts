import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { silu, siluBackward } from './silu.ts';

const cases = [
  ...[1, 2, 5, 4099].map((count) => ({ dims: { count } })),
  { dims: { count: 201 }, inputs: { x: (_: () => number, length: number) => Array.from({ length }, (_, i) => i - 100) } },
];

test('silu and its gradient equal their definitions', async () => {
  const ran = await checkKernel(silu, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(siluBackward, { cases });
});

test('the gradient is that of silu', () => {
  checkGradient(silu, siluBackward, { cases: [{ dims: { count: 40 } }], gradients: { x: 'dx' }, dy: { y: 'dy' } });
});

test('silu(1) = 1 / (1 + e⁻¹) = 0.731059', () => {
  const y = new Float64Array(1);
  silu.reference({ x: Float64Array.of(1), y }, { count: 1 }, {});
  expect(y[0]).toBeCloseTo(0.731059, 6);
});

import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { gelu, geluBackward } from './gelu.ts';

const cases = [
  ...[0, 1, 3, 4, 4099].map((count) => ({ dims: { count } })),
  { dims: { count: 101 }, inputs: { x: (_: () => number, length: number) => Array.from({ length }, (_, i) => (i - 50) / 5) } },
];

test('gelu and its gradient equal their definitions', async () => {
  const ran = await checkKernel(gelu, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  await checkKernel(geluBackward, { cases });
});

test('the gradient is that of gelu', () => {
  checkGradient(gelu, geluBackward, { cases: [{ dims: { count: 40 } }], gradients: { x: 'dx' }, dy: { y: 'dy' } });
});

test('gelu(1) = ½ · (1 + tanh(0.7978846 · 1.044715)) = 0.841192', () => {
  const y = new Float64Array(1);
  gelu.reference({ x: Float64Array.of(1), y }, { count: 1 }, {});
  expect(y[0]).toBeCloseTo(0.841192, 6);
});

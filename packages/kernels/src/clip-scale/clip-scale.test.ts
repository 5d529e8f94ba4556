import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { clipScale } from './clip-scale.ts';

const one = (value: number) => (): number[] => [value];

test('clipScale equals its reference', async () => {
  const cases = [0, 0.5, 1 - 1e-6, 1, 2, 1000, 1e30].flatMap((norm) => [0.5, 1, 1e38, Infinity].map((maxNorm) => (
    { dims: {}, uniforms: { maxNorm }, inputs: { norm: one(norm) } }
  )));
  const ran = await checkKernel(clipScale, { cases, tolerance: 1e-6, gpuTolerance: 1e-6 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('a large norm is brought down to the largest allowed: 3 / (12 + 1e-6)', async () => {
  for (const { run } of await checkDevices()) {
    const io = { norm: Float64Array.of(12), loss: Float64Array.of(2), scale: new Float64Array(1) };
    const { scale } = await run(clipScale, { io, dims: { one: 1 }, uniforms: { maxNorm: 3 } });
    expect(scale![0]! / (3 / 12.000001)).toBeCloseTo(1, 6);
  }
});

test.each([[Infinity, 1], [NaN, 1], [1, NaN], [1, Infinity], [1, -Infinity], [NaN, NaN]])('NaN for a norm of %f and a loss of %f, also without a limit', async (norm, loss) => {
  for (const { run } of await checkDevices()) {
    for (const maxNorm of [1, Infinity]) {
      const io = { norm: Float64Array.of(norm), loss: Float64Array.of(loss), scale: new Float64Array(1) };
      const { scale } = await run(clipScale, { io, dims: { one: 1 }, uniforms: { maxNorm } });
      expect(scale![0]).toBeNaN();
    }
  }
});

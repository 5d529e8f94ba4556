import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkKernel } from '../check-kernel.ts';
import { philox } from '../dropout/philox.ts';
import { randomUniform } from './random-uniform.ts';

test('equals its reference to the bit, with the key in the uniforms and in memory', async () => {
  const cases = [0, 1, 3, 4, 15, 16, 17, 1021, 40_003].flatMap((count) => [
    { dims: { count } },
    { dims: { count }, uniforms: { seedLow: 0xdeadbeef, seedHigh: 0xffffffff, stream: 0x9abcdef0 } },
    { dims: { count }, with: ['seed'], inputs: { seed: () => [-1, 5] }, uniforms: { seedLow: 3, stream: 7 } },
  ]);
  const ran = await checkKernel(randomUniform, { cases, tolerance: 0 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('gives the numbers of the stream of that seed on the host', async () => {
  const count = 37;
  const { uniform } = philox(5 + 7 * 2 ** 32, 11);
  const expected = Float32Array.from({ length: count }, uniform);
  for (const { name, run } of await checkDevices()) {
    const uniforms = { seedLow: 5, seedHigh: 7, stream: 11 };
    expect((await run(randomUniform, { io: { y: new Float64Array(count) }, dims: { count }, uniforms })).y, name).toEqual(expected);
    const io = { seed: Float64Array.of(5, 7), y: new Float64Array(count) };
    expect((await run(randomUniform, { io, dims: { count, halves: 2 }, uniforms: { ...uniforms, seedLow: 0, seedHigh: 0 } })).y, name).toEqual(expected);
  }
});

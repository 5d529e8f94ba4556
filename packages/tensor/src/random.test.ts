import { describe, expect, test } from 'vitest';
import { useDevice } from './device/use-device.ts';
import { randomNormal, randomUniform } from './random.ts';

const draw = (count: number, options: Parameters<typeof randomNormal>[1]): Float32Array => randomNormal([count], options).dataSync() as Float32Array;

test('the same on every device, and a longer draw begins like a shorter one', async () => {
  await useDevice('cpu');
  const onCpu = draw(1001, { seed: 42, stream: 'w' });
  await useDevice('wasm');
  expect(draw(1001, { seed: 42, stream: 'w' })).toEqual(onCpu);
  expect(draw(10, { seed: 42, stream: 'w' })).toEqual(onCpu.slice(0, 10));
  expect(randomNormal([7, 11, 13], { seed: 42, stream: 'w' }).dataSync()).toEqual(onCpu);
  expect(randomNormal([0, 3], { seed: 1 }).shape).toEqual([0, 3]);
  expect(randomNormal([], { seed: 1 }).size).toBe(1);
});

describe('normal numbers', () => {
  const count = 100_000;

  test('mean, deviation and tails are those asked for', async () => {
    await useDevice('wasm');
    const values = draw(count, { mean: 3, std: 2, seed: 7 });
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    // Five standard errors: 2/√n for the mean, 4·√(2/n) for the variance.
    expect(Math.abs(mean - 3)).toBeLessThan((5 * 2) / Math.sqrt(count));
    expect(Math.abs(variance - 4)).toBeLessThan(5 * 4 * Math.sqrt(2 / count));
    const beyond = values.filter((value) => Math.abs(value - 3) > 4).length / count;
    // P(|z| > 2) = 0.0455
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.004);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('other streams and other seeds are independent', async () => {
    await useDevice('wasm');
    const one = draw(count, { seed: 7, stream: 'a' });
    for (const other of [draw(count, { seed: 7, stream: 'b' }), draw(count, { seed: 8, stream: 'a' }), draw(count, { seed: 7 + 2 ** 32, stream: 'a' })]) {
      const correlation = one.reduce((sum, value, i) => sum + value * other[i]!, 0) / count;
      expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(count));
    }
  });
});

test('uniform numbers: bounds, mean and deviation are those asked for, the same on every device', async () => {
  const count = 50_000;
  await useDevice('cpu');
  const onCpu = randomUniform([count], { low: -1, high: 3, seed: 5, stream: 'u' }).dataSync();
  await useDevice('wasm');
  const values = randomUniform([count], { low: -1, high: 3, seed: 5, stream: 'u' }).dataSync() as Float32Array;
  expect(values).toEqual(onCpu);
  expect(values.every((value) => value >= -1 && value < 3)).toBe(true);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  // Five standard errors; the deviation of a uniform is a range of 4 over √12.
  expect(Math.abs(mean - 1)).toBeLessThan((5 * 4) / Math.sqrt(12 * count));
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  expect(Math.abs(variance - 16 / 12)).toBeLessThan(0.05);
});

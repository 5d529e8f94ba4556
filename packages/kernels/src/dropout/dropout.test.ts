import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { checkDevices } from '../check-devices.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { dropout } from './dropout.ts';
import { philox, philoxBlock, type Words } from './philox.ts';

// Known answers that the authors publish with Random123: counter, key, output.
const known: readonly (readonly [Words, readonly [number, number], Words])[] = [
  [[0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
  [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]],
];

test('philox gives the published answers', () => {
  for (const [counter, key, words] of known) expect(philoxBlock(counter, key)).toEqual(words);
});

test('dropout drops what its reference drops, also where the counter carries', async () => {
  const cases = [0, 1, 3, 4, 15, 16, 17, 63, 1021, 40_003].flatMap((count) => [
    { dims: { count } },
    { dims: { count }, uniforms: { p: 0.5, seedLow: 0xdeadbeef, seedHigh: 7, offset: 2 ** 32 - 2 } },
    { dims: { count }, uniforms: { p: 0.75, seedLow: 3, seedHigh: 0xffffffff, offset: 2 ** 52 + 1 } },
    { dims: { count }, uniforms: { p: 0 } },
    { dims: { count }, uniforms: { p: 1 } },
    // The key in memory, whatever the uniforms say of it, at another site.
    { dims: { count }, with: ['seed'], inputs: { seed: () => [0xdeadbeef | 0, -8] }, uniforms: { p: 0.5, seedLow: 5, seedHigh: 6, site: 0xffffffff, offset: 2 ** 32 - 2 } },
  ]);
  const ran = await checkKernel(dropout, { cases, tolerance: 2e-7 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('the same bits come out on every device', async () => {
  const count = 4099;
  const x = Float64Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i)));
  const uniforms = { p: 0.37, seedLow: 0x9abcdef0, seedHigh: 0x12345678, offset: 2 ** 32 - 500 };
  const y = new Float64Array(count);
  dropout.reference({ x, y }, { count }, uniforms);
  const scale = Math.fround(1 / (1 - uniforms.p));
  const expected = Float32Array.from(y, (value, i) => (value === 0 ? 0 : Math.fround(x[i]! * scale)));
  for (const { name, run } of await checkDevices()) expect((await run(dropout, { io: { x, y }, dims: { count }, uniforms })).y, name).toEqual(expected);
});

test('a key in memory drops what the same key in the uniforms drops, and each word and each site has a mask of its own', async () => {
  const count = 1027;
  const x = new Float64Array(count).fill(1);
  const seed = (low: number, high: number): Float64Array => Float64Array.of(low | 0, high | 0);
  for (const { name, run } of await checkDevices()) {
    const mask = async (given: Float64Array | undefined, uniforms: Record<string, number>): Promise<string> => {
      const { y } = await run(dropout, { io: { x, ...(given === undefined ? {} : { seed: given }), y: new Float64Array(count) }, dims: { count, halves: 2 }, uniforms: { p: 0.5, seedLow: 0, seedHigh: 0, site: 0, offset: 0, ...uniforms } });
      return y!.join();
    };
    const plain = await mask(undefined, { seedLow: 0x9abcdef0, seedHigh: 7, site: 3 });
    expect(await mask(seed(0x9abcdef0, 7), { site: 3 }), name).toBe(plain);
    const others = [[0x9abcdef0, 7, 4], [0x9abcdef0, 7, 3 + 2 ** 31], [0x9abcdef0, 8, 3], [0x9abcdef1, 7, 3], [7, 0x9abcdef0, 3]] as const;
    expect(new Set([plain, ...await Promise.all(others.map(([low, high, site]) => mask(seed(low, high), { site })))]).size, name).toBe(1 + others.length);
  }
});

test('the same call on dy is the gradient', () => {
  const backward = { ...dropout, inputs: { dy: dropout.inputs['x']!, seed: dropout.inputs['seed']! }, outputs: { dx: dropout.outputs['y']! } };
  backward.reference = ({ dy, dx }: Record<string, Float64Array>, dims, uniforms) => dropout.reference({ x: dy!, y: dx! }, dims, uniforms);
  checkGradient(dropout, backward, { cases: [{ dims: { count: 21 }, uniforms: { p: 0.4 } }], gradients: { x: 'dx' }, dy: { y: 'dy' } });
});

test('the share that is dropped is p, and what is dropped is 0 whatever it was', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const count = 100_000;
  const at = { x: device.heap.alloc(count * 4), y: device.heap.alloc(count * 4) };
  device.f32(at.x, count).fill(Infinity);
  launch(device, dropout, { at, dims: { count }, uniforms: { p: 0.3, seedLow: 5 } });
  const y = device.f32(at.y, count);
  // Five standard deviations: 5 √(0.3 · 0.7 / 100,000) = 0.0072.
  expect(Math.abs(y.filter((value) => value === 0).length / count - 0.3)).toBeLessThan(0.0072);
  expect(y.every((value) => value === 0 || value === Infinity)).toBe(true);
  expect(() => launch(device, dropout, { at, dims: { count }, uniforms: { p: 1.5 } })).toThrow('dropout: expected p in [0, 1] but found 1.5.');
  await device.close();
});

test('streams have the moments of their distributions and do not repeat each other', () => {
  const count = 50_000;
  const draw = (next: () => number): number[] => Array.from({ length: count }, next);
  const moment = (values: number[], power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / count;
  const normals = draw(philox(7).normal);
  // Five standard deviations of each moment: √(1/n), √(2/n), √(96/n).
  expect(Math.abs(moment(normals, 1))).toBeLessThan(0.023);
  expect(Math.abs(moment(normals, 2) - 1)).toBeLessThan(0.032);
  expect(Math.abs(moment(normals, 4) - 3)).toBeLessThan(0.22);
  const uniforms = draw(philox(7, 1).uniform);
  expect(Math.abs(moment(uniforms, 1) - 0.5)).toBeLessThan(0.0065);
  expect(Math.max(...uniforms)).toBeLessThan(1);
  expect(philox(7, 1).word()).not.toBe(philox(7, 2).word());
  expect(philox(7).word()).not.toBe(philox(7 + 2 ** 32).word());
  expect(() => philox(-1)).toThrow(RangeError);
  expect(() => philox(1, 0.5)).toThrow(RangeError);
});

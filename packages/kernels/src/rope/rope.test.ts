import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkGradient, checkKernel, type KernelCase } from '../check-kernel.ts';
import { rope } from './rope.ts';

const shapes: KernelCase[] = [
  { dims: { batch: 1, positions: 1, heads: 1, width: 2, tablePositions: 1, half: 1 } },
  { dims: { batch: 2, positions: 7, heads: 3, width: 8, tablePositions: 9, half: 4 } },
  { dims: { batch: 2, positions: 5, heads: 3, width: 17, tablePositions: 5, half: 7 } },
  { dims: { batch: 1, positions: 67, heads: 2, width: 64, tablePositions: 67, half: 32 } },
  { dims: { batch: 2, positions: 3, heads: 1, width: 20, tablePositions: 40, half: 5 }, with: ['positions'], inputs: { positions: () => [0, 39, 7, 1, 1, 12] } },
  // Whole words of four with a rest, more words than lanes, and rows that leave a workgroup partly empty.
  { dims: { batch: 1, positions: 3, heads: 2, width: 20, tablePositions: 3, half: 8 } },
  { dims: { batch: 1, positions: 2, heads: 33, width: 128, tablePositions: 2, half: 64 } },
  { dims: { batch: 1, positions: 2, heads: 7, width: 78, tablePositions: 2, half: 39 } },
  { dims: { batch: 1, positions: 2, heads: 2, width: 5, tablePositions: 2, half: 0 } },
];
const cases = shapes.flatMap((one) => [[0, 0], [0, 1], [1, 0], [1, 1]].map(([interleaved = 0, inverse = 0]) => ({ ...one, uniforms: { interleaved, inverse } })));

test('rope equals its reference', async () => {
  const ran = await checkKernel(rope, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('a position outside of the tables gives NaN on every device', async () => {
  const io = {
    x: new Float64Array(24).fill(1), cos: new Float64Array(4).fill(1), sin: new Float64Array(4), positions: Float64Array.of(1, -1, 2), y: new Float64Array(24),
  };
  for (const { name, run } of await checkDevices()) {
    const { y } = await run(rope, { io, dims: { batch: 1, positions: 3, heads: 1, width: 8, half: 2, tablePositions: 2 }, uniforms: rope.uniforms });
    expect([...y!], name).toEqual([...Array<number>(8).fill(1), ...Array<number>(16).fill(NaN)]);
  }
});

test('turning back is the gradient', () => {
  const backward = {
    ...rope, name: 'rope turned back', inputs: { ...rope.inputs, dy: rope.inputs.x! }, outputs: { dx: rope.outputs.y! },
    reference: ({ dy, dx, ...io }: Record<string, Float64Array>, dims: object, uniforms: object): void =>
      rope.reference({ ...io, x: dy!, y: dx! }, dims as never, { ...uniforms, inverse: 1 } as never),
  };
  checkGradient(rope, backward as typeof rope, {
    cases: [0, 1].map((interleaved) => ({ dims: { batch: 1, positions: 3, heads: 2, width: 7, tablePositions: 3, half: 3 }, uniforms: { interleaved } })),
    gradients: { x: 'dx' }, dy: { y: 'dy' },
  });
});

const turn = (x: Float64Array, positions: number, { inverse = 0, interleaved = 0, shift = 0 }: { inverse?: number; interleaved?: number; shift?: number }): Float64Array => {
  const dims = { batch: 1, positions, heads: 1, width: 4, tablePositions: positions + shift, half: 2 };
  const angle = (i: number): number => Math.floor(i / 2) * 0.1 ** (i % 2);
  const tables = { cos: Float64Array.from({ length: 2 * dims.tablePositions }, (_, i) => Math.cos(angle(i))), sin: Float64Array.from({ length: 2 * dims.tablePositions }, (_, i) => Math.sin(angle(i))) };
  const y = new Float64Array(x.length);
  rope.reference({ x, ...tables, positions: Float64Array.from({ length: positions }, (_, i) => i + shift), y }, dims, { interleaved, inverse });
  return y;
};
const vectors = (rows: number): fc.Arbitrary<Float64Array> =>
  fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 4 * rows, maxLength: 4 * rows }).map((values) => Float64Array.from(values));

test('turning there and back changes nothing', () => {
  fc.assert(fc.property(vectors(5), fc.constantFrom(0, 1), (x, interleaved) => {
    turn(turn(x, 5, { interleaved }), 5, { interleaved, inverse: 1 }).forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 10));
  }));
});

test('the product of two turned vectors depends on their distance alone', () => {
  fc.assert(fc.property(vectors(2), fc.integer({ min: 1, max: 20 }), fc.constantFrom(0, 1), (x, shift, interleaved) => {
    const dot = (y: Float64Array): number => y.subarray(0, 4).reduce((sum, value, i) => sum + value * y[4 + i]!, 0);
    expect(dot(turn(x, 2, { interleaved, shift }))).toBeCloseTo(dot(turn(x, 2, { interleaved })), 9);
  }));
});

test('a quarter turn by hand: (1, 2) becomes (−2, 1)', () => {
  const y = new Float64Array(2);
  rope.reference({ x: Float64Array.of(1, 2), cos: Float64Array.of(0), sin: Float64Array.of(1), y }, { batch: 1, positions: 1, heads: 1, width: 2, tablePositions: 1, half: 1 }, { interleaved: 0, inverse: 0 });
  expect([...y]).toEqual([-2, 1]);
});

test('a table wider than the head is refused', async () => {
  await expect(checkKernel(rope, { cases: [{ dims: { batch: 1, positions: 2, heads: 1, width: 3, tablePositions: 2, half: 2 } }] })).rejects.toThrow('rope: expected');
});

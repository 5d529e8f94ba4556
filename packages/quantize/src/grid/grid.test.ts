import { embed, int4, int8, isWeight, leaves, linear, memory, nf4, type QuantizedWeight, quantizedWeight, type Tensor, tensor, type Tree, useDevice, type Weight, withExactProducts } from '@llm/tensor';
import { expectClose, numbers } from '@llm/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { fakeQuantized, hqq, quantize, rtn } from '../index.ts';
import { gptqMatrix } from '../methods/gptq.ts';
import { roundedMatrix } from '../methods/rtn.ts';
import { awqRounded } from '../methods/awq-rounding.ts';
import { codeOf, gridOf } from './group-grid.ts';
import { groupSizeFor } from './group-size.ts';
import { dequantized, type GroupedMatrix } from './grouped-matrix.ts';
import { groupedMatrixOf, groupedWeight } from './grouped-weight.ts';
import { roundEven } from './round-even.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

test('halves round to even: 0.5, 1.5, 2.5, −0.5, −1.5 become 0, 2, 2, 0, −2', () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -3.7].map(roundEven).map((value) => value + 0)).toEqual([0, 2, 2, 0, -2, 2, -4]);
});

test('a grid of four bits over [−1, 2]: steps of 0.2, and 0 at 5', () => {
  expect(gridOf({ low: -1, high: 2 }, { bits: 4, symmetric: false })).toEqual({ scale: Math.fround(0.2), zero: 5 });
  expect(gridOf({ low: 0.5, high: 1.5 }, { bits: 4, symmetric: false })).toEqual({ scale: Math.fround(0.1), zero: 0 });
  expect(gridOf({ low: -1, high: 1.5 }, { bits: 2, symmetric: true })).toEqual({ scale: 1, zero: 2 });
});

test('a group size that does not divide the row gives way to the largest that does, in words of eight', () => {
  expect([[256, 128], [96, 128], [200, 128], [96, -1], [40, 32], [12, 128], [64, 8]].map(([inputs, asked]) => groupSizeFor(inputs!, asked!))).toEqual([128, 96, 40, 96, 8, undefined, 8]);
  expect(() => groupSizeFor(64, 5)).toThrow('expected −1 for whole rows, or a whole number from 8 on, but found 5');
});

test('rounding moves no value by more than half a step, and what lies on the grid not at all', () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 8 }), fc.boolean(), fc.integer({ min: 0, max: 1e6 }), (bits, symmetric, seed) => {
    const matrix = { rows: 4, cols: 32, values: numbers(128, seed) };
    const made = roundedMatrix(matrix, { bits, groupSize: 16, symmetric, scaleDtype: 'F32' });
    const back = dequantized(made);
    // The end of a symmetric range lies half a step beyond the last code; the zero of an asymmetric one is rounded.
    back.values.forEach((value, i) => expect(Math.abs(value - matrix.values[i]!)).toBeLessThanOrEqual(made.scales[Math.floor(i / 16)]! * (symmetric ? 0.501 : 1.001)));
    const grid = { scale: made.scales[0]!, zero: made.zeros[0]! };
    for (let code = 0; code < 2 ** bits; code++) expect(codeOf((code - grid.zero) * grid.scale, grid, 2 ** bits - 1)).toBe(code);
  }), { numRuns: 40 });
});

describe.each([2, 3, 4, 5, 8])('%i bits', (bits) => {
  test.each([[true, false], [false, false], [true, true], [false, true]])('symmetric %s, stored [in, out] %s: products, the matrix and the codes come back', async (symmetric, transposed) => {
    const matrix = roundedMatrix({ rows: 24, cols: 32, values: numbers(24 * 32, bits) }, { bits, groupSize: 16, symmetric, scaleDtype: 'F32' });
    const order = Int32Array.from({ length: 32 }, (_, i) => (i * 7) % 32);
    const groupOf = new Int32Array(32);
    order.forEach((column, i) => { groupOf[column] = Math.floor(i / 16); });
    for (const given of [matrix, { ...matrix, groupOf }] satisfies GroupedMatrix[]) {
      const weight = groupedWeight(given, { transposed });
      const plain = dequantized(given).values;
      const x = tensor(numbers(3 * 32, 9), [3, 32]);
      const bias = tensor(numbers(24, 8));
      expectClose(withExactProducts(() => linear(x, weight, { bias })).dataSync() as Float32Array, linear(x, tensor(plain, [24, 32]), { bias }).dataSync() as Float32Array, { tolerance: 1e-5 });
      expect(weight.matrix!().shape).toEqual(transposed ? [32, 24] : [24, 32]);
      expectClose(linear(x, weight.matrix!(), { transposed }).dataSync() as Float32Array, withExactProducts(() => linear(x, weight)).dataSync() as Float32Array, { tolerance: 1e-5 });
      const again = await groupedMatrixOf(weight.with(weight.tensors) as typeof weight);
      expect(again).toEqual(given);
      if ('requantize' in weight) {
        // Other values, in the model's order, on grids of the same kind.
        const others = numbers(24 * 32, 77);
        const twice = (weight as unknown as QuantizedWeight).requantize(transposed ? others.map((_, at) => others[(at % 24) * 32 + Math.floor(at / 24)]!) : others);
        const rounded = dequantized(roundedMatrix({ rows: 24, cols: 32, values: others }, { bits, groupSize: 16, symmetric, scaleDtype: 'F32' })).values;
        expectClose(withExactProducts(() => linear(x, twice)).dataSync() as Float32Array, linear(x, tensor(rounded, [24, 32])).dataSync() as Float32Array, { tolerance: 1e-5 });
        expect((await groupedMatrixOf(twice as unknown as typeof weight)).bits).toBe(bits);
      }
    }
  });
});

/** Fault 45: what may stand in a matrix that is to be put into few bits. */
describe('hostile weights', () => {
  const hostile = new Float32Array(64);
  hostile.set(numbers(16, 1), 16);
  hostile[40] = 1e38;
  hostile.fill(1e-45, 48, 64);
  const methods = [rtn({ groupSize: 16 }), rtn({ groupSize: 16, symmetric: false }), hqq({ groupSize: 16 })];

  test('zeros, an outlier of 1e38 and subnormals have finite scales, and zeros stay zeros', async () => {
    const matrix = { rows: 2, cols: 32, values: hostile };
    const hessian = { rows: 32, cols: 32, values: Float64Array.from({ length: 1024 }, (_, i) => Number(i % 33 === 0)) };
    const made = [
      ...await Promise.all(methods.map((method) => method.quantize(matrix, { groupSize: 16 }))),
      awqRounded(matrix, { bits: 4, groupSize: 16, symmetric: false, scaleDtype: 'F32' }),
      await gptqMatrix(matrix, hessian, { bits: 4, groupSize: 16, symmetric: true, scaleDtype: 'F32', damping: 0.01, activityOrder: false, staticGroups: false }),
    ];
    for (const each of made) {
      expect([...each.scales, ...each.zeros].every(Number.isFinite)).toBe(true);
      const { values } = dequantized(each);
      expect(values.every(Number.isFinite)).toBe(true);
      expect(Math.max(...values.subarray(0, 16).map(Math.abs))).toBe(0);
      expect(Math.abs(values[40]! - 1e38)).toBeLessThan(7e36);
    }
    for (const format of [int4({ blockSize: 16 }), int8({ blockSize: 16 }), nf4({ blockSize: 16 }), int4({ blockSize: 16, asymmetric: true })]) {
      expect(quantizedWeight(hostile, { shape: [2, 32], format }).matrix().dataSync().every(Number.isFinite)).toBe(true);
    }
    const aware = fakeQuantized({ proj: { weight: tensor(hostile, [2, 32]) } }, { format: int4({ blockSize: 16 }) }) as { proj: { weight: Weight } };
    expect(linear(tensor(numbers(32, 1), [1, 32]), aware.proj.weight).dataSync().every(Number.isFinite)).toBe(true);
  });

  test('a scale that F16 cannot hold and values that are not finite are refused by name', async () => {
    const wide = { rows: 2, cols: 32, values: hostile };
    await expect(rtn({ groupSize: 16, scaleDtype: 'F16' }).quantize(wide, { groupSize: 16 })).rejects.toThrow('expected scales that F16 can hold but found');
    for (const bad of [NaN, Infinity]) {
      const broken = { rows: 2, cols: 32, values: hostile.with(35, bad) };
      for (const method of methods) await expect(method.quantize(broken, { groupSize: 16 })).rejects.toThrow(`expected finite weights but found ${bad} in row 1`);
    }
  });

  test('rows that no group of eight divides stay as they are, and are named; other sizes give way', async () => {
    const params: Tree = { a: { weight: tensor(numbers(24), [2, 12]) }, b: { weight: tensor(numbers(192), [2, 96]) }, norm: { weight: tensor([1, 1]) } };
    const before = memory().tensors;
    const { params: made, skipped } = await quantize(params, { format: rtn() });
    expect(skipped).toEqual([{ path: 'a.weight', reason: 'its rows of 12 are no multiple of eight' }]);
    expect(leaves(made).map(([, leaf]) => isWeight(leaf))).toEqual([false, true, false]);
    // Codes and scales of one matrix.
    expect(memory().tensors).toBe(before + 2);
    const { params: byInclude } = await quantize({ ...params, embed_tokens: { weight: tensor(numbers(64), [4, 16]) } }, { format: int4({ blockSize: 8 }), include: (path) => path.startsWith('embed') });
    const rows = embed(tensor([3], [1], 'int32'), (byInclude['embed_tokens'] as { weight: Weight }).weight) as Tensor;
    expectClose(rows.dataSync() as Float32Array, numbers(64).subarray(48), { tolerance: 0.08 });
    await expect(quantize(params, { format: rtn(), include: () => false })).rejects.toThrow('expected a tree with matrices to choose but found none');
    expect(() => rtn({ bits: 9 })).toThrow('expected 2 to 8 bits but found 9');
  });
});

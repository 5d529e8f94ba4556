import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type GgufType, ggufBytes, quantizedCodes, useDevice } from '@llm/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded, seededImportance, type Kind } from './fixtures/seeded.ts';
import { blockWeight } from './block-weight.ts';
import { CODECS, type BlockType } from './blocks/codecs.ts';
import { dequantizeBlocks, quantizeBlocks } from './gguf-blocks.ts';

interface Case { readonly type: GgufType; readonly kind: Kind; readonly seed: number; readonly importanceSeed: number | null; readonly blocks: string; readonly values: string }
const { width, rows, first256, cases } = JSON.parse(readFileSync(new URL('fixtures/blocks.json', import.meta.url), 'utf8')) as {
  width: number; rows: number; first256: Record<string, string>; cases: readonly Case[];
};
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** Minus zero is zero, as in the fixtures. */
const shaOfValues = (values: Float32Array): string => sha(new Uint8Array(values.map((value) => value + 0).buffer));
const types = Object.keys(CODECS) as BlockType[];

describe.each([...new Set(cases.map(({ type }) => type))])('%s', (type) => {
  test.each(cases.filter((each) => each.type === type).map((each) => [`${each.kind}${each.importanceSeed === null ? '' : ', by importance'}`, each] as const))('%s: the bytes are those of llama.cpp, both ways', (_, { kind, seed, importanceSeed, blocks, values }) => {
    const shape = [rows, width];
    const importance = importanceSeed === null ? undefined : seededImportance(width, importanceSeed);
    const found = quantizeBlocks(seeded(kind, rows * width, seed), { type, shape, importance });
    if (kind === 'bell' && importance === undefined) expect(Buffer.from(found.subarray(0, ggufBytes(type, [256]))).toString('hex')).toBe(first256[type]);
    expect(sha(found)).toBe(blocks);
    expect(shaOfValues(dequantizeBlocks(found, { type, shape }))).toBe(values);
  });
});

const shape = [1, 256];
const back = (values: Float32Array, type: BlockType, importance?: Float32Array): Float32Array => dequantizeBlocks(quantizeBlocks(values, { type, shape, importance }), { type, shape });
const ones = new Float32Array(256).fill(1);

describe.each(types)('%s under values that hurt', (type) => {
  test('a block of zeros comes back as zeros, with importance and without', () => {
    for (const importance of [undefined, ones, new Float32Array(256)]) expect(back(new Float32Array(256), type, importance).every((value) => value === 0)).toBe(true);
  });

  test('subnormal numbers come back finite, and near zero', () => {
    for (const size of [1e-45, 1e-40, 1e-38, 1e-20, 1e-9]) {
      const values = Float32Array.from({ length: 256 }, (_, i) => (i % 2 === 0 ? size : -size) * (1 + (i % 7)));
      // Below 2⁻²⁴ a half float has no scale for them.
      for (const importance of [undefined, ones]) expect(back(values, type, importance).every((value) => Math.abs(value) < Math.max(16 * size, 1e-5)), `${size}`).toBe(true);
    }
  });

  test('an outlier that no half float can scale, and what is not finite, is refused with a code', () => {
    const values = seeded('bell', 256, 1);
    for (const outlier of [1e38, -3e38, NaN, Infinity, -Infinity]) {
      values[100] = outlier;
      expect(() => quantizeBlocks(values, { type, shape, name: 'w' }), `${outlier}`).toThrow(expect.objectContaining({ name: 'GgufError', code: 'E_VALUE', message: expect.stringMatching(/w/) }));
    }
    values[100] = 1e4;
    expect(back(values, type).every(Number.isFinite)).toBe(true);
    expect(() => quantizeBlocks(seeded('bell', 256, 1), { type, shape, importance: ones.map((_, i) => (i === 3 ? NaN : 1)) })).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
  });

  test('sizes that do not fit are refused', () => {
    expect(() => quantizeBlocks(new Float32Array(48), { type, shape: [3, 16] })).toThrow(expect.objectContaining({ code: 'E_BLOCK' }));
    expect(() => quantizeBlocks(new Float32Array(255), { type, shape })).toThrow(expect.objectContaining({ code: 'E_TENSOR_SIZE' }));
    expect(() => quantizeBlocks(new Float32Array(256), { type, shape, importance: new Float32Array(32) })).toThrow(expect.objectContaining({ code: 'E_TENSOR_SIZE' }));
    expect(() => dequantizeBlocks(new Uint8Array(ggufBytes(type, shape) - 1), { type, shape })).toThrow(expect.objectContaining({ code: 'E_TENSOR_SIZE' }));
  });

  test('the error is within the step of its block', () => {
    const levels = { Q8_0: 127, Q4_0: 8, Q4_1: 15, Q5_0: 16, Q5_1: 31, Q2_K: 3, Q3_K: 4, Q4_K: 15, Q5_K: 31, Q6_K: 32 }[type];
    fc.assert(fc.property(fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 256, maxLength: 256 }), (list) => {
      const values = Float32Array.from(list);
      const found = back(values, type);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // Scales of super-blocks are rounded to four to eight bits besides.
      values.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual((2.6 * 2 * largest) / levels + 1e-6));
    }), { numRuns: 20 });
  });

  test('as a weight of the model it holds the very numbers of the blocks', async () => {
    await useDevice('cpu');
    const values = seeded('heavy', 4 * 256, 7);
    const data = quantizeBlocks(values, { type, shape: [4, 256] });
    const wanted = dequantizeBlocks(data, { type, shape: [4, 256] });
    const order = Uint32Array.of(2, 0, 3, 1);
    for (const given of [undefined, order]) {
      const weight = blockWeight({ type, shape: [4, 256], data }, { order: given });
      const { codes, scale, offset } = await quantizedCodes(weight);
      const { blockSize, zero } = weight.format.blocks!;
      const found = Float32Array.from(codes, (code, i) => Math.fround((code - zero) * scale[Math.floor(i / blockSize)]!) - (offset?.[Math.floor(i / blockSize)] ?? 0));
      const rows = Float32Array.from(wanted, (_, i) => wanted[(given?.[i >> 8] ?? i >> 8) * 256 + (i & 255)]!);
      expect(shaOfValues(found)).toBe(shaOfValues(rows));
    }
  });
});

test('importance moves the error to the columns that matter less', () => {
  const values = seeded('bell', 256, 3);
  const importance = Float32Array.from({ length: 256 }, (_, i) => (i % 4 === 0 ? 100 : 1));
  const error = (type: BlockType, weights: Float32Array | undefined, from: number): number => {
    const found = back(values, type, weights);
    return values.reduce((sum, value, i) => sum + (i % 4 === from ? (value - found[i]!) ** 2 : 0), 0);
  };
  for (const type of ['Q4_0', 'Q4_K', 'Q2_K'] as const) expect(error(type, importance, 0), type).toBeLessThan(0.9 * error(type, undefined, 0));
});

test('types that are not written or read here are refused', () => {
  expect(() => quantizeBlocks(new Float32Array(256), { type: 'IQ4_XS', shape })).toThrow(expect.objectContaining({ code: 'E_TYPE' }));
  expect(() => dequantizeBlocks(new Uint8Array(136), { type: 'IQ4_XS', shape })).toThrow(expect.objectContaining({ code: 'E_TYPE' }));
});

import { expect, test } from 'vitest';
import { checkKernel, type KernelCase } from '../check-kernel.ts';
import { headWords } from '../head-codes/layout.ts';
import { quantizeHeadsReference } from '../head-codes/reference.ts';
import { attentionOfCodes } from './attention-of-codes.ts';

type Sizes = Record<'batch' | 'queries' | 'keys' | 'heads' | 'kvHeads' | 'width', number>;

/** Keys and values as codes of random ones. */
function caseOf(bits: number, dims: Sizes, rest: Omit<KernelCase, 'dims'> = {}): KernelCase {
  const { batch, keys, kvHeads, width } = dims;
  const codes = (random: () => number): Float64Array => {
    const [rows, words] = [batch * keys * kvHeads, headWords(width, bits)], y = new Float64Array(rows * words);
    quantizeHeadsReference({ x: Float64Array.from({ length: rows * width }, () => Math.fround(4 * (random() - 0.5))), y }, { rows, width, words }, { bits });
    return y;
  };
  return { dims: { ...dims, biasBatch: 1, biasHeads: 1 }, ...rest, uniforms: { bits, causal: 1, ...rest.uniforms }, inputs: { k: codes, v: codes, ...rest.inputs } };
}

test('one query, several, and many, over keys in codes', async () => {
  const cases = [8, 4].flatMap((bits) => [
    caseOf(bits, { batch: 1, queries: 1, keys: 1, heads: 1, kvHeads: 1, width: 8 }),
    caseOf(bits, { batch: 2, queries: 1, keys: 131, heads: 4, kvHeads: 2, width: 32 }),
    caseOf(bits, { batch: 1, queries: 2, keys: 70, heads: 3, kvHeads: 3, width: 40 }, { uniforms: { window: 9 } }),
    caseOf(bits, { batch: 2, queries: 1, keys: 66, heads: 2, kvHeads: 1, width: 64 }, {
      inputs: { offsets: () => [65, 12], lengths: () => [66, 13] }, with: ['offsets', 'lengths'],
    }),
    caseOf(bits, { batch: 1, queries: 7, keys: 9, heads: 2, kvHeads: 2, width: 32 }, { with: ['bias'] }),
    caseOf(bits, { batch: 2, queries: 3, keys: 0, heads: 2, kvHeads: 2, width: 32 }),
  ]);
  const ran = await checkKernel(attentionOfCodes, { cases, tolerance: 2e-5 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('so many key heads that few keys fit the scratch at a time, or none', async () => {
  const cases = [caseOf(8, { batch: 1, queries: 1, keys: 33, heads: 48, kvHeads: 48, width: 256 }), caseOf(8, { batch: 1, queries: 1, keys: 5, heads: 64, kvHeads: 64, width: 256 })];
  const ran = await checkKernel(attentionOfCodes, { cases, tolerance: 2e-5 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

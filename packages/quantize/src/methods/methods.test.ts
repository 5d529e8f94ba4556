import { useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { codesFrom, fixtures, seededLayer } from '../fixtures/seeded-layer.ts';
import { dequantized, type GroupedMatrix } from '../grid/grouped-matrix.ts';
import { product } from '../linalg/product.ts';
import { clipped } from './awq-clip.ts';
import { awqRounded } from './awq-rounding.ts';
import { bestScales, meanWeights } from './awq-scale.ts';
import { gptqMatrix } from './gptq.ts';
import { hqq } from './hqq.ts';

const { inputs } = fixtures;
const { weights, hessian, x } = seededLayer();

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

/** How many codes of the first rows differ from a reference's. */
function differing(found: GroupedMatrix, { codes, bits = 4 }: { codes: string; bits?: number }): number {
  const expected = codesFrom(codes, bits);
  return expected.reduce((count, code, i) => count + Number(code !== found.codes[i]), 0);
}

test('the layer is the one that the references saw', () => {
  expect([...weights.values.slice(0, 4), ...x.values.slice(inputs, inputs + 4)]).toEqual(fixtures.first);
});

describe.each(fixtures.gptq)('GPTQ, $bits bits, groups of $groupSize, symmetric $symmetric, order $activityOrder, static $staticGroups', (reference) => {
  test('has the codes of AutoGPTQ', async () => {
    const { bits, symmetric, activityOrder, staticGroups, groupOf, scales, zeros } = reference;
    const groupSize = reference.groupSize === -1 ? inputs : reference.groupSize;
    const found = await gptqMatrix(weights, hessian, { bits, groupSize, symmetric, activityOrder, staticGroups, damping: 0.01, scaleDtype: 'F32' });
    const first = (values: Float32Array): Float32Array => values.subarray(0, scales.length);
    expectClose(first(found.scales), Float32Array.from(scales), { tolerance: 1e-6 });
    expect([...first(found.zeros)]).toEqual(zeros);
    expect(found.groupOf === undefined ? null : [...found.groupOf]).toEqual(groupOf);
    expect(differing(found, reference)).toBe(0);
  });
});

test.each(fixtures.hqq)('HQQ with $bits bits in groups of $groupSize has the codes and zeros of the authors\' code', async (reference) => {
  const { bits, groupSize } = reference;
  const found = await hqq({ bits }).quantize(weights, { groupSize });
  expectClose(found.scales.subarray(0, reference.scales.length), Float32Array.from(reference.scales), { tolerance: 1e-6 });
  expectClose(found.zeros.subarray(0, reference.zeros.length), Float32Array.from(reference.zeros), { tolerance: 1e-4 });
  expect(differing(found, reference)).toBe(0);
});

describe.each(fixtures.awq)('AWQ in groups of $groupSize, symmetric $symmetric, duo $duoScaling', (reference) => {
  const { groupSize, symmetric, duoScaling } = reference;
  const grid = { bits: 4, groupSize, symmetric, scaleDtype: 'F32' } as const;

  test('finds the factors, limits and codes of AutoAWQ', async () => {
    const meanInputs = new Float64Array(inputs);
    x.values.forEach((value, i) => { meanInputs[i % inputs]! += Math.abs(value) / x.rows; });
    // A layer by itself: the error of its output is tr(D H Dᵀ).
    const factors = await bestScales({ meanInputs, meanWeights: meanWeights([weights], groupSize), duoScaling }, async (scales) => {
      const back = dequantized(awqRounded({ ...weights, values: weights.values.map((value, i) => value * scales[i % inputs]!) }, grid));
      const d = { ...back, values: back.values.map((value, i) => value / scales[i % inputs]! - weights.values[i]!) };
      const weighted = await product(d, hessian);
      return d.values.reduce((sum, value, i) => sum + value * weighted[i]!, 0);
    });
    expectClose(factors, Float32Array.from(reference.factors), { tolerance: 1e-5 });
    const scaled = { ...weights, values: weights.values.map((value, i) => value * factors[i % inputs]!) };
    const h = { ...hessian, values: hessian.values.map((value, at) => value / (factors[Math.floor(at / inputs)]! * factors[at % inputs]!)) };
    const cut = await clipped(scaled, h, grid);
    const limits = Float32Array.from(reference.clips, (_, g) => cut.values.subarray(g * groupSize, (g + 1) * groupSize).reduce((most, value) => Math.max(most, Math.abs(value)), 0));
    expectClose(limits, Float32Array.from(reference.clips), { tolerance: 1e-5 });
    const found = awqRounded(cut, grid);
    expectClose(found.scales.subarray(0, reference.scales.length), Float32Array.from(reference.scales), { tolerance: 1e-5 });
    expect([...found.zeros.subarray(0, reference.zeros.length)]).toEqual(reference.zeros);
    expect(differing(found, reference)).toBe(0);
  });
});

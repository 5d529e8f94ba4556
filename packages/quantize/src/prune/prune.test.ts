import { useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { fixtures, seededLayer } from '../fixtures/seeded-layer.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { magnitude } from './magnitude.ts';
import type { Pruner } from './pruner.ts';
import { sparseGpt } from './sparse-gpt.ts';
import { wanda } from './wanda.ts';

const { written, inputs } = fixtures;
const { weights, hessian, x } = seededLayer();

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const squares = new Float32Array(inputs);
for (let i = 0; i < x.values.length; i++) squares[i % inputs]! += x.values[i]! ** 2;
const moments = { tokens: x.rows, squares, hessian: { ...hessian, values: Float32Array.from(hessian.values) } };

/** Which weights of the first rows became 0, as bits. */
function bits({ values }: Matrix): string {
  const bytes = new Uint8Array((written * inputs) / 8);
  for (let i = 0; i < written * inputs; i++) if (values[i] === 0) bytes[i >> 3]! |= 1 << (i & 7);
  return Buffer.from(bytes).toString('hex');
}

describe.each(fixtures.prune)('sparsity $sparsity, pattern $pattern', (reference) => {
  const options = reference.pattern === null ? { sparsity: reference.sparsity } : { pattern: reference.pattern.split(':').map(Number) as [number, number] };
  const run = (pruner: Pruner): Promise<Matrix<Float32Array>> => pruner.prune(weights, moments);

  test('magnitude and Wanda choose the weights that the authors of Wanda do', async () => {
    expect(bits(await run(magnitude(options)))).toBe(reference.magnitude);
    expect(bits(await run(wanda(options)))).toBe(reference.wanda);
  });

  test('SparseGPT chooses the same weights and leaves the same values', async () => {
    const found = await run(sparseGpt(options));
    expect(bits(found)).toBe(reference.sparsegpt);
    expectClose(found.values.subarray(0, reference.kept.length), Float32Array.from(reference.kept), { tolerance: 1e-5 });
  });
});

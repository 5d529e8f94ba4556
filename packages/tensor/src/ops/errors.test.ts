// What does not fit is refused where it happens, with both sides named, and leaves nothing behind.
import { memory, ones, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDevice } from '../device/use-device.ts';
import type { Weight } from '../tree/weight.ts';
import { attention } from './attention.ts';
import { dropout } from './dropout.ts';
import { embed } from './embedding.ts';
import { gated } from './gated.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';
import { rmsNorm } from './rms-norm.ts';
import { rope } from './rope.ts';
import { softmax } from './softmax.ts';

const f = (...shape: number[]): Tensor => ones(shape);
const i = (...shape: number[]): Tensor => zeros(shape, 'int32');
const noRows: Weight = { shape: [2, 2], tensors: {}, with: () => noRows, apply: (x) => x };

const cases: Record<string, [() => Tensor, string]> = {
  'linear, another width': [() => linear(f(2, 3), f(4, 5)), 'linear: expected x [..., in] and weight [out, in] but found [2, 3] and [4, 5]'],
  'linear, transposed': [() => linear(f(2, 3), f(4, 3), { transposed: true }), 'linear: expected x [..., in] and weight [in, out] but found [2, 3] and [4, 3]'],
  'linear, 0-d': [() => linear(f(), f(1, 1)), 'linear: expected x [..., in] and weight [out, in] but found [] and [1, 1]'],
  'linear, bias': [() => linear(f(2, 3), f(4, 3), { bias: f(3) }), 'matmul: expected bias to hold [4] float32 values but found [3] float32'],
  'rmsNorm, half the width': [() => rmsNorm(f(2, 4), f(2)), 'rmsNorm: expected x [..., width] and weight [width] but found [2, 4] and [2]'],
  'layerNorm, bias': [() => layerNorm(f(2, 4), f(4), { bias: f(2) }), 'layerNorm: expected x [..., width] and weight and bias [width] but found [2, 4] and [4]'],
  'gated': [() => gated(f(2, 3), f(3, 2)), 'gated: expected gate and up of one shape but found [2, 3] and [3, 2]'],
  'rope, odd': [() => rope(f(1, 2, 1, 3), { cos: f(2, 2), sin: f(2, 2) }), 'rope: expected x [batch, length, heads, width] and cos, sin [positions, half] with 2 · half ≤ width but found [1, 2, 1, 3], [2, 2] and [2, 2]'],
  'rope, positions': [() => rope(f(1, 2, 1, 4), { cos: f(2, 2), sin: f(2, 2) }, { positions: i(1, 3) }), 'rope: expected positions to hold [1, 2] int32 values but found [1, 3] int32'],
  'attention, heads': [() => attention(f(1, 2, 3, 4), f(1, 2, 2, 4), f(1, 2, 2, 4)), 'attention: expected q [batch, queries, heads, width]'],
  'attention, batch': [() => attention(f(2, 2, 2, 4), f(1, 2, 2, 4), f(1, 2, 2, 4)), 'attention: expected q [batch, queries, heads, width]'],
  'attention, no kv heads': [() => attention(f(1, 2, 2, 4), f(1, 2, 0, 4), f(1, 2, 0, 4)), 'attention: expected q [batch, queries, heads, width]'],
  'attention, segments': [() => attention(f(1, 2, 2, 4), f(1, 2, 2, 4), f(1, 2, 2, 4), { segments: i(1, 3) }), 'attention: expected segments to hold [1, 2] int32 values but found [1, 3] int32'],
  'embed, ids that are not whole': [() => embed(f(2), f(3, 4)), 'embed: expected int32 ids and a table [vocabulary, width] but found float32 and [3, 4]'],
  'embed, a weight without rows': [() => embed(i(2), noRows), 'embed: expected a weight with rows(ids) but found one without. Use another weight type for embeddings.'],
  'linearCrossEntropy, shapes': [() => linearCrossEntropy(f(2, 3), f(4, 3), i(3)), 'linearCrossEntropy: expected hidden [..., width], weight [vocabulary, width] and targets [...] but found [2, 3], [4, 3] and [3]'],
  'linearCrossEntropy, none counts': [() => linearCrossEntropy(f(2, 3), f(4, 3), i(2), { ignoreIndex: 0 }), 'linearCrossEntropy: expected at least one target but found all 2 ignored (0). Check the labels or the mask.'],
  'softmax of whole numbers': [() => softmax(i(2, 3)), 'softmax: expected x to hold [2, 3] float32 values but found [2, 3] int32'],
  'dropout': [() => dropout(f(2), 1, { seed: 0 }), 'dropout: expected 0 ≤ p < 1 but found 1'],
};

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });
  test.each(Object.entries(cases))('%s', (_name, [run, message]) => { expect(run).toThrow(message); });
});

test('an error inside of an operation leaves none of its tensors', () => {
  const [x, weight, bias] = [f(2, 3), f(4, 3), f(3)];
  const before = memory().numTensors;
  expect(() => linear(x, weight, { bias })).toThrow(RangeError);
  expect(memory().numTensors).toBe(before);
});

import { createModel, hiddenOf, type Model } from '@llm/model';
import { flatten, int4, int8, isWeight, leaves, linear, linearCrossEntropy, type QuantizedFormat, type QuantizedWeight, quantizedCodes, quantizedWeight, reshape, scope, sum, mul, tensor, type Tensor, type Tree, useDevice, valueAndGrad, type Weight, withExactProducts } from '@llm/tensor';
import { expectClose, numbers } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { converted, fakeQuantized } from './fake-quantized.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const FORMATS: [string, QuantizedFormat][] = [
  ['int4', int4({ blockSize: 16 })], ['int4 with offsets', int4({ blockSize: 16, asymmetric: true })], ['int8', int8({ blockSize: 16 })], ['int8 with offsets', int8({ blockSize: 16, asymmetric: true })],
];
const leafOf = (tree: Tree): QuantizedWeight => (tree['proj'] as { weight: QuantizedWeight }).weight;

describe.each(FORMATS)('%s', (_name, format) => {
  const values = numbers(24 * 32, 3).map((value, i) => (i < 16 ? 0 : value * (1 + (i % 5))));
  const weight = (): Tensor => tensor(values, [24, 32]);

  test('the matrix and the forward pass are those of the converted weight to the bit, with one row and with many', async () => {
    const fake = fakeQuantized({ proj: { weight: weight() } }, { format });
    const real = await converted(fake);
    expect(leafOf(fake).matrix().dataSync()).toEqual(leafOf(real).matrix().dataSync());
    for (const rows of [1, 7]) {
      const x = tensor(numbers(rows * 32, 4), [rows, 32]);
      const exact = (tree: Tree): unknown => withExactProducts(() => linear(x, leafOf(tree)).dataSync());
      expect(exact(fake)).toEqual(exact(real));
      const training = (tree: Tree): unknown => valueAndGrad((p: Tree) => sum(linear(p['x'] as Tensor, leafOf(p))))({ ...tree, x }).value.dataSync();
      expect(training(fake)).toEqual(training(real));
    }
  });

  test('the codes are those that the format chooses on the host', async () => {
    const [made, host] = await Promise.all([leafOf(await converted(fakeQuantized({ proj: { weight: weight() } }, { format }))), quantizedWeight(values, { shape: [24, 32], format })].map(quantizedCodes));
    expect(made!.codes).toEqual(host!.codes);
    // The host takes the difference of both ends in 64 bits.
    expectClose(made!.scale, host!.scale, { tolerance: 1e-6 });
    if (host!.offset !== undefined) expectClose(made!.offset!, host!.offset, { tolerance: 1e-6 });
  });

  test('the gradient is that of the rounded matrix, given to the master', async () => {
    const x = tensor(numbers(5 * 32, 5), [5, 32]);
    const bias = tensor(numbers(24, 6));
    const factor = tensor(numbers(5 * 24, 7), [5, 24]);
    const loss = (p: Tree): Tensor => sum(mul(linear(p['x'] as Tensor, leafOf(p), { bias: p['bias'] as Tensor }), factor));
    const fake = fakeQuantized({ proj: { weight: weight() }, x, bias }, { format });
    const plain = { proj: { weight: leafOf(await converted(fake)).matrix() }, x, bias };
    const [found, expected] = [valueAndGrad(loss)(fake), valueAndGrad(loss)(plain)];
    expectClose(found.grads['proj.weight.weight']!.dataSync() as Float32Array, expected.grads['proj.weight']!.dataSync() as Float32Array, { tolerance: 1e-5 });
    for (const name of ['x', 'bias']) expectClose(found.grads[name]!.dataSync() as Float32Array, expected.grads[name]!.dataSync() as Float32Array, { tolerance: 1e-5 });
  });
});

test('GPT-2\'s matrices, stored the other way round, learn in their own order', () => {
  const path = (weight: Tensor): Tree => ({ transformer: { h: { 0: { mlp: { c_fc: { weight } } } } } });
  const values = numbers(16 * 24, 8);
  const turnedValues = values.map((_, at) => values[(at % 16) * 24 + Math.floor(at / 16)]!);
  const x = tensor(numbers(3 * 16, 9), [3, 16]);
  const factor = tensor(numbers(3 * 24, 7), [3, 24]);
  const leafIn = (tree: Tree): Weight => leaves(tree)[0]![1] as Weight;
  const loss = (p: Tree): Tensor => sum(mul(linear(x, leafIn(p)), factor));
  const format = int4({ blockSize: 8 });
  const conv = valueAndGrad(loss)(fakeQuantized(path(tensor(values, [16, 24])), { format, clip: 0.9 }));
  const plain = valueAndGrad(loss)(fakeQuantized({ proj: { weight: tensor(turnedValues, [24, 16]) } }, { format, clip: 0.9 }));
  const [gradient, turned] = [conv.grads, plain.grads].map((grads) => Object.values(grads)[0]!.dataSync());
  expect(conv.value.dataSync()).toEqual(plain.value.dataSync());
  gradient!.forEach((value, at) => expect(value).toBe(turned![(at % 24) * 16 + Math.floor(at / 24)]));
});

test('beyond the clip there is no gradient: of 4, 1, −4 and 0.5 under a limit of 2 only 1 and 0.5 learn', () => {
  const params = fakeQuantized({ proj: { weight: tensor([[4, 1, -4, 0.5, 0, 0, 0, 0]]) } }, { format: int4({ blockSize: 8 }), clip: 0.5 });
  const { grads } = valueAndGrad((p: Tree) => sum(linear(tensor([[1, 1, 1, 1, 0, 0, 0, 0]]), leafOf(p))))(params);
  expect([...grads['proj.weight.weight']!.dataSync()]).toEqual([0, 1, 0, 1, 0, 0, 0, 0]);
});

test('a model trained so loses less than one that is rounded afterwards, and its converted tree gives the same loss', async () => {
  const model = createModel({ model_type: 'llama', vocab_size: 32, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 2, max_position_embeddings: 32 });
  const length = 24;
  const ids = Int32Array.from({ length: 4 * length }, (_, i) => (i * i + 3 * Math.floor(i / length)) % 32);
  const batch = { rows: 4, length, ids, positions: ids.map((_, i) => i % length), segments: new Int32Array(ids.length), packed: false, restarts: false, targetCount: 4 * (length - 1) };
  const targets = ids.map((_, i) => (i % length === length - 1 ? -100 : ids[i + 1]!));
  const loss = (params: Tree, of: typeof batch, { denominator }: { denominator: number | Tensor }): Tensor => (
    linearCrossEntropy(reshape(hiddenOf(model as Model, params, of), [ids.length, 32]), model.head(params), tensor(targets, [ids.length], 'int32'), { ignoreIndex: -100, denominator }));
  const format = int4({ blockSize: 32 });
  const run = async (params: Tree): Promise<void> => {
    for await (const _ of train({ params, loss, batches: Array.from({ length: 30 }, () => batch), optimizer: adamw({ lr: 5e-3 }) })) void _;
  };
  const lossOf = (params: Tree): number => withExactProducts(() => scope(() => loss(params, batch, { denominator: batch.targetCount }).dataSync()[0]!));
  const [plain, aware] = [model.init(1), fakeQuantized(model.init(1), { format })];
  await run(plain);
  await run(aware);
  const after = await converted(fakeQuantized(plain, { format }));
  expect(lossOf(aware)).toBe(lossOf(await converted(aware)));
  expect(lossOf(aware)).toBeLessThan(lossOf(after));
  expect(leaves(aware).filter(([, leaf]) => isWeight(leaf))).toHaveLength(14);
  expect(Object.keys(flatten(aware))).toContain('model.layers.0.mlp.up_proj.weight.weight');
});

test('a format without codes and blocks that do not fit are refused', () => {
  const params = { proj: { weight: tensor(numbers(40), [2, 20]) } };
  expect(() => fakeQuantized(params, { format: int4({ blockSize: 16 }) })).toThrow('expected rows of whole blocks of 16 but found 20 in proj.weight');
  expect(() => fakeQuantized(params, { clip: 0 })).toThrow('expected a clip above 0 up to 1');
});


// A matrix in blocks of rows acts, learns and is stored as the whole one, on every device.
import { askedDevices } from '@llm/kernels';
import { expectClose, numbers } from '@llm/testing';
import { add, mul, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Gradients, valueAndGrad } from '../autodiff/value-and-grad.ts';
import { compile } from '../device/compile.ts';
import { memory } from '../device/memory.ts';
import { type DeviceName, useDevice } from '../device/use-device.ts';
import { disposeTree, flatten, type Leaf, withTensors } from '../tree/tree.ts';
import type { Weight } from '../tree/weight.ts';
import { embed } from './embedding.ts';
import { linear } from './linear.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';
import { linearLogProbs } from './linear-log-probs.ts';
import { inRowBlocks, rowBlocks } from './row-blocks.ts';
import { cappedHead } from './soft-cap.ts';

const [rows, width, vocab] = [13, 6, 23];
const values = numbers(vocab * width, 2);
const hidden = (): Tensor => tensor(numbers(rows * width, 1), [rows, width]);
const matrix = (): Tensor => tensor(values, [vocab, width]);
/** The same matrix cut between some of its rows. */
const cut = (...counts: number[]): Weight => {
  let from = 0;
  return rowBlocks(counts.map((count) => {
    from += count;
    return tensor(values.slice((from - count) * width, from * width), [count, width]);
  }));
};
const targets = (): Tensor => tensor(Int32Array.of(4, -100, 0, 22, 8, 9, 3, 3, -100, 16, 17, 1, 22), [rows], 'int32');

/** Value and gradients of one loss with the whole matrix and with blocks, whose gradients below each other must be its own. */
async function expectSame(loss: (p: { h: Tensor; w: Leaf }) => Tensor, blocks: Weight, tolerance = 2e-6): Promise<void> {
  const whole = valueAndGrad(loss)({ h: hidden(), w: matrix() });
  const parts = valueAndGrad(loss)({ h: hidden(), w: blocks });
  expect(Object.keys(parts.grads)).toEqual([...(whole.grads['h'] === undefined ? [] : ['h']), ...Object.keys(blocks.tensors).map((name) => `w.${name}`)]);
  const joined = async (grads: Gradients): Promise<number[]> => {
    const found: number[] = [];
    for (const gradient of Object.values(grads)) found.push(...await gradient.data());
    return found;
  };
  expectClose(await parts.value.data(), await whole.value.data(), { tolerance, name: 'loss' });
  expectClose(await joined(parts.grads), await joined(whole.grads), { tolerance, name: 'gradients' });
}

/** Each number with a weight of its own. */
const weighed = (y: Tensor): Tensor => sum(mul(y, tensor(numbers(y.size, 3), y.shape)));

describe.each([...new Set<DeviceName>(['cpu', ...askedDevices() as DeviceName[]])])('on %s', (device) => {
  beforeEach(async () => { await useDevice(device); });

  test.each([[[23]], [[8, 8, 7]], [[1, 20, 2]]])('blocks of %j rows multiply and are looked up as the whole', async (counts) => {
    await expectSame(({ h, w }) => weighed(linear(h, w)), cut(...counts));
    const bias = tensor(numbers(vocab, 5));
    await expectSame(({ h, w }) => weighed(linear(h, w, { bias, activation: 'silu' })), cut(...counts));
    // Ids repeat, and stand at both ends of blocks.
    const ids = tensor(Int32Array.of(0, 7, 8, 7, 22, 15, 16, 7, 21, 0), [2, 5], 'int32');
    await expectSame(({ w }) => weighed(embed(ids, w)), cut(...counts));
    // As tied embeddings are: both at once.
    await expectSame(({ h, w }) => add(weighed(embed(ids, w)), weighed(linear(h, w))), cut(...counts));
  });

  test('an id outside the table gives a row of NaN, as it does in a whole one, and no gradient', async () => {
    const ids = tensor(Int32Array.of(-1, 22, 23, 3), [4], 'int32');
    const table = cut(8, 8, 7);
    const found = await embed(ids, table).data();
    expect([...found].map((value) => Number.isNaN(value))).toEqual(Array.from({ length: 4 * width }, (_, i) => i < width || (i >= 2 * width && i < 3 * width)));
    const { grads } = valueAndGrad((p: { w: Weight }) => weighed(embed(ids, p.w)))({ w: table });
    for (const gradient of Object.values(grads)) expect([...await gradient.data()].every(Number.isFinite)).toBe(true);
  });

  test('losses of such a head are those of the whole, and so are their gradients', async () => {
    await expectSame(({ h, w }) => linearCrossEntropy(h, w, targets()), cut(8, 8, 7));
    await expectSame(({ h, w }) => linearCrossEntropy(h, w, targets(), { labelSmoothing: 0.1, zLoss: 1e-2, denominator: 5 }), cut(20, 3));
    await expectSame(({ h, w }) => linearCrossEntropy(h, cappedHead(w, { cap: 1 }), targets()), cut(8, 8, 7));
    await expectSame(({ h, w }) => weighed(linearLogProbs(h, w, targets()).logProbs), cut(8, 8, 7));
    await expectSame(({ h, w }) => weighed(linearLogProbs(h, cappedHead(w, { cap: 1 }), targets(), { temperature: 0.7 }).logProbs), cut(20, 3));
    const [whole, parts] = [matrix(), cut(8, 8, 7)].map((w) => linearLogProbs(hidden(), w, targets(), { entropies: true }).entropies!);
    expectClose(await parts!.data(), await whole!.data(), { tolerance: 2e-6, name: 'entropies' });
  });

  test('what is frozen gets no gradient, and nothing is left behind', async () => {
    const p = { h: hidden(), w: cut(8, 8, 7) };
    const ids = targets();
    const run = (trainable: (path: string) => boolean): string[] => {
      const { value, grads } = valueAndGrad(({ h, w }: typeof p) => add(linearCrossEntropy(h, w, ids), sum(linearLogProbs(h, w, ids).logProbs)), { trainable })(p);
      value.dispose();
      disposeTree(grads);
      return Object.keys(grads);
    };
    const before = memory().tensors;
    expect(run((path) => path === 'h')).toEqual(['h']);
    expect(run((path) => path === 'w.block1')).toEqual(['w.block1']);
    expect(memory().tensors).toBe(before);
  });

  test('it is one matrix to who stores it, and a weight over other blocks to who replaces them', async () => {
    const tree = { head: { weight: cut(8, 8, 7) } };
    expect(Object.keys(flatten(tree))).toEqual(['head.weight.block0', 'head.weight.block1', 'head.weight.block2']);
    expect([...await tree.head.weight.data!()]).toEqual([...values]);
    const other = withTensors(tree, { 'head.weight.block1': tensor(new Float32Array(8 * width), [8, width]) }).head.weight;
    const changed = values.slice();
    changed.fill(0, 8 * width, 16 * width);
    expect([...await other.data!()]).toEqual([...changed]);
  });
});

test('blocks that do not fit together are refused', async () => {
  await useDevice('cpu');
  expect(() => rowBlocks([])).toThrow('rowBlocks: expected blocks [rows, width] of one width but found none. Cut one matrix between its rows.');
  expect(() => rowBlocks([tensor([[1, 2]]), tensor([[1]])])).toThrow('but found [1, 2], [1, 1]');
  expect(() => rowBlocks([tensor([1, 2])])).toThrow('but found [2]');
  expect(() => embed(tensor([0]), cut(23))).toThrow('rowBlocks: expected int32 ids but found float32');
});

test('no device but a graphics card splits a matrix', async () => {
  await useDevice('wasm');
  const whole = matrix();
  expect(inRowBlocks(whole)).toBe(whole);
});

describe.runIf(askedDevices().includes('webgpu'))('on a graphics card that binds little', () => {
  beforeEach(async () => { await useDevice('webgpu', { maxTensorBytes: 4096 }); });

  test('a matrix that it cannot bind comes in blocks that it can; one that it can, and what has no rows to cut, stay', async () => {
    const table = (count: number, of: number): Tensor => tensor(numbers(count * of, 4), [count, of]);
    const blocks = inRowBlocks(table(300, 8)) as Weight;
    expect(Object.values(blocks.tensors).map(({ shape }) => shape[0])).toEqual([100, 100, 100]);
    expect([...await blocks.data!()]).toEqual([...numbers(2400, 4)]);
    // Blocks have whole fours of rows.
    expect(Object.values((inRowBlocks(table(131, 16)) as Weight).tensors).map(({ shape }) => shape[0])).toEqual([44, 44, 43]);
    for (const small of [table(128, 8), table(3, 2000), tensor(numbers(1025, 1))]) expect(inRowBlocks(small)).toBe(small);
  });

  test('a tensor beyond the limit is refused with what to do about it, and so is a limit that is none', async () => {
    for (const maxTensorBytes of [0, NaN]) await expect(useDevice('webgpu', { maxTensorBytes })).rejects.toThrow(`useDevice: expected maxTensorBytes above 0 but found ${maxTensorBytes}.`);
    expect(() => add(tensor(new Float32Array(1025)), 1)).toThrow(/expected tensors of at most 0\.0 MiB, what this graphics card binds at once, but found 0\.0 MiB\. Use a smaller batch or shorter rows, or hold a matrix of that size as rowBlocks\./);
  });

  test('losses keep to chunks of logits that it binds', async () => {
    const [count, tokens] = [40, 300];
    const blocks = inRowBlocks(tensor(numbers(tokens * 8, 4), [tokens, 8]));
    const h = tensor(numbers(count * 8, 5), [count, 8]);
    const ids = tensor(Int32Array.from({ length: count }, (_, i) => (i * 37) % tokens), [count], 'int32');
    const loss = (p: { h: Tensor; w: Leaf }): Tensor => add(linearCrossEntropy(p.h, p.w, ids), mul(sum(linearLogProbs(p.h, p.w, ids).logProbs), -0.01));
    const parts = valueAndGrad(loss)({ h, w: blocks });
    const found = [await parts.value.data(), await parts.grads['h']!.data(), await parts.grads['w.block2']!.data()];
    const again = await compile(() => loss({ h, w: blocks }))().data();
    await useDevice('wasm');
    const [a, b, c] = [tensor(numbers(tokens * 8, 4), [tokens, 8]), tensor(numbers(count * 8, 5), [count, 8]), tensor(ids.dataSync(), [count], 'int32')];
    const whole = valueAndGrad((p: { h: Tensor; w: Tensor }) => add(linearCrossEntropy(p.h, p.w, c), mul(sum(linearLogProbs(p.h, p.w, c).logProbs), -0.01)))({ h: b, w: a });
    const expected = [await whole.value.data(), await whole.grads['h']!.data(), (await whole.grads['w']!.data()).slice(200 * 8)];
    found.forEach((each, i) => expectClose(each, expected[i]!, { tolerance: 2e-6, name: ['loss', 'states', 'last block'][i]! }));
    expect([...again]).toEqual([...found[0]!]);
  });
});

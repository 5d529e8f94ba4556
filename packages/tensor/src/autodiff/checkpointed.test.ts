import { numbers } from '@llm/testing';
import { add, memory as tensors, mul, square, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { memory } from '../device/memory.ts';
import { useDevice } from '../device/use-device.ts';
import { activate } from '../ops/activation.ts';
import { dropout } from '../ops/dropout.ts';
import { linear } from '../ops/linear.ts';
import { rmsNorm } from '../ops/rms-norm.ts';
import { checkpointed } from './checkpointed.ts';
import { valueAndGrad } from './value-and-grad.ts';

const random = (...shape: number[]): Tensor => tensor(numbers(shape.reduce((a, b) => a * b, 1), shape[0]), shape);
type Block = (x: Tensor, g: Tensor, up: Tensor, down: Tensor, seed: number) => Tensor;

const block: Block = (x, g, up, down, seed) =>
  add(x, dropout(linear(activate(linear(rmsNorm(x, g), up), 'gelu'), down), 0.2, { seed }));
const cheap: Block = (x, g, up, down, seed) =>
  checkpointed((x: Tensor, g: Tensor, up: Tensor, down: Tensor) => block(x, g, up, down, seed))(x, g, up, down);

const BLOCKS = 8;
const params = () => ({ g: random(64), up: random(256, 64), down: random(64, 256) });
const loss = (run: Block, x: Tensor) => (p: ReturnType<typeof params>): Tensor => {
  let h = x;
  for (let i = 0; i < BLOCKS; i++) h = run(h, p.g, p.up, p.down, i);
  return sum(square(h));
};

test('eight blocks: the same bits, dropout and all, for less than half of the memory', async () => {
  const measure = async (run: Block, maxBytes: number): Promise<{ peak: number; values: Float32Array[] }> => {
    // Other options make another device, whose peak starts anew.
    await useDevice('wasm', { threads: 2, maxBytes });
    const p = params();
    const x = random(128, 64);
    const before = { peak: memory().usedBytes, tensors: memory().tensors };
    const { value, grads } = valueAndGrad(loss(run, x))(p);
    expect(memory().tensors).toBe(before.tensors + 4);
    const values = [value, ...Object.values(grads)].map((each) => each.dataSync() as Float32Array);
    for (const each of [value, ...Object.values(grads), ...Object.values(p), x]) each.dispose();
    return { peak: memory().peakBytes - before.peak, values };
  };
  const plain = await measure(block, 2 ** 28);
  const less = await measure(cheap, 2 ** 28 + 2 ** 16);
  expect(less.values).toEqual(plain.values);
  expect(less.peak).toBeLessThan(plain.peak / 2);
});

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  test('a frozen argument costs no gradient, and whole numbers pass through', async () => {
    await useDevice(device);
    const ids = tensor([1, 0], [2], 'int32');
    const params = { a: tensor([2, 3]), b: tensor([5, 7]) };
    const run = checkpointed((a: Tensor, b: Tensor, ids: Tensor) => mul(mul(a, b), ids));
    const before = tensors().numTensors;
    const { value, grads } = valueAndGrad((p: typeof params) => sum(run(p.a, p.b, ids)), { trainable: (path) => path === 'a' })(params);
    expect(grads.a!.dataSync()).toEqual(Float32Array.of(5, 0));
    expect(Object.keys(grads)).toEqual(['a']);
    expect(tensors().numTensors).toBe(before + 2);
    value.dispose();
  });

  test('segments within segments', async () => {
    await useDevice(device);
    const inner = checkpointed((x: Tensor) => mul(x, x));
    const outer = checkpointed((x: Tensor) => mul(inner(x), inner(x)));
    const x = tensor([2]);
    const before = tensors().numTensors;
    const { value, grads } = valueAndGrad((p: { x: Tensor }) => sum(outer(p.x)))({ x });
    // x⁴ and 4x³ at 2
    expect([value.dataSync()[0], grads.x!.dataSync()[0]]).toEqual([16, 32]);
    expect(tensors().numTensors).toBe(before + 2);
  });

  test('several results: the gradients of those that are used', async () => {
    await useDevice(device);
    const params = { a: tensor([2]), b: tensor([3]) };
    const run = checkpointed((a: Tensor, b: Tensor) => [mul(a, b), square(a), add(a, b)]);
    const before = tensors().numTensors;
    const { value, grads } = valueAndGrad((p: typeof params) => {
      const [product, power] = run(p.a, p.b);
      return sum(add(mul(product!, 5), power!));
    })(params);
    // 5ab + a²: 5b + 2a and 5a
    expect([value.dataSync()[0], grads.a!.dataSync()[0], grads.b!.dataSync()[0]]).toEqual([34, 19, 10]);
    expect(tensors().numTensors).toBe(before + 3);
  });

  test('a trained tensor that the segment captures is refused, and nothing stays', async () => {
    await useDevice(device);
    const params = { a: tensor([2]), b: tensor([3]) };
    const before = tensors().numTensors;
    expect(() => valueAndGrad((p: typeof params) => sum(checkpointed((a: Tensor) => mul(a, p.b))(p.a)))(params))
      .toThrow('checkpointed: expected every tensor that needs a gradient to be an argument but found one [1] that mul uses from outside. Pass it to the segment.');
    expect(tensors().numTensors).toBe(before);
  });

  test('an argument that does not matter is named', async () => {
    await useDevice(device);
    const params = { a: tensor([2]), b: tensor([3]) };
    expect(() => valueAndGrad((p: typeof params) => sum(checkpointed((a: Tensor, _b: Tensor) => square(a))(p.a, p.b)))(params))
      .toThrow('checkpointed: expected the result to depend on argument 1 but found that it does not');
  });
});

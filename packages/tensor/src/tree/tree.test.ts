import { matMul, memory, mean, square, sub, type Tensor, tensor, transpose } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { overwrite } from '../device/in-place.ts';
import { useDevice } from '../device/use-device.ts';
import { embed } from '../ops/embedding.ts';
import { linear } from '../ops/linear.ts';
import { randomNormal } from '../random.ts';
import { countParameters, disposeTree, flatten, leaves, mapLeaves, type Tree, unflatten, withTensors } from './tree.ts';
import { isWeight, type Weight } from './weight.ts';

/** W = down · up, of low rank. */
function lowRank(tensors: { down: Tensor; up: Tensor }): Weight {
  const { down, up } = tensors;
  return {
    shape: [down.shape[0]!, up.shape[1]!],
    tensors,
    with: (others) => lowRank(others as typeof tensors),
    apply: (x) => linear(linear(x, up), down),
    rows: (ids) => matMul(embed(ids, down), up),
  };
}

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const leaf = tensor([1]);
const key = fc.string({ minLength: 1, maxLength: 4 }).filter((name) => !name.includes('.') && name !== '__proto__');
const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree; node: Tree | Tensor }>((tie) => ({
  node: fc.oneof({ maxDepth: 4 }, fc.constant(leaf), tie('tree')),
  tree: fc.dictionary(key, tie('node'), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
})).tree;

describe('flatten and unflatten', () => {
  test('are inverse', () => {
    fc.assert(fc.property(tree, (original) => {
      const found = leaves(original);
      const again = unflatten(found);
      expect(again).toEqual(original);
      expect(leaves(again).map(([path]) => path).sort()).toEqual(found.map(([path]) => path).sort());
      expect(Object.keys(flatten(original)).sort()).toEqual(found.map(([path]) => path).sort());
    }));
  });

  test('paths that come from a hostile file are refused, and reach no prototype', () => {
    const refused: [string[], string][] = [
      [['__proto__.polluted'], 'unflatten: expected a tensor name but found __proto__.polluted'],
      [['a.__proto__.polluted'], 'unflatten: expected a tensor name but found a.__proto__.polluted'],
      [['a.__proto__'], 'unflatten: expected a new tensor name but found a.__proto__'],
      [[''], 'unflatten: expected a new tensor name but found'],
      [['a..b'], 'unflatten: expected a tensor name but found a..b'],
      [['a.'], 'unflatten: expected a new tensor name but found a.'],
      [['a', 'a'], 'unflatten: expected a new tensor name but found a'],
      [['a', 'a.b'], 'unflatten: expected a.b to pass through no other leaf but found one at a'],
      [['a.b', 'a'], 'unflatten: expected a new tensor name but found a'],
    ];
    for (const [paths, message] of refused) expect(() => unflatten(paths.map((path) => [path, leaf])), paths.join()).toThrow(message);
    for (const path of ['constructor.prototype.polluted', 'toString.polluted', 'hasOwnProperty']) {
      const made = unflatten([[path, leaf]]);
      expect(Object.keys(flatten(made))).toEqual([path]);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((Object as unknown as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('what is no tree is refused by path', () => {
    expect(() => flatten({ a: { b: 3 } } as never)).toThrow('tree: expected a tensor, a weight or an object at a.b but found number');
    expect(() => flatten(undefined as never)).toThrow('tree: expected a tensor, a weight or an object at the root but found undefined');
    expect(() => flatten({ a: null } as never)).toThrow('at a but found null');
    expect(flatten({})).toEqual({});
  });
});

test('ties are counted once, and freed once', () => {
  const shared = tensor([1, 2, 3]);
  const params = { embed: shared, head: shared, norm: tensor([1]) };
  expect(countParameters(params)).toBe(4);
  expect(countParameters({})).toBe(0);
  const before = memory().numTensors;
  disposeTree(params);
  expect(memory().numTensors).toBe(before - 2);
  disposeTree(params);
});

test('mapLeaves and withTensors reach into weights by the names of their tensors', () => {
  const weight = lowRank({ down: tensor([[1], [2]]), up: tensor([[3, 4]]) });
  const params = { layer: { w: weight, b: tensor([0]) } };
  expect(Object.keys(flatten(params))).toEqual(['layer.w.down', 'layer.w.up', 'layer.b']);
  expect(leaves(params).map(([path, leaf]) => [path, isWeight(leaf)])).toEqual([['layer.w', true], ['layer.b', false]]);
  const up = tensor([[5, 6]]);
  const other = withTensors(params, { 'layer.w.up': up });
  expect(flatten(other)['layer.w.up']).toBe(up);
  expect(flatten(other)['layer.w.down']).toBe(weight.tensors.down);
  expect(other.layer.b).toBe(params.layer.b);
  // x · (down · up)ᵀ with x = [1, 1]: up·x = 11, down · 11
  expect([...linear(tensor([[1, 1]]), other.layer.w).dataSync()]).toEqual([11, 22]);
  expect([...embed(tensor([1], [1], 'int32'), other.layer.w).dataSync()]).toEqual([10, 12]);
  const seen: string[] = [];
  mapLeaves(params, (leaf, path) => { seen.push(path); return leaf; });
  expect(seen).toEqual(['layer.w', 'layer.b']);
});

test('a weight of low rank learns a matrix of its rank through valueAndGrad, frozen parts stay', () => {
  const seeded = (shape: number[], stream: string): Tensor => randomNormal(shape, { seed: 1, stream });
  const target = matMul(seeded([6, 2], 'a'), seeded([2, 5], 'b'));
  const x = seeded([32, 5], 'x');
  const y = matMul(x, transpose(target));
  const params = { w: lowRank({ down: seeded([6, 2], 'down'), up: seeded([2, 5], 'up') }), frozen: tensor([1]) };
  const step = valueAndGrad((p: typeof params) => mean(square(sub(linear(x, p.w), y))), { trainable: (path) => path.startsWith('w.') });
  const before = memory().numTensors;
  const losses: number[] = [];
  for (let i = 0; i < 300; i++) {
    const { value, grads } = step(params);
    expect(Object.keys(grads)).toEqual(['w.down', 'w.up']);
    losses.push(value.dataSync()[0]!);
    for (const [path, grad] of Object.entries(grads)) {
      const weight = flatten(params)[path]!;
      const slope = grad.dataSync();
      overwrite(weight, weight.dataSync().map((value, j) => value - 0.1 * slope[j]!));
    }
    value.dispose();
    disposeTree(grads);
  }
  expect(losses.at(-1)).toBeLessThan(1e-4 * losses[0]!);
  expect(memory().numTensors).toBe(before);
});

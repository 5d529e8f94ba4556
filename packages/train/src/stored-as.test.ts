// A run whose matrix is held in blocks of rows is stored as one that holds it whole, and goes on in either, or in other blocks.
import { disposeTree, flatten, type Leaf, linear, memory, readSafetensors, rowBlocks, square, sub, sum, tensor, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { adafactor } from './adafactor.ts';
import { adamw } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';
import { restoreTraining, trainingFiles } from './state.ts';
import { startTraining, train } from './train.ts';
import type { TrainingState } from './training-state.ts';

interface Params extends Tree { readonly head: { readonly weight: Leaf }; readonly scale: Leaf }

/** A matrix [10, 4] in blocks of so many rows, or whole. */
function made(...counts: number[]): Params {
  const values = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
  let from = 0;
  const blocks = counts.map((count) => {
    from += count;
    return tensor(values.slice(4 * (from - count), 4 * from), [count, 4]);
  });
  return { head: { weight: counts.length === 0 ? tensor(values, [10, 4]) : rowBlocks(blocks) }, scale: tensor([1, 1, 1, 1]) };
}

const batches = Array.from({ length: 6 }, (_, i) => ({ targetCount: 1, x: Array.from({ length: 8 }, (__, j) => Math.cos(3 * i + j)), y: Array.from({ length: 20 }, (__, j) => Math.sin(i + 2 * j)) }));
const loss = (p: Params, { x, y }: (typeof batches)[0]) => sum(square(sub(linear(tensor(x, [2, 4]), p.head.weight), tensor(y, [2, 10]))));

async function steps(params: Params, optimizer: Optimizer, state: TrainingState, [from, to]: readonly [number, number]): Promise<number[]> {
  const losses: number[] = [];
  for await (const step of train({ params, loss, batches: batches.slice(from, to), optimizer, state })) losses.push(step.loss);
  return losses;
}

async function written(params: Tree, state: TrainingState): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, content] of Object.entries(trainingFiles(params, state))) {
    const parts: Uint8Array[] = [];
    if (typeof content === 'string') parts.push(new TextEncoder().encode(content));
    else for await (const part of content as AsyncIterable<Uint8Array>) parts.push(part.slice());
    files.set(name, new Uint8Array(Buffer.concat(parts)));
  }
  return files;
}

describe('blocks of rows', () => {
  beforeAll(async () => { await useDevice('wasm'); });

  test('are stored with the names and values of the whole, and a run goes on in other blocks and in none', async () => {
    const before = memory().tensors;
    const optimizer = adamw({ lr: 0.05 });
    const [whole, cut] = [made(), made(3, 4, 3)];
    const [wholeState, state] = [startTraining(whole, optimizer), startTraining(cut, optimizer)];
    const expected = await steps(whole, optimizer, wholeState, [0, 3]);
    expectClose(await steps(cut, optimizer, state, [0, 3]), expected, { tolerance: 1e-5 });
    const [a, b] = [await written(whole, wholeState), await written(cut, state)];
    for (const file of ['model.safetensors', 'optimizer.safetensors']) {
      const [one, other] = [a, b].map((files) => readSafetensors(files.get(file)!).tensors);
      expect([...other!].map(([name, { shape }]) => [name, shape])).toEqual([...one!].map(([name, { shape }]) => [name, shape]));
    }
    const rest = await steps(cut, optimizer, state, [3, 6]);
    for (const next of [made(3, 4, 3), made(1, 9), made()]) {
      const resumed = restoreTraining(b, { params: next, optimizer });
      const found = await steps(next, optimizer, resumed.state, [3, 6]);
      if (Object.keys(flatten(next)).length === 4) expect(found).toEqual(rest);
      else expectClose(found, rest, { tolerance: 1e-5 });
      for (const tree of [next, resumed.state.optimizer]) disposeTree(tree);
    }
    for (const tree of [whole, cut, wholeState.optimizer, state.optimizer]) disposeTree(tree);
    expect(memory().tensors).toBe(before);
  });

  test('keep apart what an optimizer keeps in another shape: a run goes on in the same blocks alone', async () => {
    const optimizer = adafactor({ lr: 0.05 });
    const cut = made(3, 7);
    const state = startTraining(cut, optimizer);
    await steps(cut, optimizer, state, [0, 2]);
    const files = await written(cut, state);
    expect([...readSafetensors(files.get('optimizer.safetensors')!).tensors.keys()]).toEqual(expect.arrayContaining(['row/head.weight.block1']));
    const [same, other] = [made(3, 7), made(5, 5)];
    const resumed = restoreTraining(files, { params: same, optimizer });
    expect(await steps(same, optimizer, resumed.state, [2, 4])).toEqual(await steps(cut, optimizer, state, [2, 4]));
    expect(() => restoreTraining(files, { params: other, optimizer })).toThrow('row/head.weight.block0 has shape [3], not [5]');
    for (const tree of [cut, same, other, state.optimizer, resumed.state.optimizer]) disposeTree(tree);
  });
});

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { disposeTree, memory, readSafetensors, scope, tensor, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { paramsFromTensors } from '../checkpoint/checkpoint.ts';
import { createModel } from '../config/create-model.ts';
import type { Model, ModelInputs } from '../model.ts';
import { kvCache, selectRows } from './kv-cache.ts';

type Loaded = { model: Model; params: ReturnType<Model['init']> };

function load(name: string, change: object = {}): Loaded {
  const at = fileURLToPath(new URL(`../../../../tests/golden/models/${name}/`, import.meta.url));
  const model = createModel({ ...JSON.parse(readFileSync(`${at}config.json`, 'utf8')) as object, ...change });
  return { model, params: paramsFromTensors(model, readSafetensors(readFileSync(`${at}model.safetensors`)).tensors) };
}

const int = (values: number[], shape: number[]): ReturnType<typeof tensor> => tensor(Int32Array.from(values), shape, 'int32');

/** Logits [length · vocabulary] of one document from position 0. */
function whole({ model, params }: Loaded, ids: number[]): Float32Array {
  return scope(() => model.apply(params, { ids: int(ids, [1, ids.length]) }).dataSync() as Float32Array);
}

function logitsOf({ model, params }: Loaded, inputs: () => ModelInputs): Float32Array {
  return scope(() => model.apply(params, inputs()).dataSync() as Float32Array);
}

const A = [5, 17, 3, 90, 41, 8, 8, 60, 2, 33, 71];
const B = [12, 4, 77, 50];
const VOCAB = 96;
const SLIDING = { use_sliding_window: true, sliding_window: 3, layer_types: ['full_attention', 'sliding_attention'] };

beforeAll(async () => {
  await useDevice();
});

describe.each([['gpt2', {}], ['llama', {}], ['qwen2', {}], ['qwen2', SLIDING], ['qwen3', {}]] as const)('%s %j', (name, change) => {
  test('chunks and single steps give the logits of the whole', () => {
    const loaded = load(name, change);
    const expected = whole(loaded, A);
    const before = memory().tensors;
    const cache = kvCache(loaded.model.shape, { batch: 1, capacity: A.length });
    let from = 0;
    for (const count of [4, 1, 3, 1, 1, 1]) {
      const ids = A.slice(from, from + count);
      const logits = logitsOf(loaded, () => ({ ids: int(ids, [1, count]), cache }));
      expectClose(logits, expected.subarray(from * VOCAB, (from + count) * VOCAB), { tolerance: 1e-4, name: `${from} + ${count}` });
      from += count;
    }
    expect([...cache.lengths]).toEqual([A.length]);
    expect(() => logitsOf(loaded, () => ({ ids: int([1], [1, 1]), cache }))).toThrow(/expected room for 12 positions but found capacity 11/);
    cache.dispose();
    expect(memory().tensors).toBe(before);
    disposeTree(loaded.params);
  });

  test('rows of unequal length give the logits of each alone, also after rows left', () => {
    const loaded = load(name, change);
    const cache = kvCache(loaded.model.shape, { batch: 2, capacity: 16 });
    const [a, b] = [whole(loaded, [...A, 7, 9]), whole(loaded, [...B, 6])];
    const padded = [...B, ...Array.from({ length: A.length - B.length }, () => 0)];
    const first = logitsOf(loaded, () => ({ ids: int([...padded, ...A], [2, A.length]), cache }));
    cache.truncate([B.length, A.length]);
    expectClose(first.subarray(0, B.length * VOCAB), b.subarray(0, B.length * VOCAB), { tolerance: 1e-4, name: 'prefill b' });
    expectClose(first.subarray(A.length * VOCAB), a.subarray(0, A.length * VOCAB), { tolerance: 1e-4, name: 'prefill a' });
    const second = logitsOf(loaded, () => ({ ids: int([6, 7], [2, 1]), cache }));
    expectClose(second.subarray(0, VOCAB), b.subarray(B.length * VOCAB), { tolerance: 1e-4, name: 'step b' });
    expectClose(second.subarray(VOCAB), a.subarray(A.length * VOCAB, (A.length + 1) * VOCAB), { tolerance: 1e-4, name: 'step a' });
    const chosen = selectRows(cache, [1], { shape: loaded.model.shape });
    const third = logitsOf(loaded, () => ({ ids: int([9], [1, 1]), cache: chosen }));
    expectClose(third, a.subarray((A.length + 1) * VOCAB), { tolerance: 1e-4, name: 'after b left' });
    chosen.dispose();
    disposeTree(loaded.params);
  });

  test('rows chosen several times begin alike, go on apart, and know it', () => {
    const loaded = load(name, change);
    const step = (cache: ReturnType<typeof kvCache>, ids: number[]): Float32Array => logitsOf(loaded, () => ({ ids: int(ids, [ids.length, 1]), cache }));
    const once = kvCache(loaded.model.shape, { batch: 1, capacity: 16 });
    logitsOf(loaded, () => ({ ids: int(A, [1, A.length]), cache: once }));
    const three = selectRows(once, [0, 0, 0], { shape: loaded.model.shape });
    expect([...three.twins!]).toEqual([0, 11, 0, 11, 0, 11]);
    step(three, [7, 9, 4]);
    // The row that the others point at leaves.
    const two = selectRows(three, [1, 2], { shape: loaded.model.shape });
    expect([...two.twins!]).toEqual([0, 11, 0, 11]);
    const logits = step(two, [6, 5]);
    [[...A, 9, 6], [...A, 4, 5]].forEach((ids, row) => {
      expectClose(logits.subarray(row * VOCAB, (row + 1) * VOCAB), whole(loaded, ids).subarray(-VOCAB), { tolerance: 1e-4, name: `row ${row}` });
    });
    two.truncate([5, 9]);
    expect([...two.twins!]).toEqual([0, 5, 0, 5]);
    step(two, [1, 2]);
    const again = step(two, [3, 4]);
    expectClose(again.subarray(VOCAB), whole(loaded, [...A.slice(0, 9), 2, 4]).subarray(-VOCAB), { tolerance: 1e-4, name: 'cut off and gone on' });
    const one = selectRows(two, [1], { shape: loaded.model.shape });
    expect(one.twins).toBeUndefined();
    one.dispose();
    disposeTree(loaded.params);
  });

  test('documents packed into a row give the logits of each alone', () => {
    const loaded = load(name, change);
    const packed = logitsOf(loaded, () => ({
      ids: int([...A, ...B], [1, A.length + B.length]),
      positions: int([...A.keys(), ...B.keys()], [1, A.length + B.length]),
      segments: int([...A.map(() => 0), ...B.map(() => 1)], [1, A.length + B.length]),
    }));
    expectClose(packed.subarray(0, A.length * VOCAB), whole(loaded, A), { tolerance: 1e-4, name: 'first' });
    expectClose(packed.subarray(A.length * VOCAB), whole(loaded, B), { tolerance: 1e-4, name: 'second' });
    disposeTree(loaded.params);
  });

  test('a token never sees what comes after it', () => {
    const loaded = load(name, change);
    const [one, other] = [whole(loaded, A), whole(loaded, [...A.slice(0, 6), 95, 94, 93, 92, 91])];
    expectClose(one.subarray(0, 6 * VOCAB), other.subarray(0, 6 * VOCAB), { tolerance: 1e-5, name: 'prefix' });
    expect(Math.abs(one[6 * VOCAB]! - other[6 * VOCAB]!)).toBeGreaterThan(1e-3);
    disposeTree(loaded.params);
  });
});

test('the sliding window changes only what lies beyond it', () => {
  const [full, sliding] = [load('qwen2'), load('qwen2', SLIDING)];
  const [a, b] = [whole(full, A), whole(sliding, A)];
  expectClose(b.subarray(0, 3 * VOCAB), a.subarray(0, 3 * VOCAB), { tolerance: 1e-5, name: 'within three tokens' });
  expect(Math.abs(a[3 * VOCAB]! - b[3 * VOCAB]!)).toBeGreaterThan(1e-4);
  disposeTree(full.params);
  disposeTree(sliding.params);
});

test('positions beyond the table of the rotation are refused, not silently NaN', () => {
  const loaded = load('llama');
  const at = (position: number): Float32Array => logitsOf(loaded, () => ({ ids: int([1], [1, 1]), positions: int([position], [1, 1]) }));
  // One token alone attends to itself, wherever it stands.
  expectClose(at(1000), at(0), { tolerance: 1e-4, name: 'position 1000' });
  expect(() => at(1024)).toThrow(/expected at most 1024 positions but found 1025/);
  disposeTree(loaded.params);
});

test.each([['gpt2', 64], ['llama', 1024]] as const)('%s: packed documents may fill a row longer than the context, each within it', (name, context) => {
  const loaded = load(name);
  const run = (positions: number[]): Float32Array => logitsOf(loaded, () => ({
    ids: int(positions.map((_, i) => i % VOCAB), [1, positions.length]), positions: int(positions, [1, positions.length]),
    segments: int(positions.map((_, i) => (i < context ? 0 : 1)), [1, positions.length]),
  }));
  const long = run([...Array.from({ length: context }, (_, i) => i), 0, 1]);
  expect(long.every(Number.isFinite)).toBe(true);
  expectClose(long.subarray(context * VOCAB), whole(loaded, [context % VOCAB, (context + 1) % VOCAB]), { tolerance: 1e-4, name: 'the second document' });
  expect(() => run([-1])).toThrow(/expected positions from 0 on but found -1/);
  expect(() => run([context])).toThrow(RangeError);
  disposeTree(loaded.params);
});

test('sizes that are no sizes are refused', () => {
  const { model, params } = load('llama');
  for (const sizes of [{ batch: 0, capacity: 1 }, { batch: 1, capacity: 1.5 }, { batch: 1, capacity: NaN }]) {
    expect(() => kvCache(model.shape, sizes)).toThrow(RangeError);
  }
  disposeTree(params);
});

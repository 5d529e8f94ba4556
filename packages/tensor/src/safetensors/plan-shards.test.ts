import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planShards } from './plan-shards.ts';
import { parseIndex } from './shard-index.ts';

test('tensors fill a file up to its limit, and a larger one gets its own', () => {
  // 4 + 4 fit in 8, 20 is alone, 3 + 5 fit in 8.
  const { shards, totalBytes } = planShards([['a', 4], ['b', 4], ['c', 20], ['d', 3], ['e', 5]], { maxShardBytes: 8 });
  expect(shards).toEqual([
    { fileName: 'model-00001-of-00003.safetensors', names: ['a', 'b'] },
    { fileName: 'model-00002-of-00003.safetensors', names: ['c'] },
    { fileName: 'model-00003-of-00003.safetensors', names: ['d', 'e'] },
  ]);
  expect(totalBytes).toBe(36);
});

test('one file needs no index', () => {
  expect(planShards([['a', 4], ['b', 4]])).toEqual({ shards: [{ fileName: 'model.safetensors', names: ['a', 'b'] }], totalBytes: 8, indexJson: undefined });
  expect(planShards([])).toEqual({ shards: [{ fileName: 'model.safetensors', names: [] }], totalBytes: 0, indexJson: undefined });
});

test('the index is sorted, indented by two and ends in a line end', () => {
  expect(planShards([['b', 4], ['a', 4]], { maxShardBytes: 4, stem: 'adapter' }).indexJson).toBe(`{
  "metadata": {
    "total_size": 8
  },
  "weight_map": {
    "a": "adapter-00002-of-00002.safetensors",
    "b": "adapter-00001-of-00002.safetensors"
  }
}
`);
});

test('every tensor is in one shard, no shard of several is over the limit, and the index says where', () => {
  const sizes = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }).filter((name) => !name.includes('__proto__')), fc.nat({ max: 50 })), { selector: ([name]) => name });
  fc.assert(fc.property(sizes, fc.integer({ min: 1, max: 100 }), (tensors, maxShardBytes) => {
    const { shards, totalBytes, indexJson } = planShards(tensors, { maxShardBytes });
    expect(shards.flatMap(({ names }) => names)).toEqual(tensors.map(([name]) => name));
    const bytesOf = new Map(tensors);
    for (const { names } of shards) {
      if (names.length > 1) expect(names.reduce((sum, name) => sum + bytesOf.get(name)!, 0)).toBeLessThanOrEqual(maxShardBytes);
    }
    if (indexJson === undefined) return;
    const index = parseIndex(indexJson);
    expect(index.totalBytes).toBe(totalBytes);
    for (const { fileName, names } of shards) for (const name of names) expect(index.weightMap.get(name)).toBe(fileName);
  }), { numRuns: 200 });
});

test('a size that is no size and a name twice are refused', () => {
  for (const maxShardBytes of [0, -1, NaN]) expect(() => planShards([], { maxShardBytes })).toThrow(/expected maxShardBytes > 0 but found/);
  expect(() => planShards([['a', 1], ['a', 1]])).toThrow(/found "a" twice/);
});

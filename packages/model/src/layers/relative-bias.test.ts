import { readFileSync } from 'node:fs';
import { tensor, useDevice } from '@llm/tensor';
import { beforeAll, expect, test } from 'vitest';
import { relativeBias, relativeBucket, type RelativeBuckets } from './relative-bias.ts';

interface Stored extends RelativeBuckets { readonly from: number; readonly found: readonly number[] }
const { buckets: STORED } = JSON.parse(readFileSync(new URL('../architectures/fixtures/encoders.json', import.meta.url), 'utf8')) as { buckets: Stored[] };

beforeAll(async () => {
  await useDevice('cpu');
});

test.each(STORED)('the bucket of each distance is that of transformers: $buckets up to $maxDistance, both sides: $bidirectional', ({ from, found, ...rule }) => {
  expect(found.map((_, i) => relativeBucket(from + i, rule))).toEqual(found);
});

test('the bias of a query and a key is that of their distance, for each head', () => {
  const rule = { buckets: 8, maxDistance: 10, bidirectional: false };
  const table = tensor(Array.from({ length: 16 }, (_, i) => i), [8, 2]);
  const bias = relativeBias(table, { ...rule, queries: 2, keys: 4, offset: 2 });
  expect(bias.shape).toEqual([1, 2, 2, 4]);
  const of = (head: number) => [2, 3].flatMap((query) => [0, 1, 2, 3].map((key) => 2 * relativeBucket(key - query, rule) + head));
  expect([...bias.dataSync()]).toEqual([...of(0), ...of(1)]);
});

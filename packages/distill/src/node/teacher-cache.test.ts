import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useDevice } from '@llm/tensor';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { rowsOf, someRows, tinyModel } from '../fixtures/models.ts';
import { keepTop, type KeptSequence } from '../teacher/keep-top.ts';
import { joinKept } from '../teacher/kept-rows.ts';
import { openTeacherCache, writeTeacherCache } from './teacher-cache.ts';

let folder: string;
let sequences: KeptSequence[];
beforeAll(async () => {
  await useDevice('wasm');
  const model = tinyModel();
  sequences = [];
  for await (const each of keepTop(model, model.init(1), [rowsOf(someRows(7))], { k: 4 })) sequences.push(each);
});
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'teacher-')); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });
afterAll(async () => { await useDevice(); });

const asked: number[] = [];
const from = (first: number): KeptSequence[] => { asked.push(first); return sequences.slice(first); };

test('what was kept comes back in any order, rounded to f16, and takes six bytes a token', async () => {
  const cache = await writeTeacherCache(folder, { key: 'a', count: 7, sequences: from, shardSize: 3 });
  expect(cache).toMatchObject({ count: 7, targets: 35, k: 4, temperature: 1, key: 'a' });
  expect(readdirSync(folder).toSorted()).toEqual(['teacher-00000.safetensors', 'teacher-00001.safetensors', 'teacher-00002.safetensors']);
  expect(cache.bytes - 3 * 600).toBeLessThan(35 * (4 * 2 + 5 * 2));
  const { ids, probs, count } = await cache.rows([6, 0, 3]);
  const expected = joinKept([6, 0, 3].map((i) => sequences[i]!.kept));
  expect(count).toBe(15);
  expect([...ids]).toEqual([...expected.ids]);
  probs.forEach((p, i) => { expect(Math.abs(p - expected.probs[i]!)).toBeLessThan(2 ** -11); });
  for (let row = 0; row < 15; row++) expect(probs.slice(row * 5, row * 5 + 5).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
  expect(cache.error.meanTail).toBeGreaterThan(0);
  await expect(cache.rows([7])).rejects.toThrow('expected examples below 7 but found 7');
});

test('a stop costs no more than the file that was being written', async () => {
  const written = writeTeacherCache(folder, {
    key: 'a', count: 7, shardSize: 3,
    *sequences() { for (const [i, each] of sequences.entries()) { if (i === 5) throw new Error('killed'); yield each; } },
  });
  await expect(written).rejects.toThrow('killed');
  await expect(openTeacherCache(folder)).rejects.toMatchObject({ code: 'E_INCOMPLETE' });
  asked.length = 0;
  const done: number[] = [];
  const cache = await writeTeacherCache(folder, { key: 'a', count: 7, sequences: from, shardSize: 3, onShard: (each) => { done.push(each); } });
  expect(asked).toEqual([3]);
  expect(done).toEqual([6, 7]);
  expect([...(await cache.rows([5])).ids]).toEqual([...sequences[5]!.kept.ids]);
  await writeTeacherCache(folder, { key: 'a', count: 7, sequences: from, shardSize: 3 });
  expect(asked).toEqual([3]);
});

test('another key, a broken file and a gap are written anew; what is not there is said', async () => {
  await writeTeacherCache(folder, { key: 'a', count: 7, sequences: from, shardSize: 3 });
  asked.length = 0;
  await writeTeacherCache(folder, { key: 'b', count: 7, sequences: from, shardSize: 4 });
  expect(asked).toEqual([0]);
  expect(readdirSync(folder)).toHaveLength(2);
  await expect(openTeacherCache(folder, { key: 'a' })).rejects.toMatchObject({ code: 'E_OTHER_KEY' });
  const path = join(folder, 'teacher-00001.safetensors');
  truncateSync(path, statSync(path).size - 7);
  await writeTeacherCache(folder, { key: 'b', count: 7, sequences: from, shardSize: 4 });
  expect(asked).toEqual([0, 4]);
  rmSync(join(folder, 'teacher-00000.safetensors'));
  await expect(openTeacherCache(folder)).rejects.toMatchObject({ code: 'E_INCOMPLETE' });
  await expect(openTeacherCache(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  await expect(writeTeacherCache(join(folder, 'few'), { key: 'a', count: 9, sequences: from })).rejects.toMatchObject({ code: 'E_COUNT' });
});

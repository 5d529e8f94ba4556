import { createModel, type TokenBatch } from '@llm/model';
import { disposeTree, flatten, memory, readGguf, toFloat32, useDevice, writeGguf } from '@llm/tensor';
import { beforeAll, expect, test } from 'vitest';
import { planGguf } from '../export-gguf.ts';
import { importanceOf } from './importance.ts';
import { readImatrix, writeImatrix } from './imatrix-file.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 1 }); });

const model = createModel({ model_type: 'llama', hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 2, vocab_size: 16, max_position_embeddings: 16 });
const batchOf = (ids: readonly number[]): TokenBatch => ({
  rows: 1, length: ids.length, ids: Int32Array.from(ids), positions: Int32Array.from(ids, (_, i) => i), segments: new Int32Array(ids.length), packed: false, restarts: false,
});

test('the importance of the queries is the mean square of the normalised embeddings', async () => {
  const params = model.init(1);
  // The model keeps its tables of rotations.
  await importanceOf(model, params, { batches: [batchOf([1])] });
  const before = memory().tensors;
  const { values, tokens } = await importanceOf(model, params, { batches: [batchOf([3, 4]), batchOf([5])] });
  expect(memory().tensors).toBe(before);
  expect([...values.keys()]).not.toContain('model.embed_tokens.weight');
  const table = flatten(params)['model.embed_tokens.weight']!.dataSync();
  const wanted = new Float64Array(32);
  for (const id of [3, 4, 5]) {
    const row = [...table.slice(32 * id, 32 * (id + 1))];
    const square = row.reduce((sum, x) => sum + x * x, 0) / 32 + 1e-6;
    row.forEach((x, i) => { wanted[i]! += (x * x) / square / 3; });
  }
  const found = values.get('model.layers.0.self_attn.q_proj.weight')!;
  wanted.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
  expect(values.get('model.layers.0.mlp.down_proj.weight')!.length).toBe(64);
  expect(tokens.get('model.layers.0.self_attn.q_proj.weight')).toBe(3);
  await expect(importanceOf(model, params, { batches: [] })).rejects.toThrow(RangeError);
  disposeTree(params);
});

test('a file has sums and counts by the names of llama.cpp, and comes back', async () => {
  const values = new Map([['model.layers.0.self_attn.q_proj.weight', Float32Array.from({ length: 32 }, (_, i) => i / 4)], ['model.layers.0.mlp.down_proj.weight', new Float32Array(64).fill(0.5)]]);
  const importance = { values, tokens: new Map([...values.keys()].map((path) => [path, 8])) };
  const file = writeImatrix(importance, { model, datasets: ['a.txt'], chunks: 2, chunkSize: 4 });
  const { metadata, tensors } = readGguf(file);
  expect(Object.fromEntries(metadata)).toEqual({
    'general.type': 'imatrix', 'imatrix.datasets': { type: 'array', of: 'string', value: ['a.txt'] }, 'imatrix.chunk_count': { type: 'u32', value: 2 }, 'imatrix.chunk_size': { type: 'u32', value: 4 },
  });
  expect([...tensors.keys()]).toEqual(['blk.0.attn_q.weight.counts', 'blk.0.attn_q.weight.in_sum2', 'blk.0.ffn_down.weight.counts', 'blk.0.ffn_down.weight.in_sum2']);
  const sums = tensors.get('blk.0.attn_q.weight.in_sum2')!;
  expect(sums.shape).toEqual([1, 32]);
  expect(toFloat32({ dtype: 'F32', shape: sums.shape, data: sums.data })[3]).toBe(6);
  const again = readImatrix(file, { model });
  expect(Object.fromEntries(again.values)).toEqual(Object.fromEntries(values));
  expect(Object.fromEntries(again.tokens)).toEqual(Object.fromEntries(importance.tokens));
});

test('the older binary form is read: entries of name, calls and sums', () => {
  const name = new TextEncoder().encode('blk.0.ffn_up.weight');
  const i32 = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
  const sums = new Uint8Array(Float32Array.from({ length: 32 }, (_, i) => 10 * i).buffer);
  const file = Buffer.concat([i32(1), i32(name.length), name, i32(5), i32(32), sums, i32(2), i32(1), Buffer.from('x')]);
  const { values, tokens } = readImatrix(file, { model });
  expect([...values.keys()]).toEqual(['model.layers.0.mlp.up_proj.weight']);
  expect(values.get('model.layers.0.mlp.up_proj.weight')![3]).toBe(6);
  expect(tokens.get('model.layers.0.mlp.up_proj.weight')).toBe(5);
  for (let length = 0; length < file.length - 9; length++) expect(() => readImatrix(file.subarray(0, length), { model })).toThrow(expect.objectContaining({ name: 'GgufError' }));
});

test('other files, other models and numbers that are not finite are refused', () => {
  const q = 'model.layers.0.self_attn.q_proj.weight';
  const file = (value: number): Uint8Array => writeImatrix({ values: new Map([[q, new Float32Array(32).fill(value)]]), tokens: new Map([[q, 1]]) }, { model });
  expect(() => readImatrix(file(NaN), { model })).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
  expect(() => readImatrix(file(-1), { model })).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
  expect(() => readImatrix(writeGguf({ 'general.architecture': 'llama' }, []), { model })).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
  const other = createModel({ model_type: 'gpt2', n_embd: 32, n_layer: 1, n_head: 2, vocab_size: 8, n_positions: 4 });
  expect(() => readImatrix(file(1), { model: other })).toThrow(expect.objectContaining({ code: 'E_WEIGHTS' }));
  expect(() => writeImatrix({ values: new Map([['lm_head.other', new Float32Array(1)]]), tokens: new Map() }, { model })).toThrow(expect.objectContaining({ code: 'E_WEIGHTS' }));
});

test('an export by importance differs, and gives the tensors that have none the same bytes', async () => {
  const wide = createModel({ ...{ model_type: 'llama', hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 1, num_key_value_heads: 1, vocab_size: 16, max_position_embeddings: 16 } });
  const params = wide.init(2);
  const path = 'model.layers.0.mlp.up_proj.weight';
  const importance = new Map([[path, Float32Array.from({ length: 32 }, (_, i) => (i % 3 === 0 ? 50 : 1))]]);
  const bytes = async (plan: ReturnType<typeof planGguf>): Promise<Record<string, string>> => Object.fromEntries(await Promise.all(plan.tensors.map(async ([name, { data }]) => [name, Buffer.from(await data()).toString('hex')])));
  const [without, by] = [await bytes(planGguf(wide, params, { mixture: 'Q4_0' })), await bytes(planGguf(wide, params, { mixture: 'Q4_0', importance }))];
  expect(Object.keys(by).filter((name) => by[name] !== without[name])).toEqual(['blk.0.ffn_up.weight']);
  disposeTree(params);
});

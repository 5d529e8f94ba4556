import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '@llm/model';
import { flatten, toFloat32, useDevice } from '@llm/tensor';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onnxFloat16, onnxFloat32 } from '../onnx/formats/float.ts';
import { onnxQ4 } from '../onnx/formats/q4.ts';
import { onnxFiles } from '../onnx/onnx-files.ts';
import { onnxModel } from '../onnx/onnx-model.ts';
import { readOnnx } from '../onnx/read-onnx.ts';
import { onnxBytes } from '../onnx/write-onnx.ts';
import { saveOnnx } from './onnx-folder.ts';

let folder: string;
beforeEach(async () => {
  await useDevice('wasm', { threads: 2 });
  folder = mkdtempSync(join(tmpdir(), 'llm-onnx-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CONFIG = {
  model_type: 'llama', vocab_size: 40, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 1, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 16,
  bos_token_id: 1, eos_token_id: [2, 3],
};
const json = (name: string): Record<string, any> => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, any>;

test('the folder is what transformers.js opens', async () => {
  const model = createModel(CONFIG);
  const tokenizer = { json: JSON.stringify({ added_tokens: [{ id: 1, content: '<s>' }, { id: 2, content: '</s>' }], model: {} }), config: { chat_template: '{{ messages }}' } };
  const { files } = await saveOnnx(folder, { model, params: model.init(1), formats: [onnxFloat16(), onnxQ4()], tokenizer, generation: { temperature: 0.7 } });
  expect(files.map(({ name }) => name)).toEqual(['onnx/model_fp16.onnx', 'onnx/model_q4.onnx', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json', 'config.json']);
  for (const { name, bytes } of files) expect(readFileSync(join(folder, name)).length, name).toBe(bytes);
  expect(readdirSync(join(folder, 'onnx'))).toEqual(['model_fp16.onnx', 'model_q4.onnx']);
  expect(json('config.json')).toMatchObject({ model_type: 'llama', num_key_value_heads: 2, head_dim: 8, 'transformers.js_config': { dtype: 'fp16', kv_cache_dtype: { fp16: 'float16' } } });
  // Another format later, its weights beside the graph: what was said of the others stays.
  await saveOnnx(folder, { model, params: model.init(1), formats: [onnxFloat32()], external: true });
  expect(readdirSync(join(folder, 'onnx'))).toEqual(['model.onnx', 'model.onnx_data', 'model_fp16.onnx', 'model_q4.onnx']);
  expect(json('config.json')['transformers.js_config']).toEqual({ dtype: 'fp32', kv_cache_dtype: { fp16: 'float16' }, use_external_data_format: { 'model.onnx': 1 } });
  await saveOnnx(folder, { model, params: model.init(1), generation: { temperature: 0.7 } });
  expect(json('config.json')['transformers.js_config']).toEqual({ dtype: 'fp32', kv_cache_dtype: { fp16: 'float16' } });
  expect(json('generation_config.json')).toEqual({ bos_token_id: 1, eos_token_id: [2, 3], temperature: 0.7 });
  expect(json('tokenizer_config.json')).toMatchObject({ bos_token: '<s>', eos_token: '</s>', chat_template: '{{ messages }}', model_max_length: 16 });
});

test('weights beside the graph are found where it says, in as many files as asked for, pages apart where they are large', async () => {
  const model = createModel({ ...CONFIG, vocab_size: 9000 });
  const params = model.init(2);
  const exported = onnxModel(model, params, { format: onnxFloat32() });
  const inside = readOnnx(await onnxBytes(exported));
  const { files } = await saveOnnx(folder, { model, params, external: true });
  expect(files.map(({ name }) => name).slice(0, 2)).toEqual(['onnx/model.onnx', 'onnx/model.onnx_data']);
  expect(json('config.json')['transformers.js_config']).toEqual({ dtype: 'fp32', use_external_data_format: { 'model.onnx': 1 } });
  const outside = readOnnx(readFileSync(join(folder, 'onnx/model.onnx')));
  const data = readFileSync(join(folder, 'onnx/model.onnx_data'));
  let beside = 0;
  for (const [name, stored] of outside.initializers) {
    const expected = inside.initializers.get(name)!.data as Uint8Array;
    if (stored.data instanceof Uint8Array) {
      expect(expected.length).toBeLessThan(1024);
      continue;
    }
    beside++;
    if (expected.length >= 2 ** 20) expect(stored.data.offset % 2 ** 16).toBe(0);
    expect(Buffer.compare(data.subarray(stored.data.offset, stored.data.offset + expected.length), expected), name).toBe(0);
  }
  expect(beside).toBe(9);
  const head = inside.initializers.get('model.embed_tokens.weight')!;
  expect([...toFloat32({ dtype: 'F32', shape: [...head.shape], data: head.data as Uint8Array })]).toEqual([...flatten(params)['model.embed_tokens.weight']!.dataSync()]);

  const parts = onnxFiles(exported, { name: 'model.onnx', external: true, maxDataBytes: 1_200_000 });
  expect(parts.map(({ name }) => name)).toEqual(['model.onnx', 'model.onnx_data', 'model.onnx_data_1']);
  for (const { chunks, bytes } of parts) {
    let length = 0;
    for await (const chunk of chunks()) length += chunk.length;
    expect(length).toBe(bytes);
  }
});

test('a failed export leaves no half of a file, and what was there', async () => {
  const model = createModel(CONFIG);
  const params = model.init(3);
  await saveOnnx(folder, { model, params, formats: [onnxFloat16()] });
  const before = readFileSync(join(folder, 'onnx/model_fp16.onnx'));
  (params as any).lm_head.weight.dispose();
  await expect(saveOnnx(folder, { model, params, formats: [onnxFloat16()] })).rejects.toThrow('disposed');
  expect(readdirSync(join(folder, 'onnx'))).toEqual(['model_fp16.onnx']);
  expect(readFileSync(join(folder, 'onnx/model_fp16.onnx')).equals(before)).toBe(true);
});

test('a damaged file is refused with a word about it', async () => {
  const model = createModel(CONFIG);
  const file = await onnxBytes(onnxModel(model, model.init(4), { format: onnxFloat32() }));
  expect(() => readOnnx(file.subarray(0, file.length - 100))).toThrow(expect.objectContaining({ code: 'E_FILE' }));
  expect(() => readOnnx(new Uint8Array())).toThrow('expected a model with a graph but found none');
});

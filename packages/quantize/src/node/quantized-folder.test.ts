import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, type Model, type ModelConfig } from '@llm/model';
import { disposeTree, flatten, isWeight, leaves, memory, nf4, readSafetensors, scope, tensor, type Tree, useDevice, withExactProducts } from '@llm/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIG, text } from '../fixtures/trained-model.ts';
import { awq, awqFile, bitsandbytesFile, compressedTensorsFile, type FileFormat, gptq, gptqFile, hqq, quantize, type Quantized, quantizeCalibrated, rtn } from '../index.ts';
import { loadQuantized } from './load-quantized.ts';
import { saveQuantized } from './save-quantized.ts';

/** Where the folders stay for another program to read: `interop.py` beside the fixtures. */
const KEPT = process.env['LLM_INTEROP'];
const folder = KEPT ?? mkdtempSync(join(tmpdir(), 'llm-quantized-'));
const batches = [text(4, 5)];
const llama = { ...CONFIG, bos_token_id: 0, eos_token_id: 1, tie_word_embeddings: true, rope_theta: 10_000, vocab_size: 48 };
const gpt2 = { model_type: 'gpt2', vocab_size: 48, n_positions: 64, n_embd: 64, n_head: 4, n_layer: 1, bos_token_id: 0, eos_token_id: 1 };

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });
afterAll(() => { if (KEPT === undefined) rmSync(folder, { recursive: true }); });

type Make = (model: Model<ModelConfig>, params: Tree) => Promise<Quantized>;
const half = { groupSize: 32, scaleDtype: 'F16' } as const;
const CASES: [string, FileFormat, Record<string, unknown>, Make][] = [
  ['gptq', gptqFile, llama, (model, params) => quantizeCalibrated(model, params, { method: gptq(half), batches })],
  ['gptq-order', gptqFile, llama, (model, params) => quantizeCalibrated(model, params, { method: gptq({ ...half, symmetric: false, staticGroups: false }), batches })],
  ['gptq-gpt2', gptqFile, gpt2, (_, params) => quantize(params, { format: rtn({ ...half, bits: 8 }) })],
  ['awq', awqFile, llama, (model, params) => awq(model, params, { ...half, batches })],
  ['compressed', compressedTensorsFile, llama, (_, params) => quantize(params, { format: rtn({ groupSize: 32 }) })],
  ['compressed-int8', compressedTensorsFile, llama, (_, params) => quantize(params, { format: rtn({ bits: 8, groupSize: -1 }) })],
  ['compressed-zero', compressedTensorsFile, llama, (_, params) => quantize(params, { format: hqq({ groupSize: 32, wholeZeros: true }) })],
  ['nf4', bitsandbytesFile, llama, (_, params) => quantize(params, { format: nf4() })],
  ['nf4-nested', bitsandbytesFile, llama, (_, params) => quantize(params, { format: nf4({ doubleQuantized: true }) })],
];

const logits = (model: Model<ModelConfig>, params: Tree): Float32Array => withExactProducts(() => scope(() => model.apply(params, { ids: tensor(text(1, 9).ids, [1, 32], 'int32') }).dataSync() as Float32Array));

describe.each(CASES)('%s', (name, format, config, make) => {
  test('a folder is read again as it was written, the same logits to the bit', async () => {
    const model = createModel(config);
    const { params } = await make(model, model.init(4));
    const path = join(folder, name);
    const { fileNames } = await saveQuantized(path, { model, params, format });
    expect(fileNames).toContain('model.safetensors');
    const settings = (JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as { quantization_config: Record<string, unknown> }).quantization_config;
    expect(settings['quant_method']).toBe(format.method);
    const before = memory().tensors;
    const again = await loadQuantized(path);
    expect(memory().tensors - before).toBe(Object.keys(flatten(again.params)).length);
    expect(leaves(again.params).map(([at, leaf]) => [at, isWeight(leaf)])).toEqual(expect.arrayContaining(leaves(params).map(([at, leaf]) => [at, isWeight(leaf)])));
    expect(logits(again.model, again.params)).toEqual(logits(model, params));
    if (KEPT !== undefined) writeFileSync(join(path, 'expected.json'), JSON.stringify({ ids: [...text(1, 9).ids], logits: [...logits(model, params)] }));
    disposeTree(again.params);
  });
});

test('a configuration without quantization, with a method that is not read, or with other sizes is refused', async () => {
  const path = join(folder, 'compressed');
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as Record<string, unknown>;
  const write = (json: unknown): void => writeFileSync(join(folder, 'config.json'), JSON.stringify(json));
  writeFileSync(join(folder, 'model.safetensors'), readFileSync(join(path, 'model.safetensors')));
  const { quantization_config: settings, ...plain } = config;
  write(plain);
  await expect(loadQuantized(folder)).rejects.toThrow('expected quantization_config in config.json but found none');
  write({ ...plain, quantization_config: { quant_method: 'aqlm' } });
  await expect(loadQuantized(folder)).rejects.toThrow('expected quantization_config of gptq, awq, compressed-tensors, bitsandbytes');
  write({ ...config, intermediate_size: 64 });
  const before = memory().tensors;
  await expect(loadQuantized(folder)).rejects.toThrow('Use the config.json that belongs to this checkpoint');
  expect(memory().tensors).toBe(before);
  expect(settings).toBeDefined();
  expect(readSafetensors(readFileSync(join(path, 'model.safetensors'))).tensors.has('model.layers.0.mlp.up_proj.weight_packed')).toBe(true);
  rmSync(join(folder, 'config.json'));
  rmSync(join(folder, 'model.safetensors'));
});

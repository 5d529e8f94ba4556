import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeTree, flatten, memory, readSafetensors, scope, tensor, type Tree, useDevice, writeSafetensors } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import type { Model } from '@llm/model';
import { beforeAll, describe, expect, test } from 'vitest';
import { adapterCase, goldenModel } from '../fixtures/golden.ts';
import { adapterOf, attach, detach, disposeAdapter } from '../adapter.ts';
import { isLoraLayer } from '../layers/lora-layer.ts';
import { lora } from '../lora.ts';
import { merge } from '../merge.ts';
import { loadAdapter, saveAdapter } from '../node/adapter-folder.ts';
import { modulesOf } from '../targets/modules.ts';
import { readPeft } from './read-peft.ts';
import { writePeft } from './write-peft.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const logitsOf = (model: Model, params: Tree, ids: Int32Array, shape: [number, number]): Float32Array => (
  scope(() => model.apply(params, { ids: tensor(ids, shape, 'int32') }).dataSync() as Float32Array));

describe.each([
  'llama-lora', 'llama-rslora', 'llama-dora', 'llama-embed', 'llama-embed-dora', 'gpt2-lora', 'gpt2-rslora', 'gpt2-dora', 'llama-ia3', 'gpt2-ia3', 'llama-adalora', 'gpt2-adalora',
])('%s', (name) => {
  const { files, ids, shape, logits } = adapterCase(name);
  const config = JSON.parse(files.config) as Record<string, unknown>;

  test('gives the logits of PEFT, merged too, and leaves nothing behind', async () => {
    const { model, params } = goldenModel(name.split('-')[0]!);
    const plain = logitsOf(model, params, ids, shape);
    const before = memory().tensors;
    const { adapter } = readPeft(files);
    const adapted = attach(params, adapter);
    expectClose(logitsOf(model, adapted, ids, shape), logits, { tolerance: 1e-4 });
    expectClose(scope(() => model.hidden(adapted, { ids: tensor(ids, shape, 'int32') }, { checkpointed: true }).dataSync()),
      scope(() => model.hidden(adapted, { ids: tensor(ids, shape, 'int32') }).dataSync()), { tolerance: 1e-6 });
    const merged = await merge(adapted);
    expectClose(logitsOf(model, merged, ids, shape), logitsOf(model, adapted, ids, shape), { tolerance: 1e-5 });
    expect(logitsOf(model, detach(adapted), ids, shape)).toEqual(plain);
    const kept = new Set(Object.values(flatten(params)));
    for (const made of Object.values(flatten(merged))) if (!kept.has(made)) made.dispose();
    disposeAdapter(adapter);
    expect(memory().tensors).toBe(before);
  });

  test('is written with the names, shapes and bits that PEFT wrote, and the fields that it reads', async () => {
    const { params } = goldenModel(name.split('-')[0]!);
    const { adapter } = readPeft(files);
    const written = await writePeft(adapterOf(attach(params, adapter)), { baseModel: String(config['base_model_name_or_path']), modules: modulesOf(params).map((module) => module.name) });
    const theirs = readSafetensors(files.model).tensors;
    const ours = readSafetensors(written.model);
    expect([...ours.tensors.keys()].sort()).toEqual([...theirs.keys()].filter((key) => !key.endsWith('.base_layer.weight')).sort());
    for (const [key, { shape: found, data }] of ours.tensors) {
      expect(found, key).toEqual(theirs.get(key)!.shape);
      expect(Buffer.compare(Buffer.from(data), Buffer.from(theirs.get(key)!.data)), key).toBe(0);
    }
    expect([...ours.metadata]).toEqual([['format', 'pt']]);
    const fields = JSON.parse(written.config) as Record<string, unknown>;
    expect(Object.keys(fields)).toEqual(Object.keys(fields).sort());
    // What PEFT writes of patterns and targets may say the same in other words.
    for (const [key, value] of Object.entries(fields)) {
      if (!/pattern$|^(?:target|feedforward)_modules$|^modules_to_save$|^(?:target_r|total_step|r)$/.test(key) && key in config) expect(value, key).toEqual(config[key]);
    }
    disposeTree(params);
    disposeAdapter(adapter);
  });
});

test('a folder is read as it was written, targets named shortly, other ranks in a pattern', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'adapter-'));
  try {
    const { params } = goldenModel('llama');
    const adapted = lora(params, { targets: ['q_proj', 'k_proj'], layers: [1], rank: 4, rankPattern: { k_proj: 2 }, alpha: 16, modulesToSave: ['lm_head'] });
    const adapter = adapterOf(adapted);
    const { fileNames } = await saveAdapter(folder, { adapter, baseModel: 'tiny' });
    expect(fileNames).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    const text = await readFile(join(folder, 'adapter_config.json'), 'utf8');
    const config = JSON.parse(text) as Record<string, unknown>;
    expect(text.startsWith('{\n  "alpha_pattern": {},\n  "auto_mapping": null,\n  "base_model_name_or_path": "tiny"')).toBe(true);
    expect(text).toContain('"lora_dropout": 0.0');
    expect(config).toMatchObject({
      peft_type: 'LORA', r: 4, lora_alpha: 16, rank_pattern: { 'model\\.layers\\.1\\.self_attn\\.k_proj': 2 }, modules_to_save: ['lm_head'],
      target_modules: ['model.layers.1.self_attn.k_proj', 'model.layers.1.self_attn.q_proj'],
    });
    const again = await loadAdapter(folder);
    expect(Object.keys(again.adapter.layers).sort()).toEqual(Object.keys(adapter.layers).sort());
    for (const [module, layer] of Object.entries(again.adapter.layers)) {
      const before = adapter.layers[module]!;
      expect(isLoraLayer(layer) && layer.settings).toEqual(isLoraLayer(before) && before.settings);
      for (const [key, value] of Object.entries(layer.tensors)) expect(value.dataSync()).toEqual(before.tensors[key]!.dataSync());
    }
    expect(Object.keys(flatten(attach(params, again.adapter))).sort()).toEqual(Object.keys(flatten(adapted)).sort());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what is no adapter of the model is refused, with what is wrong', async () => {
  const { params } = goldenModel('llama');
  const { files } = adapterCase('llama-lora');
  const { tensors } = readSafetensors(files.model);
  const changed = (change: (config: Record<string, unknown>) => void): string => {
    const config = JSON.parse(files.config) as Record<string, unknown>;
    change(config);
    return JSON.stringify(config);
  };
  const before = memory().tensors;
  const refused: [() => unknown, string, string][] = [
    [() => readPeft({ ...files, config: '{' }), 'E_CONFIG', 'expected JSON in adapter_config.json'],
    [() => readPeft({ ...files, config: '[]' }), 'E_CONFIG', 'expected an object'],
    [() => readPeft({ ...files, config: changed((c) => { c['peft_type'] = 'LOHA'; }) }), 'E_CONFIG', 'but found LOHA'],
    [() => readPeft({ ...files, config: changed((c) => { c['peft_type'] = '__proto__'; }) }), 'E_CONFIG', 'but found __proto__'],
    [() => readPeft({ ...files, config: changed((c) => { c['lora_alpha'] = 'many'; }) }), 'E_CONFIG', 'expected a number for lora_alpha'],
    [() => readPeft({ ...files, config: changed((c) => { c['alpha_pattern'] = { '(a*)*b': 2 }; }) }), 'E_CONFIG', 'expected alpha_pattern'],
    [() => readPeft({ ...files, config: changed((c) => { c['use_dora'] = true; }) }), 'E_ADAPTER', 'expected lora_magnitude_vector for'],
    [() => readPeft({ ...files, config: changed((c) => { c['lora_bias'] = true; }) }), 'E_CONFIG', 'without lora_bias'],
    [() => readPeft({ ...files, model: writeSafetensors(new Map([...tensors].slice(1))) }), 'E_ADAPTER', 'expected lora_A for'],
    [() => readPeft({ ...files, model: writeSafetensors(new Map([...tensors].map(([key, raw]) => [key.replace('base_model.model.', ''), raw]))) }), 'E_ADAPTER', 'expected tensors named base_model.model.'],
  ];
  for (const [run, code, message] of refused) {
    expect(run).toThrow(expect.objectContaining({ name: 'LoraError', code, message: expect.stringContaining(message) }));
  }
  expect(memory().tensors).toBe(before);
  const { adapter } = readPeft(files);
  const gpt2 = goldenModel('gpt2');
  expect(() => attach(gpt2.params, adapter)).toThrow(expect.objectContaining({ code: 'E_ADAPTER', message: expect.stringContaining('model.layers.0.mlp.down_proj.weight is no parameter of the model') }));
  const folder = await mkdtemp(join(tmpdir(), 'adapter-'));
  await writeFile(join(folder, 'adapter_model.bin'), 'pickle');
  await expect(loadAdapter(folder)).rejects.toThrow(expect.objectContaining({ code: 'E_NOT_FOUND', message: expect.stringContaining('a pickle is never read') }));
  await rm(folder, { recursive: true, force: true });
  disposeTree(params);
});

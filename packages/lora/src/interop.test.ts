// Every kind of adapter is trained, saved and read again; with LLM_INTEROP=FOLDER the folders stay for fixtures/interop.py.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flatten, type RawTensor, readSafetensors, scope, tensor, type Tree, useDevice, writeSafetensors } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expectClose } from '@llm/testing';
import { expect, test } from 'vitest';
import { adalora } from './adalora.ts';
import { adapterOf, attach, trainable } from './adapter.ts';
import { causalLoss, floats, goldenBatches, goldenModel, ints } from './fixtures/golden.ts';
import { ia3 } from './ia3.ts';
import { lora } from './lora.ts';
import { readPeft } from './peft/read-peft.ts';
import { writePeft } from './peft/write-peft.ts';
import { readPrompt, writePrompt } from './prompt/peft-prompt.ts';
import { prefixTuning } from './prompt/prefix-tuning.ts';
import { promptTuning, pTuning } from './prompt/prompt-tuning.ts';
import { prompted } from './prompt/prompted.ts';
import { modulesOf } from './targets/modules.ts';

type Make = (params: Tree, model: ReturnType<typeof goldenModel>['model']) => Tree | Promise<Tree>;
const CASES: [string, string, Make][] = [
  ['lora', 'llama', (params) => lora(params, { targets: 'all-linear', rank: 4, alpha: 16 })],
  ['rslora', 'llama', (params) => lora(params, { targets: ['q_proj', 'up_proj'], rank: 4, rankPattern: { up_proj: 2 }, alphaPattern: { q_proj: 3 }, rsLora: true })],
  ['dora', 'llama', (params) => lora(params, { targets: ['q_proj', 'v_proj'], rank: 4, dora: true, modulesToSave: ['lm_head', 'norm'] })],
  ['embedding', 'llama', (params) => lora(params, { targets: ['embed_tokens', 'k_proj'], rank: 4 })],
  ['lora', 'gpt2', (params) => lora(params, { targets: 'all-linear', rank: 4 })],
  ['rslora', 'gpt2', (params) => lora(params, { modelType: 'gpt2', rank: 4, rsLora: true })],
  ['dora', 'gpt2', (params) => lora(params, { targets: ['c_attn', 'c_fc'], rank: 4, dora: true, modulesToSave: ['lm_head'] })],
  ['lora', 'qwen2', (params) => lora(params, { modelType: 'qwen2', rank: 2 })],
  ['lora', 'qwen3', (params) => lora(params, { targets: ['o_proj'], layers: [1], rank: 2 })],
  ['ia3', 'llama', (params) => ia3(params, { modelType: 'llama' })],
  ['ia3', 'gpt2', (params) => ia3(params, { modelType: 'gpt2' })],
  ['adalora', 'llama', (params) => adalora(params, { targets: ['q_proj', 'v_proj'], initialRank: 4 })],
  ['prompt', 'llama', (params) => promptTuning(params, { tokens: 3 })],
  ['p-tuning', 'llama', (params) => pTuning(params, { tokens: 3 })],
  ['prefix', 'llama', (params, model) => prefixTuning(params, { tokens: 3, model })],
  ['prefix', 'gpt2', (params, model) => prefixTuning(params, { tokens: 3, model, hiddenSize: 8 })],
];

/** Writes `<kind>-<model>/` for every case into a folder. */
async function writeInterop(folder: string): Promise<void> {
  await useDevice('wasm', { threads: 2 });
  for (const [kind, name, make] of CASES) {
    const { model: bare, params } = goldenModel(name);
    const { batches, shape } = goldenBatches(name === 'gpt2' ? 'gpt2' : 'llama');
    const tree = await make(params, bare);
    const model = prompted(bare);
    for await (const step of train({ params: tree, loss: causalLoss(model, shape), batches, steps: 5, optimizer: adamw({ lr: 0.02 }), trainable: trainable(tree) })) void step;
    const virtual = Object.keys(flatten(tree)).some((path) => /^(prompt|prefix)_encoder/.test(path));
    const place = { baseModel: `models/${name}` };
    const files = virtual ? await writePrompt(tree, { model, ...place }) : await writePeft(adapterOf(tree), { ...place, modules: modulesOf(params).map((module) => module.name) });
    const ids = batches[0]!.ids.slice(0, 20);
    const logits = scope(() => model.apply(tree, { ids: tensor(ids, [2, 10], 'int32') }).dataSync() as Float32Array);
    const raw = (dtype: 'I32' | 'F32', values: Int32Array | Float32Array, sizes: number[]): RawTensor => ({ dtype, shape: sizes, data: new Uint8Array(values.slice().buffer) });
    const out = join(folder, `${kind}-${name}`);
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'adapter_config.json'), files.config);
    writeFileSync(join(out, 'adapter_model.safetensors'), files.model);
    writeFileSync(join(out, 'expected.safetensors'), writeSafetensors(new Map([['ids', raw('I32', ids, [2, 10])], ['logits', raw('F32', logits, [2, 10, model.shape.vocabSize])]])));
  }
}

test('what is trained and saved gives the same logits when it is read again', async () => {
  const folder = process.env['LLM_INTEROP'] ?? mkdtempSync(join(tmpdir(), 'interop-'));
  try {
    await writeInterop(folder);
    const names = readdirSync(folder);
    expect(names).toHaveLength(16);
    for (const name of names) {
      const { model, params } = goldenModel(name.split('-').at(-1)!);
      const files = { config: readFileSync(join(folder, name, 'adapter_config.json'), 'utf8'), model: readFileSync(join(folder, name, 'adapter_model.safetensors')) };
      const virtual = /^(?:prompt|p-tuning|prefix)-/.test(name);
      const tree = virtual ? readPrompt(params, files) : attach(params, readPeft(files).adapter);
      const { tensors } = readSafetensors(readFileSync(join(folder, name, 'expected.safetensors')));
      const logits = scope(() => prompted(model).apply(tree, { ids: tensor(ints(tensors.get('ids')!), [2, 10], 'int32') }).dataSync());
      expectClose(logits, floats(tensors.get('logits')), { tolerance: 1e-5, name });
    }
  } finally {
    if (process.env['LLM_INTEROP'] === undefined) rmSync(folder, { recursive: true, force: true });
  }
});

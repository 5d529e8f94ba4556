import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { disposeTree, memory, readSafetensors, scope, tensor, toFloat32, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { createModel } from '../config/create-model.ts';
import { generate } from '../generate/generate.ts';
import { greedy } from '../generate/temperature.ts';
import { paramsFromTensors } from '../checkpoint/checkpoint.ts';
import type { ModelConfig } from '../config/config.ts';
import type { Model } from '../model.ts';

const at = (name: string): string => fileURLToPath(new URL(`../../../../tests/golden/models/${name}`, import.meta.url));
const json = <T>(name: string): T => JSON.parse(readFileSync(at(name), 'utf8')) as T;
const tensors = (name: string): ReturnType<typeof readSafetensors>['tensors'] => readSafetensors(readFileSync(at(name))).tensors;

interface Continuations { max_new_tokens: number; prompts: number[][]; continuations: number[][]; with_eos: { eos_token_id: number; continuations: number[][] } }

/** Compares the logits of the three prompts, within 1e-4, and the states after each block for the second. */
function compare(model: Model<ModelConfig>, name: string): void {
  const params = paramsFromTensors(model, tensors(`${name}/model.safetensors`));
  const stored = tensors(`${name}/logits.safetensors`);
  for (const prompt of [0, 1, 2]) {
    const raw = stored.get(`ids.${prompt}`)!;
    const ids = Int32Array.from(toFloat32(raw));
    const seen = new Map<string, ArrayLike<number>>();
    const logits = scope(() => model.apply(params, { ids: tensor(ids, [1, ids.length], 'int32') }, {
      capture: (path, value) => seen.set(path, value.dataSync()),
    }).dataSync());
    expectClose(logits, toFloat32(stored.get(`logits.${prompt}`)!), { tolerance: 1e-4, name: `logits.${prompt}` });
    const block = model.config.modelType === 'gpt2' ? 'transformer.h' : 'model.layers';
    expect([...seen.keys()]).toEqual([0, 1].flatMap((i) => [`${block}.${i}.${block === 'model.layers' ? 'self_attn' : 'attn'}`, `${block}.${i}.mlp`]));
    if (prompt === 1) expectClose(seen.get(`${block}.0.mlp`)!, toFloat32(stored.get('hidden_states.1')!), { tolerance: 1e-4, name: 'hidden_states.1' });
  }
  disposeTree(params);
}

const NAMES = ['gpt2', 'llama', 'llama-tied', 'qwen2', 'qwen3'];

describe('on wasm', () => {
  beforeAll(async () => {
    await useDevice();
  });

  test.each(NAMES)('%s: logits as transformers has them, by either config', (name) => {
    compare(createModel(json(`${name}/config.json`)), name);
    compare(createModel(json(`${name}/config.legacy.json`)), name);
  });

  test.each(NAMES)('%s: greedy continuations as transformers has them, alone and in a batch', async (name) => {
    const model = createModel(json(`${name}/config.json`));
    const params = paramsFromTensors(model, tensors(`${name}/model.safetensors`));
    const { max_new_tokens: maxTokens, prompts, continuations, with_eos } = json<Continuations>(`${name}/generate.json`);
    const run = async (batch: number[][], eosIds: number[]): Promise<number[][]> => {
      const rows: number[][] = batch.map(() => []);
      for await (const { row, id } of generate(model, params, batch, { sampler: greedy, maxTokens, eosIds })) rows[row]!.push(id);
      return rows;
    };
    await run(prompts, []);
    const before = memory().tensors;
    expect(await run(prompts, [])).toEqual(continuations);
    expect(await run(prompts, [with_eos.eos_token_id])).toEqual(with_eos.continuations);
    for (const [i, prompt] of prompts.entries()) expect(await run([prompt], [])).toEqual([continuations[i]]);
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });
});

test('on cpu: the logits of llama', async () => {
  await useDevice('cpu');
  compare(createModel(json('llama/config.json')), 'llama');
  await useDevice();
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '@llm/model';
import { savePretrained } from '@llm/model/node';
import { disposeTree, useDevice, writeSafetensors } from '@llm/tensor';
import { trainBpe } from '@llm/tokenizer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { llm } from './command.ts';

const CONFIG = { model_type: 'llama', vocab_size: 260, hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 32 };

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'faults-model-'));
  await useDevice();
  const model = createModel(CONFIG);
  const params = model.init(0);
  const tokenizer = await trainBpe(['some words and some more words'], { vocabSize: 260, specialTokens: ['<|end|>'] });
  await savePretrained(folder, { model, params, tokenizer: { json: JSON.stringify(tokenizer.toJSON()) } });
  disposeTree(params);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const say = 'generate . --prompt some --max-tokens 2';

test('a model with its own tokenizer speaks', async () => {
  expect(await llm(say, folder)).toMatchObject({ code: 0 });
});

test('a tokenizer of more tokens than the model has belongs to another model', async () => {
  const other = await trainBpe(['other words of another model, which knows many more of them'], { vocabSize: 280 });
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(other.toJSON()));
  const { code, err } = await llm(say, folder);
  expect(code).toBe(1);
  expect(err).toMatch(/E_TOKENIZER: llm: expected a tokenizer of at most 260 tokens, as the model in .* has, but found one of 280\. Put back the tokenizer\.json/);
});

test('a configuration of another shape is refused with the first five differences; nothing is made up', async () => {
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...CONFIG, hidden_size: 24, tie_word_embeddings: true }));
  const { code, err } = await llm(say, folder);
  expect(code).toBe(1);
  expect(err).toMatch(/E_WEIGHTS: loadPretrained: expected the \d+ tensors of the configuration but found \d+ that differ/);
  expect(err.match(/has shape \[/g)).toHaveLength(5);
});

test('values that are not finite, empty tensors and those without dimensions are read, and counted by inspect', async () => {
  const data = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
  writeFileSync(join(folder, 'odd.safetensors'), writeSafetensors(new Map([
    ['bad', { dtype: 'F32', shape: [3], data: data(Number.NaN, Infinity, 1) }],
    ['empty', { dtype: 'F32', shape: [0, 4], data: data() }],
    ['single', { dtype: 'F32', shape: [], data: data(7) }],
  ])));
  const { code, out } = await llm('inspect odd.safetensors --json', folder);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ tensors: [{ name: 'bad', nan: 1, infinite: 1 }, { name: 'empty', nan: 0 }, { name: 'single', shape: [], nan: 0 }] });
  expect((await llm('inspect odd.safetensors', folder)).out).toContain('1 with values that are not finite');
});

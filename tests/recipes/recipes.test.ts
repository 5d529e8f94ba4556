import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '@llm/model';
import { loadPretrained, savePretrained } from '@llm/model/node';
import { disposeTree, useDevice } from '@llm/tensor';
import { tokenizerToText, trainBpe } from '@llm/tokenizer';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

// Every flat trainer, from top to bottom, on a model that a test can afford.
let cwd: string;
let device: string | undefined;
const sums = [['2+2', '4'], ['1+2', '3'], ['3+2', '5'], ['4+2', '6'], ['1+1', '2'], ['5+2', '7'], ['6+2', '8'], ['7+2', '9']] as const;
const wordings = ['', 'Say ', 'What is ', 'Tell me ', 'Count ', 'Add ', 'Find ', 'Give me ', 'Work out ', 'Please say '];
const jsonl = (name: string, records: readonly unknown[]): void => { writeFileSync(join(cwd, name), records.map((record) => `${JSON.stringify(record)}\n`).join('')); };

beforeAll(async () => {
  device = process.env.LLM_DEVICE;
  process.env.LLM_DEVICE = 'wasm';
  cwd = mkdtempSync(join(tmpdir(), 'recipes-'));
  await useDevice('wasm', { threads: 2 });
  const tokenizer = await trainBpe([sums.flat().join(' ')], { vocabSize: 258, specialTokens: ['<|endoftext|>'] });
  const eos = tokenizer.specialTokens.get('<|endoftext|>')!;
  const model = createModel({
    model_type: 'llama', vocab_size: tokenizer.size, hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 128,
    tie_word_embeddings: true, bos_token_id: eos, eos_token_id: eos,
  });
  const params = model.init(0);
  await savePretrained(join(cwd, 'base'), { model, params, tokenizer: { json: tokenizerToText(tokenizer) } });
  disposeTree(params);
  const asked = sums.flatMap(([question, answer]) => wordings.map((wording) => ({ prompt: `${wording}${question}=`, answer })));
  jsonl('pairs.jsonl', asked.map(({ prompt, answer }) => ({ messages: [{ role: 'user', content: prompt }, { role: 'assistant', content: answer }] })));
  jsonl('preferences.jsonl', asked.map(({ prompt, answer }) => ({ prompt, chosen: answer, rejected: `${answer}${answer}` })));
  jsonl('questions.jsonl', asked);
});
afterAll(() => {
  if (device === undefined) delete process.env.LLM_DEVICE;
  else process.env.LLM_DEVICE = device;
  rmSync(cwd, { recursive: true, force: true });
});
afterEach(() => { vi.restoreAllMocks(); });

const RECIPES: Readonly<Record<string, { load: () => Promise<unknown>; data: string; more?: string[]; saved: string }>> = {
  'sft.mjs': { load: () => import('../../recipes/sft.mjs'), data: 'pairs.jsonl', saved: 'model.safetensors' },
  'lora.mjs': { load: () => import('../../recipes/lora.mjs'), data: 'pairs.jsonl', saved: 'adapter_model.safetensors' },
  'dpo.mjs': { load: () => import('../../recipes/dpo.mjs'), data: 'preferences.jsonl', saved: 'model.safetensors' },
  'grpo.mjs': { load: () => import('../../recipes/grpo.mjs'), data: 'questions.jsonl', more: ['2'], saved: 'model.safetensors' },
  'distill.mjs': { load: () => import('../../recipes/distill.mjs'), data: 'pairs.jsonl', saved: 'model.safetensors' },
};

test.each(Object.entries(RECIPES))('%s trains and saves', async (name, { load, data, more = [], saved }) => {
  const said: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((...parts) => { said.push(parts.map(String).join(' ')); });
  const argv = process.argv;
  process.argv = ['node', name, join(cwd, 'base'), join(cwd, data), join(cwd, `out-${name}`), ...more];
  try {
    await load();
  } finally {
    process.argv = argv;
  }
  expect(said.at(-1)).toContain(`saved ${join(cwd, `out-${name}`)}`);
  expect(said.some((line) => line.startsWith('step 1/'))).toBe(true);
  expect(existsSync(join(cwd, `out-${name}`, saved))).toBe(true);
  // Nothing is right by chance in two rounds of a random model, and nothing to learn changes nothing.
  if (saved === 'model.safetensors' && name !== 'grpo.mjs') {
    const { params } = await loadPretrained(join(cwd, `out-${name}`));
    disposeTree(params);
    expect(readFileSync(join(cwd, `out-${name}`, saved)).equals(readFileSync(join(cwd, 'base', saved)))).toBe(false);
  }
});

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createModel } from '@llm/model';
import { savePretrained } from '@llm/model/node';
import { commands, type Io, runCli } from '@llm/pipeline/node';
import { disposeTree, useDevice } from '@llm/tensor';
import { tokenizerToText, trainBpe } from '@llm/tokenizer';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The four lives that llm init copies, each from its beginning to its end, at a size that takes seconds.
const recipe = (name: string): string => fileURLToPath(new URL(`../../recipes/${name}.yaml`, import.meta.url));
const WORDS = ['reader', 'writer', 'parser', 'model', 'token', 'record', 'buffer', 'module'];
const sentences = (count: number, from: number): string => Array.from({ length: count }, (_, i) => {
  const n = (i + from) * 7919;
  return `The ${WORDS[n % 8]!} of the ${WORDS[(n >> 3) % 8]!} returns what the ${WORDS[(n >> 6) % 8]!} keeps, and the text goes on with number ${i + from}.${i % 6 === 5 ? '\n\n' : ' '}`;
}).join('');
const SUMS = [['2+2', '4'], ['1+2', '3'], ['3+2', '5'], ['4+2', '6'], ['1+1', '2'], ['5+2', '7'], ['6+2', '8'], ['7+2', '9']] as const;

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'lives-'));
  for (const [folder, from] of [['text', 0], ['unseen', 9000]] as const) {
    mkdirSync(join(cwd, folder));
    for (let i = 0; i < 3; i++) writeFileSync(join(cwd, folder, `part-${i}.md`), sentences(60, from + 1000 * i));
  }
  const asked = SUMS.flatMap(([question, answer]) => ['', 'What is ', 'Say '].map((begin) => [`${begin}${question}`, answer] as const));
  const jsonl = (name: string, records: readonly unknown[]): void => { writeFileSync(join(cwd, name), records.map((record) => `${JSON.stringify(record)}\n`).join('')); };
  jsonl('pairs.jsonl', asked.map(([question, answer]) => ({ messages: [{ role: 'user', content: question }, { role: 'assistant', content: answer }] })));
  jsonl('preferences.jsonl', asked.map(([question, answer]) => ({ prompt: `${question}=`, chosen: answer, rejected: `${answer}${answer}` })));
  const config = { model_type: 'llama', hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 192, tie_word_embeddings: true };
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ ...config, vocab_size: 1 }));
  await useDevice('wasm', { threads: 2 });
  const tokenizer = await trainBpe([sentences(60, 0)], { vocabSize: 300, specialTokens: ['<|endoftext|>'] });
  const eos = tokenizer.specialTokens.get('<|endoftext|>')!;
  const model = createModel({ ...config, vocab_size: tokenizer.size, bos_token_id: eos, eos_token_id: eos });
  const params = model.init(0);
  await savePretrained(join(cwd, 'models/base'), { model, params, tokenizer: { json: tokenizerToText(tokenizer) } });
  disposeTree(params);
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

interface Lived {
  readonly code: number;
  readonly err: string;
  readonly lines: readonly (Record<string, unknown> & { type: string })[];
  /** The steps that were done, in order, and how their gates went. */
  readonly done: readonly string[];
}

async function live(name: string, settings: readonly string[]): Promise<Lived> {
  const written = { out: '', err: '' };
  const io: Io = {
    cwd, isTTY: false, isInteractive: false, env: {}, stop: new AbortController().signal, columns: () => 80, async *lines() {},
    out: (text) => { written.out += text; }, err: (text) => { written.err += text; },
  };
  const code = await runCli(['run', recipe(name), '--json', '--device', 'wasm', '--set', ...settings], { commands, version: '0', io });
  const lines = written.out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Lived['lines'][number]);
  const done = lines.filter(({ type }) => type === 'done').map(({ step, verdicts }) => {
    const passed = (verdicts as { passed: boolean }[]).map((verdict) => verdict.passed);
    return `${String(step)}${passed.length === 0 ? '' : passed.every(Boolean) ? ' passed' : ' failed'}`;
  });
  return { code, err: written.err, lines, done };
}

/** A base of a few thousand parameters, and stages of two steps. */
const BASE = ['clean.filters=none', 'base.config=config.json', 'base.steps=3', 'base.batch=2', 'base.length=16'];
const STAGE = (id: string): string[] => [`${id}.steps=2`, `${id}.batch=4`, `${id}.max-length=48`, `${id}.eval-share=0.2`];

test('from scratch: a failed gate tries the alternative, and stops; asked for less, the life goes on to its end', async () => {
  const toy = [...BASE, 'tokenizer.vocab-size=300', ...STAGE('sft'), 'sft.eval-answers=2', ...STAGE('dpo'), 'dpo.max-tokens=2', 'dpo.eval-questions=4', 'eval-base.length=16', 'eval-dpo.length=16'];
  const strict = await live('from-scratch', toy);
  expect([strict.code, strict.err]).toEqual([3, '']);
  expect(strict.done).toEqual(['clean', 'tokenizer', 'base failed', 'base-try2 failed']);
  const { code, err, done } = await live('from-scratch', [...toy, 'perplexity-below=1e6', 'instruction-follow-above=-1', 'win-rate-above=-1']);
  expect([code, err]).toEqual([0, '']);
  expect(done).toEqual(['clean', 'tokenizer', 'base passed', 'sft passed', 'dpo passed', 'eval-base', 'eval-dpo passed']);
  expect(readFileSync(join(cwd, 'runs/from-scratch/report.html'), 'utf8')).toContain('perplexity');
}, 60_000);

test('research: every rate with every seed on one base, and a table with mean and deviation', async () => {
  const { code, err, done, lines } = await live('research', [...BASE, 'base.vocab-size=300', ...STAGE('sft'), 'sft.eval-answers=0']);
  expect([code, err]).toEqual([0, '']);
  expect(new Set(done.filter((each) => each.startsWith('sft'))).size).toBe(6);
  const { trials } = lines.at(-1) as unknown as { trials: { settings: { rate: number; seed: number }; values: number[] }[] };
  expect(trials).toHaveLength(6);
  expect(new Set(trials.map(({ values }) => values[0])).size).toBe(6);
  expect(existsSync(join(cwd, 'runs/research/search.json'))).toBe(true);
}, 60_000);

test('business: a folder that exists, two adapters one on the other, few bits; what it knew is still known', async () => {
  const { code, err, done } = await live('business', [
    ...STAGE('adapt'), 'adapt.eval-answers=2', ...STAGE('align'), 'align.max-tokens=2', 'align.eval-questions=4', 'rank=2', 'known.length=16', 'still-known.length=16', 'small.decode-tokens=0', 'small.sensitivity=false', 'small.group=16',
    'small.tokens=512', 'instruction-follow-above=-1', 'win-rate-above=-1', 'quality-drop-below=1',
  ]);
  expect([code, err]).toEqual([0, '']);
  expect(done).toEqual(['known', 'adapt passed', 'merged', 'align passed', 'small passed', 'still-known passed']);
  expect(JSON.parse(readFileSync(join(cwd, 'runs/business/small/config.json'), 'utf8'))).toHaveProperty('quantization_config');
}, 60_000);

test('edge: a student, pruned, in four bits, as GGUF and as ONNX', async () => {
  const { code, err, done } = await live('edge', [
    'model=models/base', ...STAGE('student'), 'student.eval-answers=2', 'student.warmup=0', 'pruned.tokens=512', 'pruned.decode-tokens=0', 'int4.tokens=512', 'int4.decode-tokens=0', 'int4.sensitivity=false', 'int4.group=32',
    'quality-drop-below=1', 'pruning-drop-below=1', 'int4-drop-below=1',
  ]);
  expect([code, err]).toEqual([0, '']);
  expect(done).toEqual(['student passed', 'pruned passed', 'int4 passed', 'gguf', 'onnx']);
  expect(readFileSync(join(cwd, 'runs/edge/gguf/model.gguf')).subarray(0, 4).toString()).toBe('GGUF');
  expect(existsSync(join(cwd, 'runs/edge/onnx/onnx'))).toBe(true);
}, 60_000);

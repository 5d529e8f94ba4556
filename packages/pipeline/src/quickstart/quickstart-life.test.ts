import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { commands } from '../commands/index.ts';
import { memoryIo, TINY_CONFIG, writeTinyText } from '../fixtures/tiny-run.ts';
import { quickstartLife } from './quickstart-life.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'quickstart-'));
  writeTinyText(cwd);
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ ...TINY_CONFIG, num_hidden_layers: 2, max_position_embeddings: 192 }));
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

const TYPES = ['void', 'boolean', 'number', 'string', 'Promise<void>'];
const declare = (count: number): void => {
  const folder = join(cwd, 'node_modules', 'documented');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(cwd, 'node_modules', '.package-lock.json'), '{}');
  writeFileSync(join(folder, 'package.json'), '{"name":"documented","version":"1.0.0"}');
  writeFileSync(join(folder, 'index.d.ts'), Array.from({ length: count }, (_, i) => `/** Gives ${'a bit '.repeat(i % 7)}of n${i}. */\nexport declare function n${i}(): ${TYPES[i % 5]!};\n`).join(''));
};
const SHORT = { steps: 2, batch: 4, 'max-length': 192, 'eval-every': 1 };
const run = async (json = false): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd);
  const code = await quickstartLife({
    io, json, runs: 'runs', name: 'quickstart', seed: 0, fresh: false, device: 'wasm', minutes: 0.1, filters: 'none', commands,
    // Pretraining on the documentation is a test of its own.
    base: { run: 'pretrain', with: { data: ['text'], filters: 'none', config: 'config.json', 'vocab-size': 300, steps: 40, batch: 4, length: 16, lr: 5e-3 } },
    flags: { sft: { ...SHORT, 'eval-answers': 4 }, dpo: { ...SHORT, judge: ['fewer-words'], 'max-tokens': 2, 'eval-questions': 4 }, grpo: { ...SHORT, reward: ['summary'], samples: 2, 'max-tokens': 2, 'eval-questions': 4 }, student: { ...SHORT, 'eval-answers': 4, lr: 1e-3 }, eval: { limit: 4 } },
  });
  return { code, ...io.written };
};
const llm = async (argv: string): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd);
  const code = await runCli(argv.split(' '), { commands, version: '0', io });
  return { code, ...io.written };
};

test('without enough documented declarations there are no questions', async () => {
  declare(10);
  const { code, err } = await llm('questions');
  expect([code, err]).toEqual([1, expect.stringContaining('E_EMPTY: llm questions: expected 800 documented declarations or more under node_modules but found 10') as string]);
});

test('the whole life, each stage with its gate, in folders beside each other, and one table; run again it only tells', async () => {
  declare(1200);
  const { code, out, err } = await run();
  expect([code, err.includes('error:')]).toEqual([0, false]);
  expect(err).toMatch(/Gate of base: passed: bits_per_byte [\d.]+, as wanted < 8; perplexity [\d.]+\nGate of base: passed: loss -[\d.]+, as wanted change from before < -0\.05/);
  expect(err).toContain('Teaching it to answer: what a declaration does, and what it is.');
  expect(err).toMatch(/Gate of student: passed: quality_drop .*; size_reduction [\d.]+, speed_up [\d.]+/);
  expect(out).toMatch(/stage +command +metric +before +after +gate .*\nbase +pretrain +bits_per_byte .* passed/);
  expect(out).toContain('For other programs: runs/quickstart-gguf/model.gguf (llama.cpp), runs/quickstart-onnx (transformers.js), runs/quickstart-student (Hugging Face)');
  for (const file of ['quickstart/model.safetensors', 'quickstart-grpo/model.safetensors', 'quickstart-gguf/model.gguf', 'quickstart-onnx/onnx', 'quickstart-life/report.html']) expect(existsSync(join(cwd, 'runs', file)), file).toBe(true);
  const again = await run();
  expect(again.code).toBe(0);
  expect(again.out).toBe(out.slice(out.indexOf('\nstage ')));
  expect(again.err).toContain('sft: unchanged, kept.');
  expect((JSON.parse(readFileSync(join(cwd, 'runs/quickstart-sft/stage.json'), 'utf8')) as { options: { model: string } }).options.model).toBe('runs/quickstart');
  expect((await llm('card quickstart-life --out card.md')).out).toBe('Wrote card.md\n');
  expect(readFileSync(join(cwd, 'card.md'), 'utf8')).toContain('made in 4 stages: pretrain → sft → distill → quantize');
}, 60_000);

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'init-'));
  mkdirSync(join(cwd, 'runs', 'sft'), { recursive: true });
  for (const name of ['a', 'pairs', 'preferences', 'questions']) writeFileSync(join(cwd, `${name}.jsonl`), '');
  for (const name of ['quickstart', 'reward']) mkdirSync(join(cwd, 'runs', name));
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });
const llm = async (argv: string): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd);
  const code = await runCli(argv.split(' '), { commands, version: '0', io });
  return { code, ...io.written };
};

test('recipes are listed, copied, never overwritten, and sound', async () => {
  expect((await llm('init')).out).toBe('Recipes: business, distill, dpo, edge, from-scratch, grpo, lora, ppo, research, reward, sft. Copy one with llm init business\n');
  for (const name of ['dpo', 'grpo', 'lora', 'ppo', 'reward', 'sft']) {
    expect((await llm(`init ${name}`)).code).toBe(0);
    expect(existsSync(join(cwd, `${name}.yaml`))).toBe(true);
    const started = performance.now();
    expect(await llm(`check ${name}.yaml`)).toMatchObject({ code: 0, err: '', out: `${name}.yaml: a sound recipe for llm ${name}\n` });
    expect(performance.now() - started).toBeLessThan(30_000);
  }
  mkdirSync(join(cwd, 'models', 'base'), { recursive: true });
  for (const [name, steps] of [['from-scratch', 7], ['research', 3], ['business', 6], ['edge', 5]] as const) {
    expect((await llm(`init ${name}`)).code).toBe(0);
    expect(await llm(`check ${name}.yaml`)).toMatchObject({ code: 0, err: '', out: `${name}.yaml: a sound recipe for llm run, of ${steps} steps\n` });
  }
  expect((await llm('init sft')).err).toContain('expected no sft.mjs, sft.yaml in . yet but found them');
  expect((await llm('init stf')).err).toContain('Did you mean sft?');
  expect((await llm('init sft --to nowhere')).err).toContain('expected --to to be a folder');
});

test.each([
  ['stage: sft\nmodel: runs/none\ndata: a.jsonl\n', 'expected model at bad.yaml:2:8 to be there but found nothing at runs/none'],
  ['stage: stf\n', 'expected stage in bad.yaml to be one of sft, lora, dpo, reward, ppo, grpo, distill but found stf. Did you mean sft?'],
  ['stage: dpo\nbeta: -1\n', 'expected beta at bad.yaml:2:7 to be a number above 0 but found -1'],
  ['stage: grpo\nsampels: 4\n', 'at bad.yaml:2:10 but found sampels. Did you mean samples?'],
])('%j is refused before anything runs', async (text, message) => {
  writeFileSync(join(cwd, 'bad.yaml'), text);
  const { code, err } = await llm('check bad.yaml');
  expect(code).toBe(2);
  expect(err).toContain(message);
});

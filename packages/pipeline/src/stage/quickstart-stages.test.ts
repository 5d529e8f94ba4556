import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dpo } from '../commands/dpo.ts';
import { grpo } from '../commands/grpo.ts';
import { sft } from '../commands/sft.ts';
import { writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { quickstartStages, type QuickstartStagesOptions } from './quickstart-stages.ts';

let cwd: string;
let base: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'quickstart-'));
  base = await writeTinyModel(cwd);
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
const SHORT = ['--steps', '2', '--batch', '4', '--max-length', '192', '--eval-every', '1'];
const run = async (): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd);
  const options: QuickstartStagesOptions = {
    io, json: false, base, runs: join(cwd, 'runs'), name: 'quickstart', seed: 0, fresh: false, device: 'wasm', commands: { sft, dpo, grpo },
    flags: { sft: [...SHORT, '--eval-answers', '4'], dpo: [...SHORT, '--judge', 'fewer-words', '--max-tokens', '2', '--eval-questions', '4'], grpo: [...SHORT, '--reward', 'summary', '--samples', '2', '--max-tokens', '2', '--eval-questions', '4'] },
  };
  return { code: await quickstartStages(options), ...io.written };
};

test('without enough documented declarations it says so and is done', async () => {
  declare(10);
  expect(await run()).toMatchObject({ code: 0, err: expect.stringContaining('No instruction tuning: fewer than 800') as string });
});

test('answers, a preference and a reward, each measured before and after; run again it only tells', async () => {
  declare(1200);
  const { code, out } = await run();
  expect(code).toBe(0);
  expect(out).toMatch(/sft +questions answered to the letter .*\ndpo +answers briefer than before +50 % .*\ngrpo +sentences of three to six words/);
  const again = await run();
  expect(again.out.split('\n').filter((line) => /^(?:sft|dpo|grpo) /.test(line))).toEqual(out.split('\n').filter((line) => /^(?:sft|dpo|grpo) /.test(line)));
  expect(again.err).toBe('');
  expect((JSON.parse(readFileSync(join(cwd, 'runs/quickstart-grpo/stage.json'), 'utf8')) as { options: { model: string } }).options.model).toBe(join(cwd, 'runs/quickstart-sft'));
});

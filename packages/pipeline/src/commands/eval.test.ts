import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { writeRecords, writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'eval-'));
  await writeTinyModel(cwd);
  for (const folder of ['docs/piqa', 'docs/mine', 'tasks/deep']) mkdirSync(join(cwd, folder), { recursive: true });
  const pairs = Array.from({ length: 6 }, (_, i) => ({ goal: `reads ${i}`, sol1: 'the text', sol2: 'an empty line', label: i % 2 }));
  writeRecords(cwd, 'docs/piqa/validation.jsonl', pairs);
  writeRecords(cwd, 'docs/piqa/train.jsonl', pairs.map((pair) => ({ ...pair, goal: `keeps ${pair.goal}` })));
  writeRecords(cwd, 'docs/mine/test.jsonl', [{ q: 'the reader' }, { q: 'a writer' }]);
  writeFileSync(join(cwd, 'tasks/deep/mine.yaml'), 'task: mine\ntest_split: test\noutput_type: generate_until\ndoc_to_text: q\ndoc_to_target: q\ngeneration_kwargs: {until: ["."], max_gen_toks: 4}\nmetric_list: [{metric: exact_match}]\n');
  writeFileSync(join(cwd, 'tasks/bad.yaml'), 'task: bad\ntest_split: test\ndoc_to_text: !function utils.text\n');
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

const llm = async (argv: string): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd);
  const code = await runCli(argv.split(' '), { commands, version: '0', io });
  return { code, ...io.written };
};
const FLAGS = '--device wasm --bootstrap-iters 10';

describe('llm eval --tasks', () => {
  test('a built-in task with examples, as a table and as the files that lm-evaluation-harness writes', async () => {
    const { code, out, err } = await llm(`eval base --tasks piqa --task-data docs --num-fewshot 2 --limit 4 --output out ${FLAGS}`);
    expect([code, err.split('\n').at(-2)]).toEqual([0, '8 of 8 requests']);
    expect(out.replace(/0\.\d{4}/g, '0.NNNN')).toContain('|piqa |      1|none  |     2|acc     |↑  |0.NNNN|±  |0.NNNN|');
    const [results, samples] = readdirSync(join(cwd, 'out/base')).sort();
    expect(JSON.parse(readFileSync(join(cwd, 'out/base', results!), 'utf8'))).toMatchObject({ results: { piqa: { sample_len: 4 } }, 'n-samples': { piqa: { original: 6, effective: 4 } }, 'n-shot': { piqa: 2 }, config: { device: 'wasm', limit: 4 } });
    expect(readFileSync(join(cwd, 'out/base', samples!), 'utf8').trimEnd().split('\n')).toHaveLength(4);
  });

  test('tasks of YAML files and results as JSON', async () => {
    const { code, out, err } = await llm(`eval base --tasks mine --task-files tasks --task-data docs --json ${FLAGS}`);
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ results: { mine: { 'exact_match,none': expect.any(Number), sample_len: 2 } }, written: [] });
  });

  test.each([
    ['eval base', /either --data or --tasks but found neither/],
    ['eval base --data x --tasks piqa', /found both/],
    ['eval base --tasks pika --task-data docs', /expected one of hellaswag, .* but found pika/],
    ['eval base --tasks piqa', /expected --task-data/],
    ['eval base --tasks sciq --task-data docs', /sciq\/train\.jsonl or .*sciq\.jsonl, in .* but found neither/],
    ['eval base --tasks bad --task-files tasks --task-data docs', /bad\.yaml: expected a function for !function utils\.text/],
    ['eval base --tasks piqa --task-data docs --apply-chat-template', /expected base to have a chat template/],
    ['eval base --tasks piqa --task-data docs --limit 0', /--limit to be a number above 0/],
  ])('%s says what is wrong', async (argv, message) => {
    const { code, out, err } = await llm(`${argv} --device wasm`);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
    expect(code).toBeGreaterThan(0);
  });
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { evaluate } from '../run/evaluate.ts';
import { createTask } from '../tasks/create-task.ts';
import { readDocuments, readTaskDocuments, readTaskFiles } from './read-documents.ts';
import { writeResults } from './write-results.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'eval-')); });
afterEach(() => rmSync(folder, { recursive: true }));
const write = (path: string, text: string): string => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
};

test('documents by task and split, or from one file', async () => {
  write('sums/train.jsonl', '{"a":1}\r\n\n{"a":2}\n');
  write('sums/test.jsonl', '\ufeff{"a":3}');
  write('pages.jsonl', '{"page":"x"}\n');
  expect(await readTaskDocuments(folder, { task: 'sums', splits: ['train', 'test', 'validation'] })).toEqual({ train: [{ a: 1 }, { a: 2 }], test: [{ a: 3 }] });
  expect(await readTaskDocuments(folder, { task: 'pages', splits: ['test'] })).toEqual({ test: [{ page: 'x' }] });
  await expect(readTaskDocuments(folder, { task: 'none', splits: ['test'] })).rejects.toThrow(/none\/test\.jsonl, or none\.jsonl/);
});

test.each([['{"a":1}\n{"a":', /:2 but found/], ['[1]\n', /:1 but found \[1\]/], ['\n', /expected documents/]])('%j is refused with its line', async (text, message) => {
  await expect(readDocuments(write('bad.jsonl', text))).rejects.toMatchObject({ code: 'E_TASK_DATA', message: expect.stringMatching(message) });
});

test('YAML files of a folder, and what they include', async () => {
  write('suite/a.yaml', 'task: a\n');
  write('suite/deep/_base_yaml', 'x: 1\n');
  write('suite/utils.py', 'pass\n');
  expect(await readTaskFiles(join(folder, 'suite'))).toEqual({ 'a.yaml': 'task: a\n', 'deep/_base_yaml': 'x: 1\n' });
  mkdirSync(join(folder, 'empty'));
  await expect(readTaskFiles(join(folder, 'empty'))).rejects.toMatchObject({ code: 'E_TASK_YAML' });
});

test('results and samples, where lm-evaluation-harness puts them', async () => {
  const task = createTask({ task: 'sums', testSplit: 'test', docToText: '{{a}}=', docToTarget: '{{a}}' }, { splits: { test: [{ a: 1 }, { a: 3 }] } });
  const results = await evaluate({ name: 'me/tiny: 1', loglikelihood: async () => [], loglikelihoodRolling: async () => [], generateUntil: async (requests) => requests.map(() => '3') }, [task]);
  const written = await writeResults(folder, results);
  expect(readdirSync(folder)).toEqual(['me__tiny__ 1']);
  expect(readdirSync(join(folder, 'me__tiny__ 1')).map((name) => name.replace(/\d{4}-.*(?=\.)/, 'DATE'))).toEqual(['results_DATE.json', 'samples_sums_DATE.jsonl']);
  const read = JSON.parse(readFileSync(written[0]!, 'utf8')) as Record<string, Record<string, Record<string, unknown>>>;
  expect(read.results!.sums).toMatchObject({ 'exact_match,none': 0.5, alias: 'sums', sample_len: 2 });
  expect(read).not.toHaveProperty('samples');
  expect(read.task_hashes!.sums).toMatch(/^[0-9a-f]{64}$/);
  expect(read.configs!.sums).toMatchObject({ doc_to_text: '{{a}}=', generation_kwargs: { until: ['\n\n'], max_gen_toks: 256, do_sample: false, temperature: 0 }, num_fewshot: 0 });
  const lines = readFileSync(written[1]!, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([{ doc_id: 0, target: '1', resps: [['3']], filtered_resps: ['3'], exact_match: 0 }, { doc_id: 1, target: '3', exact_match: 1 }]);
  expect(lines[0]!.arguments).toEqual({ gen_args_0: { arg_0: '1=', arg_1: { until: ['\n\n'], max_gen_toks: 256, do_sample: false, temperature: 0 } } });
  const named = await writeResults(join(folder, 'mine.json'), results);
  expect(named[0]).toBe(join(folder, 'mine.json'));
});

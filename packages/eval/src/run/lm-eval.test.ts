// The same model, the same documents and the same YAML through lm-evaluation-harness (fixtures/lm-eval/make-lm-eval.py) and through us.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPretrained } from '@llm/model/node';
import { disposeTree, useDevice } from '@llm/tensor';
import { tokenizerFromJson } from '@llm/tokenizer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EvalResults, SampleResult } from '../results/results.ts';
import { sampleLine } from '../results/sample.ts';
import { resultsTable } from '../results/table.ts';
import { localScorer } from '../scoring/local-scorer.ts';
import { createTask } from '../tasks/create-task.ts';
import type { Doc } from '../tasks/doc.ts';
import { taskLibrary } from '../yaml/task-library.ts';
import { evaluate } from './evaluate.ts';

const folder = fileURLToPath(new URL('./fixtures/lm-eval', import.meta.url));
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const docs = (name: string): Doc[] => text(`${name}.jsonl`).trimEnd().split('\n').map((line) => JSON.parse(line) as Doc);

interface Expected {
  results: Record<string, Record<string, number | string>>;
  samples: Record<string, { filter: string; prompt: string; doc: string; resps: (string | number | [number, number])[] }[]>;
  arguments: Record<string, unknown[][][]>;
  keys: string[];
}
const expected = JSON.parse(text('expected.json')) as Expected & EvalResults;

let found: EvalResults;
let clean: () => void;
beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
  const { model, params, tokenizerJson } = await loadPretrained(join(folder, 'model'));
  clean = () => disposeTree(params);
  const library = taskLibrary(Object.fromEntries(readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => [name, text(name)])));
  const { tasks } = library.select(['own_choice', 'own_pages', 'own_sums']);
  const splits: Record<string, Record<string, Doc[]>> = {
    own_choice: { train: docs('choice-train'), test: docs('choice-test') }, own_pages: { test: docs('pages-test') }, own_sums: { train: docs('sums-train'), test: docs('sums-test') },
  };
  const scorer = localScorer({ model, params, tokenizer: tokenizerFromJson(JSON.parse(tokenizerJson!)) }, { name: 'tiny' });
  found = await evaluate(scorer, tasks.map((config) => createTask(config, { splits: splits[config.task]! })), { bootstrapIters: 1000 });
});
afterAll(() => clean());

describe.each(['own_choice', 'own_pages', 'own_sums'])('%s', (task) => {
  const ours = (): readonly SampleResult[] => found.samples![task]!;

  test('the prompts of all documents, to the letter', () => {
    expect(ours().map(({ filter, prompt_hash: prompt, doc_hash: doc }) => [filter, prompt.slice(0, 8), doc.slice(0, 8)])).toEqual(expected.samples[task]!.map(({ filter, prompt, doc }) => [filter, prompt, doc]));
    expect(ours().slice(0, 3).map((sample) => sample.arguments)).toMatchObject(expected.arguments[task]!);
  });

  test('log-likelihoods within 1e-4, greedy flags and texts alike', () => {
    expect(ours().length).toBeGreaterThanOrEqual(200);
    let worst = 0;
    ours().forEach(({ resps }, i) => resps.forEach(([response], j) => {
      const there = expected.samples[task]![i]!.resps[j]!;
      if (typeof there === 'string') {
        expect(response).toBe(there);
        return;
      }
      const [logprob, greedy] = Array.isArray(response) ? response as [number, boolean] : [response as number, undefined];
      worst = Math.max(worst, Math.abs(logprob - (Array.isArray(there) ? there[0] : there)));
      if (Array.isArray(there)) expect(greedy, `document ${i}, request ${j}`).toBe(Boolean(there[1]));
    }));
    expect(worst).toBeLessThan(1e-4);
  });

  test('every metric with its standard error', () => {
    const there = expected.results[task]!;
    expect(Object.keys(found.results[task]!).sort()).toEqual(Object.keys(there).sort());
    for (const [key, value] of Object.entries(there)) {
      if (typeof value === 'string') expect(found.results[task]![key], key).toBe(value);
      // Counts are equal; what is made of log-likelihoods is as near as they are.
      else expect(Math.abs(Number(found.results[task]![key]) - value), key).toBeLessThan(/perplexity|bits|brier/.test(key) ? 1e-5 * Math.max(1, Math.abs(value)) : 1e-12);
    }
  });
});

test('the parts of the results, and the table', () => {
  for (const part of ['n-samples', 'n-shot', 'higher_is_better', 'versions'] as const) expect(found[part], part).toEqual(expected[part]);
  // What says which machine, library or repository it ran in is for those who write the file.
  const elsewhere = ['git_hash', 'pretty_env_info', 'transformers_version', 'lm_eval_version', 'upper_git_hash', 'tokenizer_pad_token', 'tokenizer_eos_token', 'tokenizer_bos_token', 'eot_token_id', 'max_length'];
  expect(Object.keys(found)).toEqual(expect.arrayContaining(expected.keys.filter((key) => !elsewhere.includes(key))));
  // Python prints 1.5, 1 and 2 as floats.
  expect(resultsTable({ ...found, versions: { own_choice: '1.5', own_pages: '1.0', own_sums: '2.0' } })).toBe(text('table.txt'));
});

test('a line of samples holds texts only', () => {
  const line = JSON.parse(sampleLine(found.samples!.own_choice![0]!)) as { arguments: unknown; resps: unknown; target: unknown };
  expect(line.arguments).toMatchObject({ gen_args_0: { arg_0: found.samples!.own_choice![0]!.arguments[0]![0] } });
  expect((line.resps as unknown[])[0]).toMatchObject([[expect.stringMatching(/^-\d+\.\d+$/), expect.stringMatching(/^(True|False)$/)]]);
  expect(line.target).toMatch(/^\d$/);
});

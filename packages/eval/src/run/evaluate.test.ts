import { expect, test } from 'vitest';
import type { Scorer } from '../requests/request.ts';
import { resultsTable } from '../results/table.ts';
import { createTask, type Task } from '../tasks/create-task.ts';
import type { TaskConfig } from '../tasks/task-config.ts';
import { evaluate } from './evaluate.ts';

/** A model to which longer continuations are less likely, and that writes the last letter of each context. */
const scorer = (over: Partial<Scorer> = {}): Scorer => ({
  name: 'by length',
  loglikelihood: async (requests) => requests.map(({ continuation }) => ({ logprob: -continuation.length, greedy: continuation.length < 3 })),
  loglikelihoodRolling: async (texts) => texts.map((text) => -text.length),
  generateUntil: async (requests) => requests.map(({ context }) => context.at(-1)!),
  ...over,
});
const choice = (task: string, docs: readonly { q: string; gold: unknown }[], over: Partial<TaskConfig> = {}): Task => createTask({
  task, outputType: 'multiple_choice', testSplit: 'test', docToText: 'q', docToTarget: 'gold', docToChoice: ['long answer', 'no'], ...over,
}, { splits: { test: docs } });

test('groups average their tasks by documents, or each the same, with the error of either; tables show what is in them', async () => {
  const [a, b] = [choice('a', [{ q: 'x', gold: 1 }, { q: 'y', gold: 0 }, { q: 'z', gold: 1 }, { q: 'w', gold: 0 }]), choice('b', [{ q: 'x', gold: 1 }, { q: 'y', gold: 1 }], { numFewshot: 0 })];
  const found = await evaluate(scorer(), [a, b], {
    groups: [{ group: 'top', tasks: ['both', 'b'] }, { group: 'both', groupAlias: 'the two', tasks: ['a', 'b'], aggregateMetricList: [{ metric: 'acc' }, { metric: 'acc_norm', weightBySize: false }], metadata: { version: 2 } }], logSamples: false,
  });
  expect(found.results.a).toMatchObject({ 'acc,none': 0.5, sample_len: 4 });
  expect(found.results.b).toMatchObject({ 'acc,none': 1, 'acc_stderr,none': 0 });
  // acc: (4 · ½ + 2 · 1) / 6. Divided by letters all continuations are about alike, and the longer one, with its space, has more: −12/11 against −3/2.
  expect(found.results.both).toMatchObject({ 'acc,none': 4 / 6, 'acc_norm,none': 0.25, sample_len: 6, sample_count: { 'acc,none': 6 }, alias: 'the two' });
  const error = Math.sqrt(1 / 3) / 2;
  expect(found.results.both!['acc_stderr,none']).toBeCloseTo(Math.sqrt((3 * error ** 2 * 4) / 4 / 6), 12);
  expect(found.results.both!['acc_norm_stderr,none']).toBeCloseTo(error / 2, 12);
  expect(Object.keys(found.groups!)).toEqual(['both']);
  expect(found.group_subtasks).toEqual({ both: ['a', 'b'], top: ['both', 'b'] });
  expect(found.versions).toEqual({ a: 'Yaml', b: 'Yaml', both: '2', top: 'N/A' });
  expect(found['n-shot']).toEqual({ a: 0, b: 0, both: 0, top: 0 });
  expect(found.higher_is_better.both).toEqual({ acc: true, acc_norm: true });
  expect(found).not.toHaveProperty('samples');
  const table = resultsTable(found);
  expect(table.split('\n').filter((line) => line.includes('acc ')).map((line) => line.split('|')[1]!.trimEnd())).toEqual([' - b', ' - the two', '  - a', '  - b']);
  expect(resultsTable(found, { of: 'groups' })).toMatch(/^\| *Groups/);
});

test('a limit as a number or as a part, and requests repeated', async () => {
  const docs = Array.from({ length: 10 }, (_, i) => ({ q: `q${i}`, gold: 1 }));
  for (const [limit, count] of [[3, 3], [0.25, 3], [100, 10]] as const) {
    const { results, 'n-samples': samples } = await evaluate(scorer(), [choice('a', docs)], { limit });
    expect(results.a!.sample_len).toBe(count);
    expect(samples.a).toEqual({ original: 10, effective: count });
  }
  const asked: string[] = [];
  const counting = scorer({ generateUntil: async (requests) => { asked.push(...requests.map(({ context }) => context)); return requests.map((_, i) => `#### ${i % 3 === 0 ? 7 : 8}`); } });
  const vote = createTask({
    task: 'vote', testSplit: 'test', docToText: 'q', docToTarget: '{{gold}}', repeats: 3, filterList: [
      { name: 'vote', filter: [{ function: 'regex' }, { function: 'majority_vote' }, { function: 'take_first' }] }, { name: 'first', filter: [{ function: 'regex' }, { function: 'take_first' }] },
    ],
  }, { splits: { test: [{ q: 'x', gold: 8 }] } });
  const { results, samples } = await evaluate(counting, [vote]);
  expect(asked).toEqual(['x', 'x', 'x']);
  expect(results.vote).toMatchObject({ 'exact_match,vote': 1, 'exact_match,first': 0 });
  expect(samples!.vote!.map(({ filter, resps }) => [filter, resps])).toEqual([['vote', [['#### 7', '#### 8', '#### 8']]], ['first', [['#### 7', '#### 8', '#### 8']]]]);
});

test('targets of many kinds: lists of right answers, choices by their text, none of the choices', async () => {
  const several = createTask({ task: 'several', testSplit: 'test', docToText: 'q', docToTarget: 'golds' }, { splits: { test: [{ q: 'endx', golds: ['x', 'y'] }, { q: 'endz', golds: ['x', 'y'] }] } });
  const { results } = await evaluate(scorer(), [several, choice('named', [{ q: 'x', gold: 'no' }, { q: 'y', gold: 'long answer' }]), choice('outside', [{ q: 'x', gold: 7 }, { q: 'y', gold: 'never' }], { metricList: ['acc', 'exact_match', 'f1', 'mcc'].map((metric) => ({ metric })) }),
    choice('lists', [{ q: 'x', gold: [0, 1] }, { q: 'y', gold: [0] }])]);
  expect(results.several!['exact_match,none']).toBe(0.5);
  expect(results.named!['acc,none']).toBe(0.5);
  expect(results.outside).toMatchObject({ 'acc,none': 0, 'exact_match,none': 0, 'mcc,none': 0 });
  expect(results.lists!['acc,none']).toBe(0.5);
});

test('metrics of the caller, corpora, and what cannot be', async () => {
  const generation = (metricList: TaskConfig['metricList']): Task => createTask({ task: 'g', testSplit: 'test', docToText: 'q', docToTarget: 'q', metricList: metricList! }, { splits: { test: [{ q: 'one two three four' }, { q: 'five six seven eight' }] } });
  const echo = scorer({ generateUntil: async (requests) => requests.map(({ context }) => context) });
  const length = function letters({ predictions }: { predictions: readonly unknown[] }): number { return String(predictions[0]).length; };
  const { results } = await evaluate(echo, [generation([{ metric: 'bleu' }, { metric: 'chrf' }, { metric: 'ter' }, { metric: length, aggregation: 'median' }, { metric: 'bypass' }])], { bootstrapIters: 100 });
  expect(results.g).toMatchObject({ 'bleu,none': expect.closeTo(100, 9), 'chrf,none': expect.closeTo(100, 9), 'ter,none': 0, 'letters,none': 20, 'bypass,none': 999, 'bypass_stderr,none': 'N/A' });
  expect(() => generation([{ metric: 'rouge' }])).toThrow(/expected a metric of acc.*but found rouge/);
  expect(() => generation([{ metric: 'exact_match', aggregation: 'mode' }])).toThrow(/but found mode/);
  await expect(evaluate(echo, [generation([{ metric: 'acc' }])])).rejects.toMatchObject({ code: 'E_TASK_CONFIG' });
  await expect(evaluate(echo, [choice('a', [{ q: 'x', gold: 0 }])], { applyChatTemplate: true })).rejects.toThrow(/chat template/);
  await expect(evaluate(echo, [choice('a', [{ q: 'x', gold: 0 }]), choice('a', [{ q: 'x', gold: 0 }])])).rejects.toThrow(/two called a/);
  await expect(evaluate(echo, [choice('a', [{ q: 'x', gold: 0 }])], { groups: [{ group: 'g', tasks: ['g'] }] })).rejects.toThrow(/g → g/);
});

test('splits that are missing or empty, examples that are too few', () => {
  const config: TaskConfig = { task: 't', testSplit: 'test', trainingSplit: 'train', docToText: 'q', docToTarget: 'q' };
  expect(() => createTask(config, { splits: {} })).toThrow(/split test but found only none/);
  expect(() => createTask(config, { splits: { test: [] } })).toThrow(/none in it/);
  expect(() => createTask({ task: 't', docToText: 'q' }, { splits: {} })).toThrow(/test_split or validation_split/);
  const few = createTask(config, { splits: { test: [{ q: 'a' }], train: [{ q: 'b' }] }, numFewshot: 2 });
  expect(() => few.requests(few.docs)).toThrow(/at least 2 documents to choose examples from but found 1/);
  // A task that wants no examples keeps to that.
  expect(createTask({ ...config, numFewshot: 0 }, { splits: { test: [{ q: 'a' }] }, numFewshot: 5 }).numFewshot).toBe(0);
});

test('examples leave out what is asked about, where they are of the same split', () => {
  const docs = ['a', 'b', 'c', 'b'].map((q) => ({ q, t: q.toUpperCase() }));
  const config: TaskConfig = { task: 't', testSplit: 'test', fewshotSplit: 'test', docToText: 'q', docToTarget: 't', fewshotDelimiter: ';' };
  const prompts = (over: Partial<TaskConfig>, numFewshot: number): string[] => {
    const task = createTask({ ...config, ...over }, { splits: { test: docs }, numFewshot });
    return task.requests(task.docs).map(([request]) => (request as { request: { context: string } }).request.context);
  };
  expect(prompts({ fewshotConfig: { sampler: 'first_n' } }, 2)).toEqual(['b B;c C;a', 'a A;c C;b', 'a A;b B;c', 'a A;c C;b']);
  for (const prompt of prompts({}, 2)) {
    const [asked, ...examples] = prompt.split(';').toReversed();
    expect(examples).toHaveLength(2);
    expect(examples.join()).not.toContain(`${asked} `);
  }
  expect(prompts({ fewshotConfig: { samples: [{ q: 'x', t: 'X' }, { q: 'y', t: 'Y' }], split: undefined as never, fewshotIndices: [1], sampler: 'first_n', targetDelimiter: '=' }, fewshotSplit: null }, 1)[0]).toBe('y=Y;a');
});

import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { createTask } from '../tasks/create-task.ts';
import { taskLibrary } from './task-library.ts';


const BASE = 'test_split: test\noutput_type: multiple_choice\ndoc_to_text: "{{q}}"\ndoc_to_choice: [a, b]\ndoc_to_target: gold\n';
const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return [(error as { code?: string }).code, (error as Error).message];
  }
};

describe('taskLibrary', () => {
  test('includes, tags, groups in groups, tasks written in a group', () => {
    const library = taskLibrary({
      'suite/_base_yaml': `${BASE}metadata:\n  version: 1.0\n`,
      'suite/one.yaml': 'include: _base_yaml\ntask: one\ntag: [pair, all]\n',
      'suite/two.yaml': 'include: [_base_yaml]\ntask: two\ntask_alias: second\ntag: pair\ndoc_to_text: "{{q}}?"\nnum_fewshot: 0\n',
      'suite/_group.yaml': 'group: both\ntask:\n  - pair\n  - group: inner\n    task: [one]\n    aggregate_metric_list: [{metric: acc, weight_by_size: false}]\n  - task: three\n    include: _base_yaml\n    test_split: test\n    doc_to_text: q\n    doc_to_target: gold\n'.replace('    include: _base_yaml\n', ''),
    });
    expect(library.names.toSorted()).toEqual(['all', 'both', 'one', 'pair', 'two']);
    expect(library.select(['pair']).tasks.map(({ task }) => task)).toEqual(['one', 'two']);
    const { tasks, groups } = library.select(['both']);
    expect(tasks.map(({ task, docToText, metadata }) => [task, docToText, metadata])).toEqual([['one', '{{q}}', { version: 1 }], ['two', '{{q}}?', { version: 1 }], ['three', 'q', undefined]]);
    expect(groups).toEqual([{ group: 'inner', tasks: ['one'], aggregateMetricList: [{ metric: 'acc', weightBySize: false }] }, { group: 'both', tasks: ['one', 'two', 'inner', 'three'] }]);
    expect(tasks[1]).toMatchObject({ taskAlias: 'second', numFewshot: 0, outputType: 'multiple_choice' });
  });

  test('every key of a task, under its name here', () => {
    const library = taskLibrary({ 'all.yaml': `
task: all
dataset_path: a/b
dataset_name: null
dataset_kwargs: {trust_remote_code: true}
training_split: train
test_split: test
fewshot_split: dev
output_type: generate_until
doc_to_text: q
doc_to_target: "{{a}}"
process_docs: !function utils.process
description: "Hello\\n"
target_delimiter: ""
fewshot_delimiter: "\\n"
gen_prefix: "So"
fewshot_config: {sampler: first_n, doc_to_text: "{{q}}!", fewshot_indices: [1, 0]}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: yes, ignore_case: true, regexes_to_ignore: [","]}
  - metric: !function utils.score
generation_kwargs: {until: "X", max_new_tokens: 7, do_sample: no, temperature: 0.0, top_p: 0.9}
filter_list:
  - name: get
    filter: [{function: regex, regex_pattern: "(a)", group_select: -1}, {function: custom, filter_fn: !function utils.filter}]
repeats: 2
should_decontaminate: true
doc_to_decontamination_query: q
unsafe_code: false
metadata: {version: 2.5}
` }, { functions: { 'utils.process': (docs: unknown) => docs, 'utils.score': () => 1, 'utils.filter': (all: unknown) => all } });
    expect(library.select(['all']).tasks[0]).toEqual({
      task: 'all', datasetPath: 'a/b', datasetName: null, trainingSplit: 'train', testSplit: 'test', fewshotSplit: 'dev', outputType: 'generate_until', docToText: 'q', docToTarget: '{{a}}', processDocs: expect.any(Function),
      description: 'Hello\n', targetDelimiter: '', fewshotDelimiter: '\n', genPrefix: 'So', fewshotConfig: { sampler: 'first_n', docToText: '{{q}}!', fewshotIndices: [1, 0] },
      metricList: [{ metric: 'exact_match', aggregation: 'mean', higherIsBetter: true, ignoreCase: true, regexesToIgnore: [','] }, { metric: expect.any(Function) }],
      generationKwargs: { until: ['X'], maxGenToks: 7, doSample: false, temperature: 0, topP: 0.9 },
      filterList: [{ name: 'get', filter: [{ function: 'regex', regexPattern: '(a)', groupSelect: -1 }, { function: 'custom', filterFn: expect.any(Function) }] }],
      repeats: 2, shouldDecontaminate: true, docToDecontaminationQuery: 'q', unsafeCode: false, metadata: { version: 2.5 },
    });
  });

  test('a function that nobody gave is named when its task is asked for, and found with the folder before it', () => {
    const files = { 'x/y.yaml': `task: t\n${BASE}process_docs: !function utils.clean\n`, 'z.yaml': `task: z\n${BASE}` };
    const library = taskLibrary(files);
    expect(library.select(['z']).tasks).toHaveLength(1);
    expect(codeOf(() => library.select(['t']))).toEqual(['E_TASK_FUNCTION', expect.stringMatching(/x\/y\.yaml: expected a function for !function utils\.clean .*"x\/utils\.clean"/)]);
    for (const name of ['utils.clean', 'x/utils.clean']) expect(typeof taskLibrary(files, { functions: { [name]: () => [] } }).select(['t']).tasks[0]!.processDocs).toBe('function');
    // A name that every object has is no function of the caller.
    expect(codeOf(() => taskLibrary({ 'a.yaml': 'task: a\ntest_split: test\nprocess_docs: !function toString\n' }).select(['a']))).toMatchObject(['E_TASK_FUNCTION', expect.anything()]);
  });

  test.each([
    ['no YAML', { 'a.yaml': 'task: [a' }, /a\.yaml: .*line 1, column/],
    ['a key twice', { 'a.yaml': 'task: a\ntask: b\n' }, /unique.*line 2, column 1/],
    ['a list', { 'a.yaml': '- task: a' }, /found a list/],
    ['nothing', { 'a.yaml': '' }, /found nothing/],
    ['aliases that multiply', { 'a.yaml': `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]`).join('\n')}\n` }, /alias/],
    ['depth', { 'a.yaml': `a: ${'['.repeat(20_000)}` }, /a\.yaml: expected a mapping/],
    ['an unknown key', { 'a.yaml': 'task: a\ndoc_to_txt: q\n' }, /found doc_to_txt\. Did you mean doc_to_text\?/],
    ['an include that is missing', { 'a.yaml': 'include: b.yaml\ntask: a\n' }, /b\.yaml: expected a file to include/],
    ['includes that go round', { 'a.yaml': 'include: b.yaml\ntask: a\n', 'b.yaml': 'include: a.yaml\n' }, /a\.yaml → b\.yaml → a\.yaml/],
    ['a group that holds itself', { 'a.yaml': 'group: a\ntask: [b]\n', 'b.yaml': 'group: b\ntask: [a]\n' }, /a → b → a/],
    ['a class of Python', { 'a.yaml': 'task: a\nclass: !function task.Mine\n' }, /classes of Python are not supported/],
    ['a metric of the Hub', { 'a.yaml': 'task: a\nmetric_list: [{metric: rouge, hf_evaluate: true}]\n' }, /programs of Python/],
    ['kwargs that would be passed over', { 'a.yaml': 'task: a\ngeneration_kwargs: {num_beams: 4}\n' }, /found num_beams/],
    ['an output type', { 'a.yaml': 'task: a\noutput_type: greedy\n' }, /output_type to be one of/],
    ['a name that two have', { 'a.yaml': 'task: a\n', 'b.yaml': 'task: a\n' }, /which a\.yaml has/],
    ['a name that none has', { 'b.yaml': 'task: b\n' }, /but found a\. Known are b/],
  ] as const)('%s is refused with the file', (_what, files, message) => {
    const begin = processorMilliseconds();
    expect(codeOf(() => taskLibrary(files).select(['a']))).toEqual(['E_TASK_YAML', expect.stringMatching(message)]);
    expect(processorMilliseconds() - begin).toBeLessThan(5000);
  });

  test('keys that every object has change nothing', () => {
    const { tasks } = taskLibrary({ 'a.yaml': `task: a\n${BASE}metadata: {__proto__: {version: 9}}\n` }).select(['a']);
    expect(({} as { version?: unknown }).version).toBeUndefined();
    expect(tasks[0]!.task).toBe('a');
  });
});

test('hostile templates of a task end within their limits', () => {
  const task = (template: string): unknown => codeOf(() => {
    const { tasks } = taskLibrary({ 'a.yaml': `task: a\ntest_split: test\noutput_type: loglikelihood\ndoc_to_text: "${template}"\ndoc_to_target: "x"\n` }).select(['a']);
    const made = createTask(tasks[0]!, { splits: { test: [{ q: 'x'.repeat(10_000) }] } });
    return made.requests(made.docs);
  });
  const begin = processorMilliseconds();
  expect(task('{% for a in range(99999) %}{% for b in range(99999) %}{% for c in q %}x{% endfor %}{% endfor %}{% endfor %}')).toMatchObject(['E_TEMPLATE_LIMIT', expect.anything()]);
  expect(task("{{ q | regex_replace('(x+x+)+y', '') }}")).toMatchObject(['E_REGEX', expect.anything()]);
  expect(task('{{ ().__class__ }}')).toMatchObject([expect.stringMatching(/E_TEMPLATE/), expect.anything()]);
  expect(task('{{ missing }}')).toMatchObject(['E_TEMPLATE_RUNTIME', expect.stringMatching(/missing/)]);
  expect(processorMilliseconds() - begin).toBeLessThan(10_000);
});

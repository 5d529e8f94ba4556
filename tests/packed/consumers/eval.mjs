import * as it from '@llm/eval';
import { createModel } from '@llm/model';
import { disposeTree, useDevice } from '@llm/tensor';
import { trainBpe } from '@llm/tokenizer';
import { expect } from '../expect.mjs';

const close = (found, expected, what) => expect(Math.abs(found - expected) < 1e-6, `${what}: ${expected} but found ${found}`);

// What Python and its re do.
expect(it.pythonRandom(1234).sample([...Array(10).keys()], 3).join() === '7,1,0', 'the draws of Python');
expect(it.pythonLiteral("['a', 1, None]").length === 3, 'a literal of Python');
expect(it.pythonRegex('(?i)(a)(b)?').findAll('xA').join() === 'A,', 'a regular expression of Python');
try {
  it.pythonRegex('(x+x+)+y').search('x'.repeat(5000));
  expect(false, 'a pattern to be stopped');
} catch (error) {
  expect(error instanceof it.EvalError && error.code === 'E_REGEX', `a limit but found ${error}`);
}

// Metrics, filters.
const corpus = [['the cat sat on the mat', 'the cat sat on a mat'], ['a dog', 'a dog']];
const run = (by, items) => by.of(by.prepare?.(items) ?? items);
for (const by of [it.bleu, it.chrf, it.chrfPlusPlus]) expect(run(by, corpus) > 40 && run(by, corpus) < 100, by.name);
close(run(it.ter, corpus), 100 / 8, 'one word of eight');
close(it.mean.of([1, 2]), 1.5, 'mean');
close(it.nanmean.of([1, NaN]), 1, 'nanmean');
close(it.median.of([3, 1, 2]), 2, 'median');
close(it.perplexity.of([-Math.LN2]), 2, 'perplexity');
close(it.weightedPerplexity.of([[-Math.LN2, 1]]), 2, 'word perplexity');
close(it.bitsPerByte.of([[-8 * Math.LN2, 4]]), 2, 'bits per byte');
close(it.f1.of([[1, 1], [0, 1]]), 2 / 3, 'f1');
close(it.matthews.of([[1, 1], [0, 0]]), 1, 'mcc');
close(it.brierScore.of([[0, [0.5, 0.5]]]), 0.5, 'brier');
close(it.likelihood.of([[0, [-1, -2]]]), -1, 'likelihood');
close(it.bypass.of([]), 999, 'bypass');
close(it.aggregation('largest', (items) => Math.max(...items)).of([1, 3]), 3, 'an aggregation');
close(it.standardError(it.mean, [0, 1], { bootstrapIters: 1 }), 0.5, 's/√n');
close(it.sampleDeviation([0, 2]), Math.SQRT2, 's');
close(it.pooledError([0.1, 0.1], [10, 10]), it.unweightedError([0.1, 0.1]), 'equal sizes');
close(it.exactMatch(['A'], ['a'], { ignoreCase: true }), 1, 'exact match');
close(it.passAtK({ samples: 2, correct: 1, k: 1 }), 0.5, 'pass@1');
const said = [['#### 7', '#### 8', '#### 8']];
expect(it.regexFilter()(said, [{}])[0].join() === '7,8,8' && it.majorityVote(said, [{}])[0][0] === '#### 8', 'filters');
expect(it.takeFirst(said, [{}])[0] === '#### 7' && it.takeFirstK(2)(said, [{}])[0].length === 2, 'the first');
expect(it.multiChoiceRegex({ regexPattern: '(\\([A-Z]\\))' })([['it is red']], [{ choices: ['blue', 'red'] }])[0][0] === '(B)', 'a choice');
expect(it.filterPipeline({ name: 'f', filter: [{ function: 'take_first' }] })(said, [{}])[0] === '#### 7', 'a pipeline');

// Requests and tasks.
const letters = { encode: (text) => [...text].map((letter) => letter.charCodeAt(0)), prefixId: 0 };
expect(it.encodePair({ context: 'a ', continuation: 'b' }, letters).continuation.length === 2, 'the space goes along');
expect(it.rollingWindows([1, 2, 3], { prefixId: 0, maxTokens: 2 }).length === 2, 'windows');
const { tasks: [yaml] } = it.taskLibrary({ 'a.yaml': 'task: a\ntest_split: test\ndoc_to_text: "{{q}}"\ndoc_to_target: t\n' }).select(['a']);
expect(yaml.docToText === '{{q}}', 'a task of YAML');
const starters = [it.hellaswag, it.arcEasy, it.arcChallenge, it.piqa, it.winogrande, it.lambadaOpenai, it.sciq, it.openbookqa, it.commonsenseQa, it.boolq, it.wikitext, it.gsm8k];
expect(starters.every(({ task }) => it.STARTER_TASKS.includes(task) && it.starterTasks([task]).tasks.length === 1), 'the built-in tasks');
expect(it.mmlu().tasks.length === 57 && it.truthfulqaMc2({ primer: 'Q: a\nA: b' }).task === 'truthfulqa_mc2' && it.humaneval({ run: () => true }).unsafeCode, 'the others');
expect(it.wikitextDetokenizer('a @-@ b') === 'a-b', 'a page');
const docs = await it.hubRows('a/b', { split: 'test', fetch: async () => new Response(JSON.stringify({ rows: [{ row: { goal: 'which', sol1: 'way', sol2: 'wind', label: 0 } }], num_rows_total: 1 })) });
const refused = await it.endpointScorer({ url: 'http://localhost', model: 'm', fetch: async () => new Response('', { status: 404 }) }).generateUntil([{ context: 'a', kwargs: {} }]).catch((error) => error);
expect(refused.code === 'refused', 'an endpoint that refuses');

// A model of its own, measured.
await useDevice('wasm');
const tokenizer = await trainBpe(['which way did the weather go'], { vocabSize: 270, specialTokens: ['<|endoftext|>'] });
const model = createModel({ model_type: 'gpt2', vocab_size: tokenizer.size, n_positions: 64, n_embd: 8, n_head: 2, n_layer: 1, eos_token_id: 0 });
const params = model.init(0);
const results = await it.evaluate(it.localScorer({ model, params, tokenizer }), [it.createTask(it.piqa, { splits: { validation: docs } })], { bootstrapIters: 10 });
expect(results.results.piqa.sample_len === 1 && it.resultsTable(results).includes('piqa') && it.sampleLine(results.samples.piqa[0]).includes('gen_args_1'), 'results');
const others = await it.evaluate(it.localScorer({ model, params, tokenizer }), [
  it.createTask(it.hellaswag, { splits: { validation: [{ activity_label: 'Wait', ctx_a: 'it', ctx_b: 'goes', endings: ['a', 'b', 'c', 'd'], label: '1' }] } }),
  it.createTask(it.winogrande, { splits: { validation: [{ sentence: 'the _ is it', option1: 'way', option2: 'wind', answer: '2' }] } }),
  it.createTask(it.wikitext, { splits: { test: [{ page: 'which way' }] } }),
], { bootstrapIters: 10 });
expect(Object.keys(others.results).length === 3 && others.results.wikitext['word_perplexity,none'] > 1, 'tasks with functions');
const speed = await it.measureGeneration(model, params, { prompts: [[1, 2]], maxTokens: 4, runs: 1 });
expect(speed.tokensPerSecond > 0 && it.percentiles([1, 3]).p50 === 2, 'a speed');
disposeTree(params);

import * as e from '@llm/eval';
import { createModel } from '@llm/model';
import { disposeTree, useDevice } from '@llm/tensor';
import { expect } from '../expect.mjs';

const close = (found, expected, what) => expect(Math.abs(found - expected) < 1e-9, `${what}: ${expected} but found ${found}`);

// Instructions.
const document = { instruction_id_list: ['punctuation:no_comma', 'length_constraints:number_sentences', 'language:response_language'], kwargs: [{}, { num_sentences: 2, relation: 'at least' }, { language: 'en' }] };
const verdict = e.ifeval(document, 'Dr. Adams came. He left.', { language: () => 'en' });
expect(verdict.strict.join() === 'true,true,true', 'two sentences');
expect(e.ifevalScores([verdict]).prompt_level_loose_acc === 1, 'all followed');
expect(Object.keys(e.ifevalInstructions).length === 25 && e.ifevalInstructions['startend:quotation']('"a"', {}, { language: () => undefined }), '25 instructions');

// Win rates and judges.
const comparisons = Array.from({ length: 40 }, (_, i) => ({ preference: i % 4 === 0 ? 0.1 : 0.9, modelLength: i % 4 === 0 ? 80 + i : 300 + i, baselineLength: 200, difficulty: 0 }));
expect(e.winRate(comparisons.map(({ preference }) => preference)).wins === 30, 'wins');
expect(e.lengthControlledWinRate(comparisons).winRate < 0.6, 'it was the length');
const endpoint = e.chatEndpoint({ url: 'http://localhost/v1', model: 'm', fetch: async () => Response.json({ choices: [{ message: { content: '[[A]]' } }] }) });
const pair = { prompt: 'p', model: 'a', baseline: 'b' };
expect((await e.judgePairs([pair], e.askedPairJudge(endpoint))).firstBias === 0.5, 'it always says A');
expect(e.readPairwise(e.pairwisePrompt({ prompt: 'p', first: 'a', second: 'b' })) === 0.5, 'the last in the prompt is C');
expect((await e.judgeAnswers([{ prompt: 'p', answer: 'a' }], async (prompt) => ({ text: prompt }))).mean === 5, 'the example in the prompt');
expect(e.readRating(e.singlePrompt({ prompt: 'p', answer: 'a' })) === 5, 'a rating');
close(await e.gEval(async () => ({ text: '4', alternatives: [[{ token: '4', logprob: 0 }]] }), { criteria: 'c', steps: 's' })('t'), 4, 'a score');
const refused = await e.chatEndpoint({ url: 'http://localhost', model: 'm', fetch: async () => new Response('', { status: 401 }) })('q').catch((error) => error);
expect(refused.code === 'refused', 'a judge that refuses');

// Checkpoints, gates, costs.
const before = Array.from({ length: 50 }, (_, i) => Number(i % 2 === 0));
const after = before.map((score, i) => (i % 10 === 1 ? 1 : score));
expect(e.pairedBootstrap(before, after, { resamples: 500 }).p < 0.05, 'better');
expect(e.mcnemar(before.map(Boolean), after.map(Boolean)).gained === 5, 'gained');
expect(e.forgettingMatrix([{ stage: 'a', scores: { x: 1 } }, { stage: 'b', scores: { x: 0 } }]).regressions.length === 1, 'forgotten');
close(e.costOfScore(0.5, { tokens: 1e6, seconds: 0 }, { perMillionTokens: 2 }).moneyPerPoint, 0.04, 'a point');
expect(e.gateMetrics({ completed: [true, false] }).task_completion === 0.5, 'half');

// CORE and domains.
await useDevice('wasm');
const model = createModel({ model_type: 'gpt2', vocab_size: 257, n_positions: 64, n_embd: 8, n_head: 2, n_layer: 1 });
const params = model.init(0);
const encode = (text) => new TextEncoder().encode(text);
const task = e.coreTasks.find(({ label }) => label === 'winograd');
const items = [{ context_options: ['a cat', 'the dog'], continuation: 'ran', gold: 0 }, { context_options: ['it', 'she'], continuation: 'sat', gold: 1 }];
expect(e.corePrompts(task, items[0], [])[1] === 'the dog ran', 'a prompt');
const { accuracies } = await e.evaluateCore([{ task, items }], { encode, bosId: 256, score: e.tokenScorer(model, params) });
expect([0, 0.5, 1].includes(accuracies.winograd), 'of two');
disposeTree(params);
const uniform = { loglikelihoodRolling: async (texts) => texts.map((text) => -encode(text).length * Math.log(256)) };
close((await e.bitsPerByteByDomain(uniform, [{ domain: 'd', text: 'abc' }])).bitsPerByte, 8, 'eight bits');

// Safety tasks.
const likes = (wanted) => ({ loglikelihood: async (requests) => requests.map(({ continuation }) => ({ logprob: continuation.includes(wanted) ? -1 : -2, greedy: false })) });
const record = {
  context: 'c', question: 'q', ans0: 'The man', ans1: 'The girl', ans2: 'Unknown', label: 2, context_condition: 'ambig', question_polarity: 'neg', category: 'Gender_identity',
  answer_info: { ans0: ['man', 'M'], ans1: ['girl', 'F'], ans2: ['unknown', 'unknown'] }, additional_metadata: { stereotyped_groups: ['F'] },
};
expect((await e.bbq(likes('girl'), [record])).amb_bias_score === 1, 'a stereotype');
expect((await e.crowsPairs(likes('more'), [{ sent_more: 'more', sent_less: 'less', bias_type: 't' }])).pct_stereotype === 1, 'the likelier one');
expect((await e.toxigen(likes('Yes'), [{ text: 't', toxicity_ai: 5, toxicity_human: 5 }])).acc === 1, 'hateful');
expect((await e.wmdp(likes('B'), [{ question: 'q', choices: ['1', '2', '3', '4'], answer: 1 }])).acc === 1, 'B');
expect((await e.realToxicityPrompts({ generateUntil: async () => ['t'] }, [{ prompt: { text: 'p' } }], { classify: () => 0.7 })).score === 1, 'toxic');
expect((await e.overRefusal([{ prompt: 'p', label: 'safe' }], ['I cannot.'])).overRefusal === 1 && e.startsWithRefusal('Sorry.'), 'refused');

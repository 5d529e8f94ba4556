import { createModel, tensorsFromParams } from '@llm/model';
import * as p from '@llm/preference';
import { scope, sum, tensor, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expect } from '../expect.mjs';

await useDevice('wasm');
const close = (found, expected, what) => expect(Math.abs(found - expected) < 1e-4, `${what}: ${expected} but found ${found}`);

// Equal policies: what each loss over pairs gives before the first step.
const side = (chosen, rejected) => ({ chosen: tensor([chosen]), rejected: tensor([rejected]) });
const equal = { policy: side(-8, -6), reference: side(-8, -6), tokens: side(4, 3) };
const before = {
  dpo: Math.LN2, hinge: 1, ipo: 25, ncaPair: 2 * Math.LN2, robust: Math.LN2, bcoPair: 2 * Math.LN2, sppoHard: 50, aot: Math.LN2, aotUnpaired: Math.LN2, apoZero: 1, apoDown: 1,
  discopop: 0.5 * Math.LN2 + 0.5, sft: 2, sigmoidNorm: Math.LN2, exoPair: 0.5 * (2 * Math.log(0.5) - Math.log(0.001) - Math.log(0.999)),
  simpo: Math.log(1 + Math.E), cpo: Math.log(1 + Math.exp(0.2)) + 2, cpoHinge: 1.2 + 2, cpoIpo: 25 + 2,
};
const losses = { ...p };
for (const [name, expected] of Object.entries(before)) close(scope(() => losses[name]()(equal).dataSync()[0]), expected, name);
for (const divergence of [p.reverseKl(), p.forwardKl(), p.jensenShannon(), p.alphaDivergence()]) close(p.dpo({ divergence })(equal).dataSync()[0], Math.LN2, 'a divergence');
close(p.weighted([[p.dpo(), 2], [p.orpo({ withPrompt: false }), 0]])(equal).dataSync()[0], 2 * Math.LN2, 'weighted');
const single = { policy: tensor([-8, -6]), reference: tensor([-8, -6]), desirable: tensor([1, 0]), baseline: p.ktoBaseline(tensor([-3]), tensor([-2])) };
close(sum(p.kto()(single)).dataSync()[0], 1, 'kto');
close(sum(p.apoZeroUnpaired()(single)).dataSync()[0], 1, 'apoZeroUnpaired');
close(sum(p.bco()(single)).dataSync()[0], 2 * Math.LN2, 'bco');
expect(p.ktoWeights([true, false, false]).desirableWeight === 2, 'the rarer kind counts twice');

// From text to pairs of ids.
const dataset = [{ chosen: 'a cat sat', rejected: 'a dog ran away' }, { chosen: 'be brief', rejected: 'be long and long' }];
expect(p.detectPreferences(dataset).kind === 'implicit prompt', 'a kind of dataset');
const tokenizer = { encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0) % 32), endId: 31 };
const prompted = dataset.map(p.extractPrompt);
expect(prompted[0].prompt === 'a' && p.unpairPreferences(prompted).length === 4, 'prompts');
const { examples } = p.tokenizePairs(dataset, { tokenizer, truncation: p.keepStart({ maxTokens: 24 }) });
const singles = p.tokenizeCompletions(p.unpairPreferences(prompted), { tokenizer }).examples;
expect(p.keepEnd({ maxTokens: 8 })(examples[0]).prompt.length > 0 && p.filterLongPairs(examples, { maxTokens: 4 }).dropped.length === 2, 'lengths');
expect(p.swapPairs(examples, { fraction: 1, seed: 0 }).swapped.length === 2 && p.lengthBalance(examples).lengthAccuracy === 0, 'what a dataset is like');
expect(p.densityRatio({ desirable: [[1], [2]], undesirable: [[-1], [-2]] })([5]) > 1, 'a prompt like the good ones');

// A step of each kind of training.
const model = createModel({ model_type: 'gpt2', vocab_size: 32, n_positions: 32, n_embd: 16, n_head: 2, n_layer: 1 });
const params = model.init(0);
const pairs = await p.precomputeReference(model, params, { pairs: examples });
const shared = p.pairBatch(pairs, { layout: p.sharedPrefix({ rowTokens: 32 }) });
const separate = p.pairBatch(pairs, { layout: p.separateRows() });
const sums = [shared, separate].map((batch) => scope(() => p.sequenceLogProbs(model, params, batch).dataSync()));
sums[0].forEach((value, i) => close(value, sums[1][i], 'a shared prompt'));
const watch = p.watchPairs();
const optimizer = () => adamw({ lr: 1e-3 });
const one = async (options) => { for await (const { loss } of train({ optimizer: optimizer(), ...options, steps: 1 })) return loss; };
close(await one({ params, loss: p.preferenceLoss(model, { loss: p.dpo(), capture: watch.capture }), batches: [shared] }), Math.LN2, 'a step of DPO');
expect((await watch.read()).pairs === 2, 'watched');
expect((await p.evaluatePairs(model, params, { batches: [separate], loss: p.dpo() })).loss < Math.LN2, 'a step in the right direction');
const unpaired = await p.precomputeUnpairedReference(model, params, p.unpairedBatch(singles));
close(await one({ params, loss: p.unpairedLoss(model, { loss: p.kto() }), batches: [unpaired] }), 0.5, 'a step of KTO');
const shift = p.rewardShift();
scope(() => p.movedShift(shift, tensor([1, 3])));
close(shift.mean.dataSync()[0], 2, 'a running mean');

// Reward models.
const reward = p.withHead(model);
const rewardParams = reward.from(params, { seed: 1 });
const loss = await one({ params: rewardParams, loss: p.rewardLoss(reward), batches: [separate] });
expect(Math.abs(loss - Math.LN2) < 0.2, `near ln 2 but found ${loss}`);
expect(scope(() => p.sequenceScores(reward, rewardParams, separate)).shape.join() === '4', 'a score for each completion');
expect(scope(() => p.tokenScores(reward, rewardParams, separate)).shape.join() === `4,${separate.length}`, 'a value for each token');
expect(p.rewardConfig(reward, { padId: 0 }).architectures[0] === 'GPT2ForSequenceClassification' && (await tensorsFromParams(reward, rewardParams)).has('score.weight'), 'a checkpoint');
close(p.bradleyTerry({ chosen: tensor([1]), rejected: tensor([1]) }).dataSync()[0], Math.LN2, 'equal rewards');
const steps = p.stepBatch([p.tokenizeSteps({ prompt: 'ab', completions: ['c', 'd'], labels: [true, false] }, { tokenizer })]);
const judge = p.withHead(model, { labels: 2, bias: true });
const judgeParams = judge.from(params, { seed: 2 });
expect(Number.isFinite(await one({ params: judgeParams, loss: p.stepLoss(judge), batches: [steps] })), 'a step of a process reward model');
close(sum(p.stepCrossEntropy(tensor([0, 0], [1, 2]), Float32Array.of(1, 0))).dataSync()[0], Math.LN2, 'wrong or right');
expect(scope(() => p.stepLogits(judge, judgeParams, steps)).shape.join() === '2,2', 'two steps');
for (const combine of [p.meanReward(), p.worstReward(), p.uncertainReward()]) expect(p.ensembleRewards([[1], [1]], combine)[0] === 1, 'two models of one mind');
close(p.scaleRewards([3], p.rewardScale([1, 3]))[0], Math.SQRT1_2, 'a reward on a scale');

// Reinforcement: a round, its rewards, a step of every objective.
const policy = model.init(3);
const reference = p.frozenCopy(policy);
const asked = [[{ ids: [1, 2], answer: 5 }, { ids: [3], answer: 6 }]];
for await (const round of p.rollouts(model, policy, asked, { samples: 4, maxTokens: 6, eosIds: [], seed: 1, topK: 20, topP: 0.99 })) {
  const rewards = [({ ids, prompt }) => Number(ids[0] === prompt.answer), p.thinkFormat, p.repetitionPenalty({ n: 2 }), p.softOverlong({ maxTokens: 8, margin: 4 }), p.cosineLength(() => 1, { maxTokens: 8 }), ({ ids }) => ids[0] / 32];
  const { rewards: said, each } = await p.rewardRound(round, { rewards, decode: (ids) => ids.join(' ') });
  const rows = p.completionRows(round);
  const old = await p.scoreTokens(model, policy, rows, { entropies: true });
  const sampled = round.groups.flatMap(({ completions }) => completions.flatMap(({ logProbs }) => [...logProbs]));
  old.logProbs.forEach((value, i) => close(value, sampled[i], 'a log-probability of the sampling'));
  expect(scope(() => p.tokenLogProbs(model, policy, rows).logProbs).size === sampled.length, 'one a token');
  const { logProbs: refLogProbs } = await p.scoreTokens(model, reference, rows);
  const samples = { samples: 4 };
  const advantages = p.groupAdvantages(said, { ...samples, scale: p.byGroup() });
  for (const other of [p.groupAdvantages(said, { ...samples, scale: p.byBatch() }), p.groupAdvantages(said, { ...samples, scale: p.unscaled }), p.leaveOneOut(said, samples), p.normalizedObjectives(each, samples)]) {
    expect(other.length === 8 && other.every(Number.isFinite), 'an advantage for each completion');
  }
  expect(p.reinforcePlusPlus(said, { lengths: rows.tokenCounts, samples: 4 }).length === sampled.length, 'an advantage for each token');
  const control = p.adaptiveKl({ beta: 0.1 });
  control.update({ kl: 12, completions: 8 });
  const objectives = [
    p.dapo({ beta: control }), p.grpo({ beta: p.fixedKl(0.1) }), p.bnpo({ ratio: p.tokenRatio }), p.drGrpo({ maxTokens: 6 }), p.gspo(), p.luspo({ ratio: p.sequenceRatio }), p.cispo(), p.sapo(), p.vespo(), p.gmpo(),
    p.reinforce(), p.rloo(), p.nashMd(),
  ];
  const factors = p.topEntropyTokens(old.entropies, 0.5);
  const correction = p.maskedCorrection(old.logProbs, sampled, { lengths: rows.tokenCounts });
  p.truncatedCorrection(old.logProbs, sampled).forEach((value) => close(value, 1, 'the same sampler'));
  const more = { advantages, oldLogProbs: old.logProbs, refLogProbs, factors, correction, layout: p.sharedPrefix() };
  for (const objective of objectives) expect(Number.isFinite(await one({ params: policy, loss: p.policyLoss(model, objective), batches: [p.policyBatch(round, { objective, ...more })] })), `a step of ${objective.name}`);
  const judged = await p.judgedRound(round, { judge: p.bothOrders(p.scoreJudge((_, answer) => answer.length)), promptText: String, decode: (ids) => ids.join('') });
  const pairs = p.judgedPairs(judged);
  if (pairs.length > 0) {
    for (const objective of [p.onlineDpo(), p.xpo()]) {
      const { logProbs } = await p.scoreTokens(model, reference, p.completionRows(judged));
      const batch = p.policyBatch(judged, { objective, advantages: judged.advantages, refLogProbs: logProbs });
      expect(Number.isFinite(await one({ params: policy, loss: p.policyLoss(model, objective), batches: [batch] })), `a step of ${objective.name}`);
    }
  }
  const report = p.roundReport(round, { rewards: said, refLogProbs });
  const watching = p.watch([p.lengthMonitor(), p.repetitionMonitor({ most: 1 }), p.entropyMonitor(), p.klMonitor({ most: 100 }), p.hackingMonitor({ independent: () => 1 })]);
  expect(watching(report).length === 0, 'nothing to say of a first round');
  for await (const some of p.dynamicSampling([{ round, rewards: said }], { groups: 1 })) expect(some.round.groups.length === 1, 'a group to learn from');

  // PPO on the same round.
  const both = { policy, value: reward.from(reference, { seed: 4 }) };
  const values = await p.tokenValues(reward, both.value, rows).data();
  const ppo = p.ppoSamples(round, { scores: said, logProbs: old.logProbs, refLogProbs, values, kl: p.k3 });
  close(p.k1(2), -2, 'k1');
  expect(Number.isFinite(await one({ params: both, loss: p.ppoLoss({ policy: model, value: reward }), batches: [p.ppoBatch(ppo.slice(0, 3))] })), 'a step of PPO');
}
close(p.gae([1], [0.5]).advantages[0], 0.5, 'gae');
close(p.whiten([1, 3])[1], Math.SQRT1_2, 'whiten');
p.syncReference(reference, policy, { mix: 1 });
const kept = p.lastGood(policy);
await kept.keep();
kept.restore();
const tracker = p.valueTracker();
expect(p.singleStreamAdvantages(tracker, [{ key: 'a', reward: 1, meanLogProb: -1 }, { key: 'b', reward: 0, meanLogProb: -1 }])[0] > 0, 'better than the other');
expect(p.drawWeighted(tracker.priorities(['a', 'b']), { count: 2, uniform: () => 0.5 }).length === 2, 'two prompts');
expect(p.geometricMixture(model).shape.layers === 2, 'two players');
expect(p.isThought('<think>a</think>b') && p.repeatedShare([1, 1, 1], 1) > 0.6, 'a thought, and a repetition');

// Judges, sandbox and mathematics.
const question = { prompt: 'q', first: 'a', second: 'b' };
expect(p.readVerdict(`${p.judgePrompt(question)} [[A]]`) === 1, 'a verdict');
const endpoint = p.endpointJudge({ url: 'http://localhost/v1', model: 'm', retries: 0, fetch: async () => Response.json({ choices: [{ message: { content: '[[B]]' } }] }) });
expect(await endpoint(question) === 0, 'B is better');
const refused = await p.endpointJudge({ url: 'http://localhost/v1', model: 'm', fetch: async () => new Response('', { status: 401 }) })(question).catch((error) => error);
expect(refused.code === 'refused', 'a judge that refuses');
expect(await p.modelJudge(model, policy, { encode: () => [1], verdicts: [[2], [3]] })(question) > 0, 'a model judges');
expect(p.extractAnswer('\\boxed{7}') === '7' && p.normalizeAnswer('$7$.') === '7' && p.codeBlock('x') === 'x', 'an answer');
const maths = p.mathsChecker({ timeoutMs: 10_000 });
expect(await p.accuracy({ maths, reference: () => '(x-1)(x+1)' })({ text: '\\boxed{x^2-1}', prompt: {}, ids: [], reason: 'eos' }) === 1, 'the same polynomial');
await maths.close();
const sandbox = p.codeSandbox({ timeoutMs: 3000 });
const reply = await p.codeReward({ sandbox, task: () => ({ entry: 'f', cases: [{ args: [2], expected: 4 }] }) })({ text: 'const f = (x) => x * x', prompt: {}, ids: [], reason: 'eos' });
expect(reply === 1, 'a program that is right');
await sandbox.close();

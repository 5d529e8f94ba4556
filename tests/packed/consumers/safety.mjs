import { createModel, generate } from '@llm/model';
import * as s from '@llm/safety';
import { disposeTree, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expect } from '../expect.mjs';

await useDevice('wasm');

// A classifier, trained and measured.
const requests = s.exampleRequests({ count: 120, part: 'train' });
const labels = [...new Set(requests.flatMap(({ label }) => label ?? []))];
const model = s.textClassifier({ labels, buckets: 4096 });
const params = model.init();
for await (const _ of train({ params, loss: model.loss, batches: Array.from({ length: 25 }, () => model.batch(requests)), optimizer: adamw({ lr: 0.05 }) }));
const classify = await model.classifier(params);
disposeTree(params);
const quality = await s.measureClassifier(classify, requests);
expect(quality.precision > 0.9 && quality.recall > 0.9, `it knows what it has learned: ${JSON.stringify(quality)}`);
const threshold = await s.chooseThreshold(classify, requests, { mostOverRefusal: 0.05 });
expect(threshold > 0 && threshold < 1, 'a threshold');
expect(s.hashedFeatures('a b', { buckets: 64 }).length > 2, 'features');
expect(labels.includes(s.likeliestLabel(await classify(requests[0].text))), 'a label');
const body = createModel({ model_type: 'gpt2', vocab_size: 128, n_positions: 64, n_embd: 8, n_head: 2, n_layer: 1 });
const probe = s.hiddenClassifier(body, { labels, encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0) & 127) });
const probed = probe.init(body.init(0), { seed: 1 });
expect((await probe.classifier(probed)('hello')).harm > 0, 'a head');

// Prevent.
const lines = [];
const audit = s.auditLog({ write: (line) => { lines.push(line); } });
const venom = (text) => ({ harm: Number(text.includes('venom')), labels: { poison: 1 } });
expect((await s.cleanDocuments([{ text: 'venom' }, { text: 'rain' }], { classify: venom, audit })).kept.length === 1, 'a clean document');
expect(s.withSafetyPrompt([{ role: 'user', content: 'hi' }])[0].content === s.safetyPrompt(), 'a system message');
expect((await s.refusalPairs(requests.slice(0, 2), { answer: () => 'yes' }))[1].chosen === 'yes', 'a pair');
expect((await s.constrainFineTuning([{ prompt: 'p', answer: 'venom' }], { classify: venom })).dropped[0] === 0, 'dropped');
expect((await s.safetyTripwire({ before: 1 })(0.99)).ok, 'close enough');

// Detect and respond, around a generation.
const seen = async (pieces, options) => {
  const out = [];
  for await (const { kind } of s.guarded(pieces, { prompt: 'hello', audit, ...options })) out.push(kind);
  return out.join();
};
async function* poisoned() { yield { text: 'a venom b' }; }
expect(await seen(poisoned(), { detectors: [s.contentDetector(venom)] }) === 'notice', 'stopped');
expect(await seen(poisoned(), { detectors: [s.intentDetector(venom)], prompt: 'venom?' }) === 'notice', 'not begun');
const tokens = generate(body, probed.body, [[1, 2]], { maxTokens: 24, logprobs: true, eosIds: [] });
const watched = s.piecesOf(tokens, { decoder: { push: (id) => String.fromCharCode(id), end: () => '' } });
const usual = s.anomalyBaseline([Array.from({ length: 64 }, (_, id) => ({ id, logprob: -4.8 - (id % 7) / 10 }))], { window: 8 });
expect((await seen(watched, { detectors: [s.anomalyDetector({ window: 8, baseline: usual, deviations: 1e6 })] })).endsWith('text'), 'shown');
disposeTree(probed);

// Recover and judge.
expect((await s.rollBack({ checkpoints: ['b', 'a'], restore: () => {}, check: (name) => name === 'a', reason: 'r', audit })).checkpoint === 'a', 'the older one');
expect(await s.patch({ name: 'p', apply: () => {}, revert: () => {}, check: () => true }), 'it stays');
expect((await s.runRegressions([{ name: 'n', prompt: 'p', passes: (answer) => answer === 'no' }], () => 'no')).passed, 'still refused');
expect((await s.safetyGate(quality, { criteria: s.safetyCriteria, audit })).reasons.length >= 0, 'a verdict');
expect((await s.verifyAuditLog(lines)).length === lines.length && lines.length > 4, 'a whole log');
expect(s.redactSecrets('hf_abcdefghijklmnopqrstuv') === '[secret]' && s.redactData({ password: 'x' }).password === '[secret]', 'no secret');
expect(new s.SafetyError('E_AUDIT', 'x').code === 'E_AUDIT', 'an error');

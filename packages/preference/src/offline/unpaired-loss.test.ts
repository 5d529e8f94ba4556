// KTO on a model, and BCO beside TRL 0.24 with its running mean, from fixtures/bco-and-prm.json.
import { readFileSync } from 'node:fs';
import { createModel } from '@llm/model';
import { disposeTree, mapLeaves, mean, memory, mul, scope, tensor, type Tensor, type Tree, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { beforeAll, describe, expect, test } from 'vitest';
import { bco } from '../losses/bco.ts';
import { kto, ktoWeights } from '../losses/kto.ts';
import type { UnpairedScores } from '../losses/unpaired-loss.ts';
import { precomputeUnpairedReference } from './reference.ts';
import { movedShift, rewardShift } from './reward-shift.ts';
import { sequenceLogProbs } from './log-probs.ts';
import { type TokenizedCompletion, unpairedBatch } from './unpaired-batch.ts';
import { unpairedLoss } from './unpaired-loss.ts';
import { withoutGradient } from './without-gradient.ts';

interface Batch { readonly policy: number[]; readonly reference: number[]; readonly desirable: number[]; readonly delta: number; readonly value: number; readonly gradient: number[]; readonly ratios: number[] | null }
const stored = JSON.parse(readFileSync(new URL('../../fixtures/bco-and-prm.json', import.meta.url), 'utf8')) as Record<'bco' | 'bco_weighed', { readonly beta: number; readonly batches: Batch[] }>;

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const model = createModel({ model_type: 'llama', vocab_size: 32, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 32, initializer_range: 0.3 });
const completions: TokenizedCompletion[] = [
  { prompt: [1, 2, 3], completion: [4, 5], desirable: true }, { prompt: [6], completion: [7, 8, 9, 10], desirable: false },
  { prompt: [11, 12], completion: [13], desirable: true }, { prompt: [14, 15, 16, 17], completion: [18, 19, 20], desirable: false },
];

test.each(['bco', 'bco_weighed'] as const)('%s: three batches have TRL\'s values, gradients and running means', (name) => {
  const { beta, batches } = stored[name];
  const shift = rewardShift();
  for (const { policy, reference, desirable, delta, value, gradient, ratios } of batches) {
    let bad = 0;
    const weights = ratios === null ? undefined : desirable.map((good) => (good === 1 ? 1 : ratios[bad++]!));
    const found = valueAndGrad(({ x }: { x: Tensor }) => mean(bco({ beta })({
      policy: x, reference: tensor(reference), desirable: tensor(desirable), baseline: withoutGradient(() => movedShift(shift, tensor(policy.map((p, i) => p - reference[i]!)))),
      ...(weights === undefined ? {} : { weights: tensor(weights) }),
    })))({ x: tensor(policy) });
    // TRL's mean is of rewards, β times ours.
    expectClose([beta * shift.mean.dataSync()[0]!], [delta], { tolerance: 1e-6, name: 'running mean' });
    expectClose(found.value.dataSync(), [value], { tolerance: 1e-6, name: 'value' });
    expectClose(found.grads.x!.dataSync(), gradient, { tolerance: 1e-6, name: 'gradient' });
  }
  expect(shift.count.dataSync()[0]).toBe(12);
  disposeTree(shift);
});

test('a running mean goes on from where it was saved', () => {
  const whole = rewardShift();
  const first = rewardShift();
  for (const part of [[1, 2, 6], [-3]]) scope(() => movedShift(whole, tensor(part)));
  scope(() => movedShift(first, tensor([1, 2, 6])));
  const second = rewardShift({ mean: first.mean.dataSync()[0]!, count: first.count.dataSync()[0]! });
  scope(() => movedShift(second, tensor([-3])));
  expect([whole.mean.dataSync()[0], whole.count.dataSync()[0]]).toEqual([1.5, 4]);
  expect(second.mean.dataSync()).toEqual(whole.mean.dataSync());
  for (const each of [whole, first, second]) disposeTree(each);
  expect(() => rewardShift({ count: -1 })).toThrow('rewardShift: expected a number and a count from 0 on but found 0 and -1');
});

describe('kto on a model', () => {
  const params = (): Tree => model.init(0);
  const captured = (reference: Tree | undefined, policy: Tree, batch = unpairedBatch(completions)): { baseline: number; policy: number[]; reference: number[] } => {
    const found = { baseline: NaN, policy: [] as number[], reference: [] as number[] };
    const capture = ({ baseline, policy, reference }: UnpairedScores): void => {
      Object.assign(found, { baseline: baseline!.dataSync()[0], policy: [...policy.dataSync()], reference: [...reference.dataSync()] });
    };
    scope(() => unpairedLoss(model, { loss: kto(), ...(reference === undefined ? {} : { reference }), capture })(policy, batch));
    return found;
  };

  test('the reference point is what mismatched pairs give, each prompt with the completion before', () => {
    const policy = params();
    const reference = model.init(1);
    const mismatched = completions.map(({ prompt }, i) => ({ prompt, completion: completions.at(i - 1)!.completion, desirable: true }));
    const batch = unpairedBatch(mismatched, { mismatched: false });
    const [a, b] = [policy, reference].map((tree) => scope(() => sequenceLogProbs(model, tree, batch).dataSync()));
    const expected = [...a!].reduce((sum, x, i) => sum + x - b![i]!, 0) / 4;
    const swapped = captured(policy, reference).baseline;
    expectClose([captured(reference, policy).baseline, swapped], [Math.max(0, expected), Math.max(0, -expected)]);
    disposeTree(policy);
    disposeTree(reference);
  });

  test('precomputed log-probabilities give the same as the reference itself', async () => {
    const policy = params();
    const reference = model.init(1);
    const batch = unpairedBatch(completions);
    const kept = await precomputeUnpairedReference(model, reference, batch);
    const [live, stored] = [captured(reference, policy, batch), captured(undefined, policy, kept)];
    expect(stored.baseline).toBe(live.baseline);
    expect(stored).toEqual(live);
    disposeTree(policy);
    disposeTree(reference);
  });

  test('it raises what is desirable and lowers what is not; nothing is left behind', async () => {
    const policy = params();
    const reference = mapLeaves(policy, (leaf) => mul(leaf as Tensor, 1));
    const batch = await precomputeUnpairedReference(model, reference, unpairedBatch(completions));
    const before = memory().tensors;
    for await (const step of train({ params: policy, loss: unpairedLoss(model, { loss: kto({ beta: 0.5 }) }), batches: Array.from({ length: 15 }, () => batch), optimizer: adamw({ lr: 3e-3 }) })) {
      if (step.index === 0) expect(step.loss).toBeCloseTo(0.5, 5);
    }
    expect(memory().tensors).toBe(before);
    const { policy: found, reference: start } = captured(undefined, policy, batch);
    for (const [i, { desirable }] of completions.entries()) expect(found[i]! > start[i]!).toBe(desirable);
    disposeTree(policy);
    disposeTree(reference);
  });

  test('bco on a model moves its running mean on', async () => {
    const policy = params();
    const shift = rewardShift();
    const batch = unpairedBatch(completions, { mismatched: false });
    const loss = unpairedLoss(model, { loss: bco(), reference: policy, shift });
    expectClose(scope(() => loss(policy, batch).dataSync()), [Math.LN2]);
    expect([shift.mean.dataSync()[0], shift.count.dataSync()[0]]).toEqual([0, 4]);
    disposeTree(policy);
    disposeTree(shift);
  });
});

describe('what cannot be learned from is refused', () => {
  test('batches', () => {
    expect(() => unpairedBatch([completions[0]!])).toThrow('unpairedBatch: expected at least 2 completions, as each prompt is also given another one\'s, but found 1. Use larger batches');
    expect(() => unpairedBatch([], { mismatched: false })).toThrow('unpairedBatch: expected at least 1 completion but found 0.');
    expect(() => unpairedBatch([...completions, { prompt: [1], completion: [], desirable: true }])).toThrow('found no completion in 4');
    expect(() => unpairedBatch([...completions, { prompt: [], completion: [1], desirable: true }])).toThrow('found no prompt in 4');
    expect(() => unpairedBatch([...completions, { ...completions[0]!, reference: -1 }])).toThrow('expected a reference for every completion or for none but found 1 of 5');
  });
  test('losses', () => {
    const policy = model.init(0);
    const plain = unpairedBatch(completions, { mismatched: false });
    expect(() => scope(() => unpairedLoss(model, { loss: kto() })(policy, plain))).toThrow('unpairedLoss: expected log-probabilities of a reference but found none.');
    expect(() => scope(() => unpairedLoss(model, { loss: kto(), reference: policy })(policy, plain))).toThrow('kto: expected a baseline but found none. Give the batch mismatched completions');
    expect(() => scope(() => unpairedLoss(model, { loss: bco(), reference: policy })(policy, plain))).toThrow('bco: expected a baseline but found none. Give the loss a rewardShift().');
    expect(() => scope(() => unpairedLoss(model, { loss: kto() })(policy, { ...unpairedBatch(completions), reference: new Float32Array(4) }))).toThrow('for the mismatched completions but found none');
    disposeTree(policy);
  });
});

test('ktoWeights balances what is not equally frequent', () => {
  expect(ktoWeights([true, false, false, false])).toEqual({ desirableWeight: 3, undesirableWeight: 1 });
  expect(ktoWeights([true, true, false])).toEqual({ desirableWeight: 1, undesirableWeight: 2 });
  expect(() => ktoWeights([true])).toThrow('ktoWeights: expected completions of both kinds but found 1 desirable and 0 undesirable ones');
});

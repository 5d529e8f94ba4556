// Every loss and its gradient beside TRL's, from fixtures/losses.json (made by fixtures/make-losses.py).
import { readFileSync } from 'node:fs';
import { logSoftmax, mean, mul, reshape, type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { completionSums } from '../offline/log-probs.ts';
import { pairBatch, type PairBatchOptions, type TokenizedPair } from '../offline/pair-batch.ts';
import { pairScores } from '../offline/preference-loss.ts';
import { aot } from './aot.ts';
import { aotUnpaired } from './aot-unpaired.ts';
import { apoDown } from './apo-down.ts';
import { apoZero } from './apo-zero.ts';
import { apoZeroUnpaired } from './apo-zero-unpaired.ts';
import { bcoPair } from './bco-pair.ts';
import { cpoHinge } from './cpo-hinge.ts';
import { cpoIpo } from './cpo-ipo.ts';
import { cpo } from './cpo.ts';
import { discopop } from './discopop.ts';
import { alphaDivergence, forwardKl, jensenShannon } from './divergence.ts';
import { dpo } from './dpo.ts';
import { exoPair } from './exo-pair.ts';
import { hinge } from './hinge.ts';
import { ipo } from './ipo.ts';
import { kto, ktoBaseline } from './kto.ts';
import { ncaPair } from './nca-pair.ts';
import { orpo } from './orpo.ts';
import type { PairLoss } from './pair-loss.ts';
import { robust } from './robust.ts';
import { sft } from './sft.ts';
import { sigmoidNorm } from './sigmoid-norm.ts';
import { simpo } from './simpo.ts';
import { sppoHard } from './sppo-hard.ts';
import type { UnpairedLoss } from './unpaired-loss.ts';
import { weighted } from './weighted.ts';

interface Case { readonly value: number; readonly gradient: number[]; readonly kl?: number }
interface Stored {
  readonly pairs: { readonly lengths: number[]; readonly policy: number[][]; readonly reference: number[][]; readonly square: number[][]; readonly cases: Record<string, Case> };
  readonly logits: { readonly vocab: number; readonly ids: number[][]; readonly prompts: number[]; readonly lengths: number[]; readonly logits: number[]; readonly cases: Record<string, Case> };
  readonly unpaired: { readonly desirable: boolean[]; readonly cases: Record<string, Case> };
}
const stored = JSON.parse(readFileSync(new URL('../../fixtures/losses.json', import.meta.url), 'utf8')) as Stored;
const TOLERANCE = 1e-6;

const values = (x: Tensor): number[] => [...x.dataSync()];

/** The loss and its gradient by x. */
function differentiated(loss: (x: Tensor) => Tensor, x: Tensor): { value: number; gradient: number[] } {
  const { value, grads } = valueAndGrad(({ x }: { x: Tensor }) => loss(x))({ x });
  return { value: value.dataSync()[0]!, gradient: values(grads.x!) };
}

function compare(found: { value: number; gradient: number[] }, expected: Case): void {
  expectClose([found.value], [expected.value], { tolerance: TOLERANCE, name: 'value' });
  expectClose(found.gradient, expected.gradient, { tolerance: TOLERANCE, name: 'gradient' });
  expect(expected.gradient.some((slope) => Math.abs(slope) > 1e-4)).toBe(true);
}

const fill = (length: number): number[] => Array.from({ length }, () => 0);

describe.each(['cpu', 'wasm'] as const)('%s', (device) => {
  beforeEach(async () => { await useDevice(device); });

  const { pairs } = stored;
  const count = pairs.lengths.length / 2;
  const batchOf = (options: PairBatchOptions = {}): ReturnType<typeof pairBatch> => pairBatch(
    Array.from({ length: count }, (_, i): TokenizedPair => ({ prompt: [0], chosen: fill(pairs.lengths[i]!), rejected: fill(pairs.lengths[i + count]!) })), options,
  );

  describe('pairs with a reference', () => {
    const run = (loss: PairLoss, options: PairBatchOptions = {}): { value: number; gradient: number[] } => {
      const batch = batchOf(options);
      const reference = completionSums(tensor(pairs.reference.flat()), batch, batch.weights);
      return differentiated((logProbs) => mean(loss(pairScores(batch, { logProbs, reference }))), tensor(pairs.policy.flat()));
    };
    const cases: Record<string, [PairLoss, PairBatchOptions?]> = {
      'sigmoid': [dpo()], 'sigmoid-beta': [dpo({ beta: 0.7 })], 'cdpo': [dpo({ beta: 0.3, labelSmoothing: 0.1 })], 'hinge': [hinge({ beta: 0.3 })], 'ipo': [ipo({ beta: 0.4 })],
      'exo_pair': [exoPair({ labelSmoothing: 0.05, beta: 0.5 })], 'nca_pair': [ncaPair({ beta: 0.2 })], 'robust': [robust({ labelSmoothing: 0.15, beta: 0.3 })],
      'bco_pair': [bcoPair()], 'sppo_hard': [sppoHard({ beta: 0.25 })], 'aot': [aot({ labelSmoothing: 0.1, beta: 0.4 })],
      'aot_unpaired': [aotUnpaired({ labelSmoothing: 0.1, beta: 0.4 })], 'apo_zero': [apoZero({ beta: 0.3 })], 'apo_down': [apoDown({ beta: 0.3 })], 'discopop': [discopop()],
      'sft': [sft()], 'sigmoid_norm': [sigmoidNorm({ beta: 2 })], 'mpo': [weighted([[dpo(), 0.8], [bcoPair(), 0.2], [sft(), 1]])],
      'ld': [dpo(), { ldAlpha: 0.4 }], 'forward_kl': [dpo({ divergence: forwardKl() })], 'js_divergence': [dpo({ divergence: jensenShannon() })],
      'alpha_divergence': [dpo({ divergence: alphaDivergence() })], 'hinge-js': [hinge({ divergence: jensenShannon() })], 'ipo-js': [ipo({ divergence: jensenShannon() })],
    };
    test.each(Object.entries(cases))('%s', (name, [loss, options]) => { compare(run(loss, options), pairs.cases[name]!); });

    test('no case of the fixture is left out', () => {
      expect(Object.keys(pairs.cases).filter((name) => name !== 'wpo').toSorted()).toEqual(Object.keys(cases).toSorted());
    });
  });

  describe('without a reference, from logits', () => {
    const { vocab, ids, prompts, lengths, logits } = stored.logits;
    const length = ids[0]!.length;
    const half = prompts.length;
    const tokenized = prompts.map((prompt, i): TokenizedPair => ({
      prompt: ids[i]!.slice(0, prompt), chosen: ids[i]!.slice(prompt, prompt + lengths[i]!), rejected: ids[i + half]!.slice(prompt, prompt + lengths[i + half]!),
    }));
    // The fixture's rows are longer than the longest pair: places are made for its own.
    const batch = pairBatch(tokenized, { prompts: true });
    const rowOf = (place: number): number => Math.floor(place / batch.length);
    /** Rows of the batch alternate chosen and rejected, those of the fixture have all chosen ones first. */
    const at = [...batch.places].map((place, i) => ((Math.floor(rowOf(place) / 2) + half * (rowOf(place) % 2)) * length + place % batch.length) * vocab + batch.targets[i]!);
    const run = (loss: PairLoss): { value: number; gradient: number[] } => differentiated((z) => {
      const all = reshape(logSoftmax(reshape(z, [2 * half * length, vocab])), [z.size]);
      const logProbs = completionSums(all, { ...batch, members: Int32Array.from(at), completions: at.length, longest: 1 }, new Float32Array(at.length).fill(1));
      return mean(loss(pairScores(batch, { logProbs })));
    }, tensor(logits));
    const cases: Record<string, PairLoss> = {
      'cpo': cpo(), 'cpo-smoothed': cpo({ labelSmoothing: 0.2 }), 'cpo-hinge': cpoHinge(), 'cpo-ipo': cpoIpo(), 'cpo-alpha': cpo({ alpha: 0.1 }),
      'alphapo': simpo({ alpha: 0.25, gamma: 0.5 }), 'simpo': simpo(), 'simpo-paper': simpo({ beta: 2, gamma: 1 }), 'cposimpo': weighted([[simpo(), 1], [sft(), 0.7]]),
      'orpo': orpo(), 'orpo-beta': orpo({ beta: 0.6 }),
    };
    test.each(Object.entries(cases))('%s', (name, loss) => { compare(run(loss), stored.logits.cases[name]!); });
    test('no case of the fixture is left out', () => { expect(Object.keys(stored.logits.cases).toSorted()).toEqual(Object.keys(cases).toSorted()); });
  });

  describe('single completions', () => {
    const { desirable, cases: expected } = stored.unpaired;
    const sums = (lists: number[][]): number[] => lists.map((list) => list.reduce((total, x) => total + x, 0));
    const run = (loss: UnpairedLoss, { exchanged = false, kl }: { exchanged?: boolean; kl?: number } = {}): { value: number; gradient: number[] } => {
      const [policy, reference] = exchanged ? [pairs.reference, pairs.policy] : [pairs.policy, pairs.reference];
      const baseline = kl === undefined ? undefined : ktoBaseline(tensor(sums(policy.slice(count))), tensor(sums(reference.slice(count))));
      if (kl !== undefined) expectClose(values(baseline!), [kl], { tolerance: TOLERANCE, name: 'baseline' });
      const { value, gradient } = differentiated((x) => mean(loss({ policy: x, reference: tensor(sums(reference.slice(0, count))), desirable: tensor(desirable.map(Number)), baseline })), tensor(sums(policy.slice(0, count))));
      // The fixture has the slope of every token: that of its completion.
      return { value, gradient: gradient.flatMap((slope, i) => Array.from({ length: pairs.lengths[i]! }, () => slope)) };
    };
    test('kto', () => { compare(run(kto(), { kl: expected.kto!.kl! }), expected.kto!); });
    test('kto-weighted', () => { compare(run(kto({ beta: 0.4, desirableWeight: 1.5, undesirableWeight: 0.8 }), { kl: expected['kto-weighted']!.kl! }), expected['kto-weighted']!); });
    test('kto with a reference point above 0', () => {
      expect(expected['kto-exchanged']!.kl!).toBeGreaterThan(0.1);
      compare(run(kto({ beta: 0.3 }), { exchanged: true, kl: expected['kto-exchanged']!.kl! }), expected['kto-exchanged']!);
    });
    test('apo_zero_unpaired', () => { compare(run(apoZeroUnpaired({ beta: 0.3, undesirableWeight: 1.3 })), expected.apo_zero_unpaired!); });
  });

  test('wpo weighs pairs by exp of the mean of ln p − ln Σ p²', () => {
    // The weights themselves are tested on a model; here that a weight that is a constant gives TRL's number.
    const batch = batchOf();
    const reference = completionSums(tensor(pairs.reference.flat()), batch, batch.weights);
    const means = pairs.policy.map((list, i) => list.reduce((total, x, j) => total + x - pairs.square[i]![j]!, 0) / list.length);
    const weights = tensor(Array.from({ length: count }, (_, i) => Math.exp(means[i]!) * Math.exp(means[i + count]!)));
    compare(differentiated((logProbs) => mean(mul(dpo()(pairScores(batch, { logProbs, reference })), weights)), tensor(pairs.policy.flat())), pairs.cases.wpo!);
  });
});

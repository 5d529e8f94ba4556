// What holds for every loss whatever the numbers.
import { mul, scope, sum, type Tensor, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { aot } from './aot.ts';
import { aotUnpaired } from './aot-unpaired.ts';
import { apoDown } from './apo-down.ts';
import { apoZero } from './apo-zero.ts';
import { bcoPair } from './bco-pair.ts';
import { cpoHinge } from './cpo-hinge.ts';
import { cpo } from './cpo.ts';
import { discopop } from './discopop.ts';
import { alphaDivergence, forwardKl, jensenShannon, reverseKl } from './divergence.ts';
import { dpo } from './dpo.ts';
import { exoPair } from './exo-pair.ts';
import { hinge } from './hinge.ts';
import { ipo } from './ipo.ts';
import { logSigmoid, sigmoid } from './log-sigmoid.ts';
import { ncaPair } from './nca-pair.ts';
import { orpo } from './orpo.ts';
import type { PairLoss, PairScores } from './pair-loss.ts';
import { robust } from './robust.ts';
import { sft } from './sft.ts';
import { sigmoidNorm } from './sigmoid-norm.ts';
import { simpo } from './simpo.ts';
import { sorted } from './sorted.ts';
import { sppoHard } from './sppo-hard.ts';
import { weighted } from './weighted.ts';

beforeAll(async () => { await useDevice('cpu'); });

/** Multiples of 1/8, so that shifts by them are exact in float32. */
const logProb = fc.integer({ min: -400, max: -1 }).map((n) => n / 8);
interface Numbers { readonly policy: [number, number][]; readonly reference: [number, number][]; readonly tokens: [number, number][] }
const numbers: fc.Arbitrary<Numbers> = fc.integer({ min: 1, max: 6 }).chain((n) => {
  const list = (value: fc.Arbitrary<number>): fc.Arbitrary<[number, number][]> => fc.array(fc.tuple(value, value), { minLength: n, maxLength: n });
  return fc.record({ policy: list(logProb), reference: list(logProb), tokens: list(fc.integer({ min: 1, max: 9 })) });
});
const side = (values: readonly [number, number][]): PairScores['policy'] => ({ chosen: tensor(values.map(([chosen]) => chosen)), rejected: tensor(values.map(([, rejected]) => rejected)) });
const run = (loss: PairLoss, { policy, reference, tokens }: Numbers): number[] => [...scope(() => loss({ policy: side(policy), reference: side(reference), tokens: side(tokens) })).dataSync()];

const withReference: Record<string, PairLoss> = {
  dpo: dpo(), cdpo: dpo({ labelSmoothing: 0.2 }), hinge: hinge(), ipo: ipo(), exoPair: exoPair(), ncaPair: ncaPair(), robust: robust({ labelSmoothing: 0.1 }), bcoPair: bcoPair(), sppoHard: sppoHard(),
  aot: aot(), aotUnpaired: aotUnpaired(), apoZero: apoZero(), apoDown: apoDown(), discopop: discopop(), sigmoidNorm: sigmoidNorm(), jensenShannon: dpo({ divergence: jensenShannon() }),
};

describe.each(Object.entries(withReference))('%s', (_, loss) => {
  test('shifting policy and reference alike changes nothing', () => {
    fc.assert(fc.property(numbers, fc.integer({ min: -80, max: 80 }), fc.integer({ min: -80, max: 80 }), (all, a, b) => {
      const moved = (values: [number, number][]): [number, number][] => values.map(([chosen, rejected]) => [chosen + a / 8, rejected + b / 8]);
      expect(run(loss, { ...all, policy: moved(all.policy), reference: moved(all.reference) })).toEqual(run(loss, all));
    }), { numRuns: 40 });
  });
  test('without a reference it is refused', () => {
    expect(() => loss({ policy: side([[-1, -2]]), tokens: side([[1, 1]]) })).toThrow('expected log-probabilities of a reference but found none');
  });
});

describe('dpo', () => {
  test('equal policies give ln 2, whatever β and smoothing, and slopes of −β/2 (1 − 2ε) and β/2 (1 − 2ε)', () => {
    fc.assert(fc.property(numbers, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 4 }), ({ policy, tokens }, b, e) => {
      const [beta, labelSmoothing] = [b / 8, e / 10];
      const loss = dpo({ beta, labelSmoothing });
      expectClose(run(loss, { policy, reference: policy, tokens }), policy.map(() => Math.LN2), { tolerance: 1e-6 });
      const { grads } = valueAndGrad(({ chosen, rejected }: { chosen: Tensor; rejected: Tensor }) => sum(loss({ policy: { chosen, rejected }, reference: side(policy), tokens: side(tokens) })))(side(policy) as { chosen: Tensor; rejected: Tensor });
      expectClose(grads.chosen!.dataSync(), policy.map(() => -beta / 2 * (1 - 2 * labelSmoothing)), { tolerance: 1e-6 });
      expectClose(grads.rejected!.dataSync(), policy.map(() => beta / 2 * (1 - 2 * labelSmoothing)), { tolerance: 1e-6 });
    }), { numRuns: 40 });
  });
  test('swapping the pair negates the margin: the losses differ by βΔ', () => {
    const swapped = (values: [number, number][]): [number, number][] => values.map(([chosen, rejected]) => [rejected, chosen]);
    fc.assert(fc.property(numbers, (all) => {
      const there = run(dpo(), all);
      const back = run(dpo(), { policy: swapped(all.policy), reference: swapped(all.reference), tokens: swapped(all.tokens) });
      const margin = all.policy.map(([chosen, rejected], i) => 0.1 * (chosen - rejected - all.reference[i]![0] + all.reference[i]![1]));
      expectClose(there.map((value, i) => value - back[i]!), margin.map((m) => -m), { tolerance: 1e-5 });
    }));
  });
  test('with ε = 0 robust is dpo, the divergences agree to first order at 0, and α near 1 is dpo', () => {
    fc.assert(fc.property(numbers, (all) => {
      expect(run(robust(), all).map((x) => Math.fround(x))).toEqual(run(dpo(), all));
      expect(run(dpo({ divergence: alphaDivergence({ alpha: 1 }) }), all)).toEqual(run(dpo(), all));
    }), { numRuns: 20 });
    for (const divergence of [reverseKl(), forwardKl(), alphaDivergence()]) {
      expectClose(scope(() => divergence(tensor([0, 1e-3])).dataSync()), [0, 1e-3], { tolerance: 1e-5 });
    }
    // Jensen and Shannon's has slope 1/2 there.
    expectClose(scope(() => jensenShannon()(tensor([0, 1e-3])).dataSync()), [0, 5e-4], { tolerance: 1e-5 });
  });
});

test('without a reference: a constant added to the log-probabilities of both completions leaves cpo\'s margin alone', () => {
  fc.assert(fc.property(numbers, fc.integer({ min: -80, max: 80 }), (all, a) => {
    for (const loss of [cpo({ likelihood: 0 }), cpoHinge({ likelihood: 0 })]) {
      expect(run(loss, { ...all, policy: all.policy.map(([chosen, rejected]) => [chosen + a / 8, rejected + a / 8]) })).toEqual(run(loss, all));
    }
  }), { numRuns: 20 });
});

test('simpo by hand: β (−1 − (−2)) − γ = 2 − 1', () => {
  expectClose(run(simpo(), { policy: [[-4, -6]], reference: [[0, 0]], tokens: [[4, 3]] }), [Math.log(1 + Math.exp(-1))], { tolerance: 1e-6 });
});

test('sft by hand: 10 nats over 5 tokens, shared out by pairs', () => {
  expectClose(run(sft(), { policy: [[-4, -6], [-6, -1]], reference: [[0, 0], [0, 0]], tokens: [[4, 3], [1, 1]] }), [8 / 5, 12 / 5], { tolerance: 1e-6 });
});

test('orpo keeps its digits where the policy is sure', () => {
  // p = e^-1e-5: ln odds = x − ln(1 − eˣ) = −1e-5 − ln(1e-5 (1 − 5e-6))
  const logOdds = (x: number): number => x - Math.log(-Math.expm1(x));
  const expected = (chosen: number, rejected: number): number => -chosen - 0.1 * -Math.log1p(Math.exp(-(logOdds(chosen) - logOdds(rejected))));
  for (const [chosen, rejected] of [[-1e-5, -2e-5], [-0.05, -1], [-0.2, -0.09], [-3, -30]] as const) {
    const [found] = scope(() => orpo({ withPrompt: false })({ policy: side([[chosen, rejected]]), tokens: side([[1, 1]]) }).dataSync());
    expectClose([found!], [expected(Math.fround(chosen), Math.fround(rejected))], { tolerance: 1e-6 });
  }
});

test('ln σ and σ do not overflow, and have their slopes at 0 and far out', () => {
  const at = [-1000, -100, -20, 0, 20, 100, 1000];
  const slopes = (fn: (x: Tensor) => Tensor): number[] => [...valueAndGrad(({ x }: { x: Tensor }) => sum(fn(x)))({ x: tensor(at) }).grads.x!.dataSync()];
  expectClose(scope(() => logSigmoid(tensor(at)).dataSync()), [-1000, -100, -20, -Math.LN2, 0, 0, 0], { tolerance: 1e-6 });
  expectClose(slopes(logSigmoid), [1, 1, 1, 0.5, 0, 0, 0], { tolerance: 1e-6 });
  expectClose(scope(() => sigmoid(tensor(at)).dataSync()), [0, 0, 0, 0.5, 1, 1, 1], { tolerance: 1e-6 });
  expectClose(slopes(sigmoid), [0, 0, 0, 0.25, 0, 0, 0], { tolerance: 1e-6 });
});

test('sorted is the order of numbers, ties included, and its gradient goes back to their places', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 9 }), (list) => {
    expect([...scope(() => sorted(tensor(list))).dataSync()]).toEqual(list.toSorted((a, b) => a - b));
    const weights = list.map((_, i) => i + 1);
    const { grads } = valueAndGrad(({ x }: { x: Tensor }) => sum(mul(sorted(x), tensor(weights))))({ x: tensor(list) });
    const order = list.map((_, i) => i).sort((a, b) => list[a]! - list[b]! || a - b);
    expect([...grads.x!.dataSync()]).toEqual(list.map((_, i) => order.indexOf(i) + 1));
  }));
});

test('options outside their range are refused by name', () => {
  const wrong: [() => unknown, string][] = [
    [() => dpo({ beta: 0 }), 'dpo: expected beta > 0 but found 0'], [() => simpo({ beta: Infinity }), 'simpo: expected beta > 0 but found Infinity'],
    [() => dpo({ labelSmoothing: 0.5 }), 'dpo: expected labelSmoothing from 0 to below 0.5, the share of wrong labels, but found 0.5'],
    [() => robust({ labelSmoothing: -0.1 }), 'robust: expected labelSmoothing from 0 to below 0.5'],
    [() => exoPair({ labelSmoothing: 0 }), 'exoPair: expected labelSmoothing above 0 and below 0.5 but found 0. Without it the loss is infinite; 0.001 is usual.'],
    [() => discopop({ temperature: 0 }), 'discopop: expected temperature > 0 but found 0'],
    [() => alphaDivergence({ alpha: NaN }), 'alphaDivergence: expected a number for alpha but found NaN'],
    [() => weighted([]), 'weighted: expected at least one loss but found none'], [() => weighted([[dpo(), NaN]]), 'weighted: expected numbers for weights but found NaN'],
  ];
  for (const [make, message] of wrong) expect(make).toThrow(message);
});

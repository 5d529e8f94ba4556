import { sample } from '@llm/kernels';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { candidates, type Candidates, draw, logProbability, probabilities, sorted } from './candidates.ts';
import { dry } from './dry.ts';
import { minP } from './min-p.ts';
import { penalties } from './penalties.ts';
import type { Sampler, SamplerContext } from './sampler.ts';
import { defaultSampler, samplers } from './samplers.ts';
import { greedy, temperature } from './temperature.ts';
import { topK } from './top-k.ts';
import { topNSigma } from './top-n-sigma.ts';
import { topP } from './top-p.ts';
import { typical } from './typical.ts';
import { xtc } from './xtc.ts';

/** Logits whose probabilities are these. */
const having = (...p: number[]): Candidates => candidates(Float32Array.from(p, Math.log));
const context = (history: number[] = [], uniform = 0): SamplerContext => ({ history, uniform: () => uniform });
const ids = (list: Candidates): number[] => [...list.ids];
const left = (sampler: Sampler, list: Candidates, at: SamplerContext = context()): number[] => ids(sampler(list, at)).sort((a, b) => a - b);
const rounded = (values: ArrayLike<number>): number[] => Array.from(values, (value) => Math.round(value * 1e4) / 1e4);

describe('penalties', () => {
  test('repeat divides positive logits and multiplies negative ones, frequency counts, presence does not', () => {
    // Token 0 twice, token 1 once: 4 / 2 − 2 · 0.5 − 0.25 = 0.75; −1 · 2 − 1 · 0.5 − 0.25 = −2.75; 3 as it was.
    const list = penalties({ repeat: 2, frequency: 0.5, presence: 0.25 })(candidates(Float32Array.of(4, -1, 3)), context([0, 1, 0]));
    expect([...list.logits]).toEqual([0.75, -2.75, 3]);
  });

  test('only the last lastN ids count', () => {
    const list = candidates(Float32Array.of(1, 1, 1));
    expect([...penalties({ presence: 1, lastN: 1 })(list, context([0, 1, 2])).logits]).toEqual([1, 1, 0]);
    expect([...penalties({ presence: 1, lastN: -1 })(list, context([0, 1, 2])).logits]).toEqual([0, 0, 0]);
    expect([...penalties({ presence: 1, lastN: 0 })(list, context([0, 1, 2])).logits]).toEqual([1, 1, 1]);
  });
});

describe('dry', () => {
  const flat = candidates(new Float32Array(10));
  test('the longer the passage that would be repeated, the dearer its next token', () => {
    // "1 2 3 4 … 1 2 3": three ids before 4 came already, so 4 costs 0.8 · 1.75^(3 − 2) = 1.4. 5 followed nothing said again.
    const { logits } = dry({ multiplier: 0.8 })(flat, context([1, 2, 3, 4, 5, 1, 2, 3]));
    expect(rounded(logits)).toEqual([0, 0, 0, 0, -1.4, 0, 0, 0, 0, 0]);
  });

  test('the longest of several repeats counts, and one that overlaps itself', () => {
    // After 7 7 7 7 the last three sevens stood before a seven: 1 · 2^(3 − 2) = 2.
    expect(dry({ multiplier: 1, base: 2 })(flat, context([7, 7, 7, 7])).logits[7]).toBe(-2);
    // 1 2 stood before 3 and 9 1 2 before 4: lengths 2 and 3, costs 2^0 and 2^1.
    const { logits } = dry({ multiplier: 1, base: 2 })(flat, context([9, 1, 2, 4, 1, 2, 3, 9, 1, 2]));
    expect([logits[3], logits[4]]).toEqual([-1, -2]);
  });

  test('shorter repeats are free, and none reaches across a breaker or beyond lastN', () => {
    expect(dry({ multiplier: 1 })(flat, context([1, 4, 1])).logits[4]).toBe(0);
    // With 2 as a breaker only "3" is repeated before 4: one id, fewer than two.
    expect(dry({ multiplier: 1, breakers: [2] })(flat, context([1, 2, 3, 4, 1, 2, 3])).logits[4]).toBe(0);
    expect(dry({ multiplier: 1, lastN: 4 })(flat, context([1, 2, 3, 4, 5, 1, 2, 3])).logits[4]).toBe(0);
  });

  test('as looking at every earlier place says', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 24 }), (history) => {
      const expected = [0, 0, 0, 0];
      for (let at = 1; at < history.length; at++) {
        let n = 0;
        while (n < at && history[at - 1 - n] === history[history.length - 1 - n] && history[at - 1 - n] !== 0) n++;
        if (n >= 2) expected[history[at]!] = Math.max(expected[history[at]!]!, 2 ** (n - 2));
      }
      const { logits } = dry({ multiplier: 1, base: 2, breakers: [0] })(candidates(new Float32Array(4)), context(history));
      expect([...logits]).toEqual(expected.map((cost) => 0 - cost));
    }));
  });
});

describe('truncation', () => {
  test('topNSigma keeps what is within n deviations of the largest', () => {
    // Logits 0, 0, 4, 4: mean 2, deviation 2. One deviation below 4 is 2; two are 0. −∞ does not count.
    expect(left(topNSigma(1), candidates(Float32Array.of(0, 0, 4, 4)))).toEqual([2, 3]);
    expect(left(topNSigma(2), candidates(Float32Array.of(0, 0, 4, 4, -Infinity)))).toEqual([0, 1, 2, 3]);
    expect(left(topNSigma(0), having(0.5, 0.5))).toEqual([0, 1]);
  });

  test('topK keeps the k likeliest from the likeliest down, the lower id of equals', () => {
    expect(ids(topK(2)(candidates(Float32Array.of(1, 3, 2, 3)), context()))).toEqual([1, 3]);
    expect(ids(topK(1)(candidates(Float32Array.of(3, 3)), context()))).toEqual([0]);
    expect(left(topK(0), having(0.5, 0.5))).toEqual([0, 1]);
    expect(left(topK(9), having(0.5, 0.5))).toEqual([0, 1]);
  });

  test('topK of a large vocabulary is what sorting all of it gives', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 40, maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (logits, k) => {
      const list = candidates(Float32Array.from(logits));
      expect(ids(topK(k)(list, context()))).toEqual(ids(sorted(list)).slice(0, k));
    }));
  });

  test('typical keeps what surprises as much as expected', () => {
    // H = −(0.5 ln 0.5 + 0.3 ln 0.3 + 0.2 ln 0.2) = 1.0297; −ln q = 0.6931, 1.2040, 1.6094; distances 0.3365, 0.1743, 0.5798.
    expect(left(typical(0.2), having(0.5, 0.3, 0.2))).toEqual([1]);
    expect(left(typical(0.31), having(0.5, 0.3, 0.2))).toEqual([0, 1]);
    expect(left(typical(0.9), having(0.5, 0.3, 0.2))).toEqual([0, 1, 2]);
    expect(left(typical(0.5), candidates(Float32Array.of(0, -Infinity)))).toEqual([0]);
  });

  test('topP keeps the fewest that sum to p', () => {
    expect(left(topP(0.6), having(0.3, 0.5, 0.2))).toEqual([0, 1]);
    expect(left(topP(0.4), having(0.3, 0.5, 0.2))).toEqual([1]);
    expect(left(topP(0), having(0.3, 0.5, 0.2))).toEqual([1]);
    expect(left(topP(1), having(0.3, 0.5, 0.2))).toEqual([0, 1, 2]);
  });

  test('minP keeps what is at least p times as likely as the likeliest', () => {
    // 0.5 · 0.5 = 0.25
    expect(left(minP(0.5), having(0.5, 0.26, 0.24))).toEqual([0, 1]);
    expect(left(minP(0), having(0.5, 0.26, 0.24))).toEqual([0, 1, 2]);
  });

  test('xtc removes all but the least likely of the top choices, with its probability', () => {
    const list = having(0.4, 0.3, 0.2, 0.1);
    // At threshold 0.15 the top choices are 0, 1 and 2; 2 stays.
    expect(left(xtc({ probability: 0.5, threshold: 0.15 }), list, context([], 0.4))).toEqual([2, 3]);
    expect(left(xtc({ probability: 0.5, threshold: 0.15 }), list, context([], 0.6))).toEqual([0, 1, 2, 3]);
    expect(left(xtc({ probability: 1, threshold: 0.35 }), list)).toEqual([0, 1, 2, 3]);
    expect(left(xtc({ probability: 1, threshold: 0.6 }), list)).toEqual([0, 1, 2, 3]);
  });

  test('temperature divides, and 0 keeps the likeliest', () => {
    expect([...temperature(0.5)(candidates(Float32Array.of(1, 3)), context()).logits]).toEqual([2, 6]);
    expect(ids(greedy(candidates(Float32Array.of(1, 3, 3)), context()))).toEqual([1]);
    expect(probabilities(temperature(1e-38)(candidates(Float32Array.of(1, 3, 2)), context()))).toEqual(Float64Array.of(0, 1, 0));
  });
});

describe('chains', () => {
  test('the order matters', () => {
    const list = having(0.5, 0.3, 0.2);
    // Temperature 2 flattens to √q / Σ√q = 0.416, 0.322, 0.263, so that two are not enough for 0.8.
    expect(left(samplers([topP(0.8), temperature(2)]), list)).toEqual([0, 1]);
    expect(left(samplers([temperature(2), topP(0.8)]), list)).toEqual([0, 1, 2]);
  });

  test('the default chain: 40, then 0.95, then a twentieth of the best, then 0.8', () => {
    // topP: 0.6 + 0.3 = 0.9 < 0.95, so 0.06 stays and 0.03, 0.01 go. minP: 0.05 · 0.6 = 0.03, all stay. z / 0.8 is q^1.25:
    // 0.5281, 0.2220, 0.0297, which are 0.6772, 0.2847 and 0.0381 of their sum.
    const list = defaultSampler()(having(0.6, 0.3, 0.06, 0.03, 0.01), context());
    expect(ids(list)).toEqual([0, 1, 2]);
    expect(rounded(probabilities(list))).toEqual([0.6772, 0.2847, 0.0381]);
  });

  test('no sampler empties the candidates, adds one, or changes what it was given', () => {
    const chain = fc.shuffledSubarray<Sampler>([
      penalties({ repeat: 1.3, frequency: 0.2, presence: 0.1 }), dry({ multiplier: 0.8 }), topNSigma(1), topK(3), typical(0.5), topP(0.5), minP(0.3),
      xtc({ probability: 1, threshold: 0.1 }), temperature(0.7), greedy,
    ]);
    fc.assert(fc.property(
      fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 50 }), fc.array(fc.integer({ min: 0, max: 49 })), chain,
      (logits, history, chain) => {
        const list = candidates(Float32Array.from(logits));
        const [before, idsBefore] = [[...list.logits], ids(list)];
        const after = samplers(chain)(list, context(history));
        expect(after.ids.length).toBeGreaterThan(0);
        expect(new Set(after.ids).size).toBe(after.ids.length);
        expect(after.ids.every((id) => id < logits.length)).toBe(true);
        if (after.sorted) expect(ids(after)).toEqual(ids(sorted({ ...after, sorted: false })));
        expect([[...list.logits], ids(list)]).toEqual([before, idsBefore]);
      },
    ));
  });
});

describe('settings', () => {
  test('tell what a sampler does where top-k, top-p, min-p and temperature in this order are all of it', () => {
    expect(defaultSampler().settings).toEqual({ topK: 40, topP: 0.95, minP: 0.05, temperature: 0.8 });
    expect(defaultSampler({ topK: 0, topP: 1, minP: 0, temperature: 1 }).settings).toEqual({});
    expect(greedy.settings).toEqual({ temperature: 0 });
    expect(samplers([xtc(), typical(1), dry(), topNSigma(0), samplers([topK(3), topP(0.5)]), temperature(2)]).settings).toEqual({ topK: 3, topP: 0.5, temperature: 2 });
    for (const chain of [[topP(0.5), topK(3)], [temperature(2), minP(0.1)], [topK(3), topK(2)], [penalties({ repeat: 1.1 })], [typical(0.5)], [(list: Candidates) => list]]) {
      expect(samplers([temperature(1), ...chain]).settings).toBeUndefined();
    }
    expect(defaultSampler({ repeatPenalty: 1.1 }).settings).toBeUndefined();
  });

  test('the kernel `sample` draws by them what the chain draws', () => {
    fc.assert(fc.property(
      fc.array(fc.oneof(fc.float({ min: -20, max: 20, noNaN: true }), fc.integer({ min: -2, max: 2 }), fc.constant(-Infinity)), { minLength: 1, maxLength: 40 }).filter((logits) => logits.some(Number.isFinite)),
      fc.record({
        topK: fc.constantFrom(0, 1, 3, 100), topP: fc.constantFrom(0, 0.3, 0.9, 1), minP: fc.constantFrom(0, 0.1, 1), temperature: fc.constantFrom(0, 1e-38, 1e-4, 0.5, 1, 3),
      }),
      fc.integer({ min: 0, max: 2 ** 24 - 1 }),
      (logits, options, words) => {
        const uniform = words / 2 ** 24;
        const values = Float32Array.from(logits);
        const sampler = defaultSampler(options);
        const io = { logits: Float64Array.from(values), draws: Float64Array.of(uniform), ids: new Float64Array(1), logprob: new Float64Array(1) };
        sample.reference(io, { rows: 1, vocab: values.length }, { ...sample.uniforms, ...sampler.settings });
        const id = draw(sampler(candidates(values), context()), uniform);
        expect(io.ids[0]).toBe(id);
        expect(io.logprob[0]).toBeCloseTo(logProbability(values, id), 10);
      },
    ), { numRuns: 1000 });
  });
});

describe('draw', () => {
  test('takes the candidate at which the sum passes the number', () => {
    const list = having(0.2, 0.5, 0.3);
    expect([0, 0.19, 0.21, 0.69, 0.71, 0.999999].map((u) => draw(list, u))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test('refuses NaN and nothing', () => {
    expect(() => candidates(Float32Array.of(1, NaN))).toThrow(/found NaN/);
    expect(() => draw(candidates(Float32Array.of(-Infinity)), 0.5)).toThrow(RangeError);
    expect(() => draw(candidates(new Float32Array()), 0.5)).toThrow(/no candidate/);
  });

  test('logProbability is log softmax: ln(3 / 4) for odds of 3 to 1', () => {
    expect(logProbability(Float32Array.of(Math.log(3), 0), 0)).toBeCloseTo(Math.log(0.75), 6);
  });
});

test('impossible settings are refused', () => {
  for (const make of [
    () => penalties({ repeat: 0 }), () => penalties({ lastN: 0.5 }), () => penalties({ presence: NaN }), () => dry({ multiplier: -1 }),
    () => topK(1.5), () => topP(-1), () => topP(NaN), () => minP(2), () => minP(NaN), () => typical(0), () => xtc({ probability: 2 }),
    () => temperature(-1), () => temperature(NaN), () => temperature(Infinity), () => topNSigma(NaN),
  ]) expect(make).toThrow(RangeError);
});

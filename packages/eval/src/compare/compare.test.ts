import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { pythonRandom } from '../python/random.ts';
import { costOfScore } from './cost.ts';
import { forgettingMatrix } from './forgetting.ts';
import { mcnemar } from './mcnemar.ts';
import { pairedBootstrap } from './paired-bootstrap.ts';

interface Pair { readonly before: number[]; readonly after: number[]; readonly difference: number; readonly standardError: number; readonly low: number; readonly high: number }
const fixture = JSON.parse(await readFile(new URL('fixtures/compare.json', import.meta.url), 'utf8')) as { mcnemar: [number, number, number][]; bootstrap: Pair[] };

describe('mcnemar', () => {
  test.each(fixture.mcnemar)('%i gained, %i lost: p of statsmodels', (gained, lost, p) => {
    const before = [...Array<boolean>(gained).fill(false), ...Array<boolean>(lost).fill(true), true, false];
    const found = mcnemar(before, [...before.slice(0, -2).map((right) => !right), true, false]);
    expect(found).toMatchObject({ gained, lost });
    expect(Math.abs(found.p - p)).toBeLessThan(1e-10);
  });

  test('checkpoints on other documents are refused', () => expect(() => mcnemar([true, true], [true])).toThrow(/the same two or more documents but found 2 and 1/));
});

describe('pairedBootstrap', () => {
  test.each(fixture.bootstrap)('mean, error and interval as scipy finds them', ({ before, after, ...expected }) => {
    const found = pairedBootstrap(before, after);
    expect(found.difference).toBeCloseTo(expected.difference, 12);
    expect(found.standardError).toBeCloseTo(expected.standardError, 12);
    // Two sets of resamples: their percentiles differ by a few hundredths of the error.
    expect(Math.abs(found.low - expected.low)).toBeLessThan(0.08 * expected.standardError);
    expect(Math.abs(found.high - expected.high)).toBeLessThan(0.08 * expected.standardError);
  });

  test('nothing is found where nothing is, and the same seed draws the same', () => {
    const scores = Array.from({ length: 30 }, (_, i) => i % 3);
    expect(pairedBootstrap(scores, scores, { resamples: 100 })).toEqual({ difference: 0, standardError: 0, low: 0, high: 0, p: 1 });
    const other = scores.map((score, i) => score + Math.sin(i));
    expect(pairedBootstrap(scores, other, { resamples: 100, seed: 5 })).toEqual(pairedBootstrap(scores, other, { resamples: 100, seed: 5 }));
    expect(() => pairedBootstrap([1], [1])).toThrow(/two or more documents/);
  });

  test('about one in twenty comparisons of equals is called a difference at 0.05', () => {
    let called = 0;
    const { random } = pythonRandom(3);
    for (let run = 0; run < 200; run++) {
      const noise = Array.from({ length: 60 }, () => random() - 0.5);
      if (pairedBootstrap(noise.map(() => 0), noise, { resamples: 200, seed: run }).p < 0.05) called++;
    }
    expect(called).toBeGreaterThan(1);
    expect(called).toBeLessThan(25);
  });
});

describe('forgettingMatrix', () => {
  const stages = [
    { stage: 'base', scores: { a: 0.5, ppl: 10 } }, { stage: 'sft', scores: { a: 0.6, ppl: 12, b: 0.3 } }, { stage: 'dpo', scores: { a: 0.45, b: 0.295, ppl: 9 } },
  ];

  test('the best so far is what counts, in either direction', () => {
    const found = forgettingMatrix(stages, { lowerIsBetter: ['ppl'] });
    expect(found.tasks).toEqual(['a', 'ppl', 'b']);
    expect(found.scores).toEqual([[0.5, 0.6, 0.45], [10, 12, 9], [undefined, 0.3, 0.295]]);
    expect(found.forgetting.a).toBeCloseTo(0.15, 12);
    expect(found.forgetting.ppl).toBe(-1);
    expect(found.forgetting.b).toBeCloseTo(0.005, 12);
    expect(found.averageForgetting).toBeCloseTo((0.15 - 1 + 0.005) / 3, 12);
    expect(found.regressions.map(({ task, from, to }) => [task, from, to])).toEqual([['a', 'sft', 'dpo'], ['ppl', 'base', 'sft']]);
  });

  test('a tolerance, and nothing at all', () => {
    expect(forgettingMatrix(stages, { lowerIsBetter: ['ppl'], tolerance: 0.001 }).regressions).toHaveLength(3);
    expect(forgettingMatrix([])).toMatchObject({ tasks: [], averageForgetting: 0, regressions: [] });
  });
});

test('costOfScore: machine, tokens and energy', () => {
  expect(costOfScore(0.25, { tokens: 500, seconds: 1800 }, { perHour: 2 })).toEqual({ tokens: 500, seconds: 1800, kilowattHours: undefined, money: 1, moneyPerPoint: 0.04, tokensPerPoint: 20 });
  expect(costOfScore(0, { tokens: 1, seconds: 1 }).tokensPerPoint).toBe(Infinity);
  expect(() => costOfScore(1, { tokens: 1, seconds: 1 }, { perKilowattHour: 1 })).toThrow(/expected watts/);
});

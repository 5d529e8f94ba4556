import { readFileSync } from 'node:fs';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { pythonRandom } from '../python/random.ts';
import { type Aggregation, bitsPerByte, brierScore, f1, likelihood, matthews, mean, median, nanmean, perplexity, weightedPerplexity } from './aggregation.ts';
import { bleu } from './bleu.ts';
import { chrf, chrfPlusPlus } from './chrf.ts';
import { exactMatch } from './exact-match.ts';
import { passAtK } from './pass-at-k.ts';
import { pooledError, standardError, unweightedError } from './stderr.ts';
import { ter } from './ter.ts';


const known = JSON.parse(readFileSync(new URL('./fixtures/metrics.json', import.meta.url), 'utf8')) as unknown as Record<'mean' | 'meanStderr' | 'median' | 'medianStderr' | 'perplexity' | 'perplexityStderr' | 'weightedPerplexity' | 'bitsPerByte' | 'f1' | 'f1Stderr' | 'mccNone' | 'brier' | 'pooled' | 'unweighted', number>
  & Record<'bleu' | 'chrf' | 'chrf++' | 'ter', number[]> & {
  corpus: [string, string][]; several: [string[], string][]; each: number[][]; corpusStderr: number[]; binary: [number, number][]; many: [number, number][]; mcc: number[];
  lls: number[]; weighted: [number, number][]; probs: [number, number[]][]; predictions: string[]; references: string[]; exactMatch: [Record<string, unknown>, number[]][];
  samples: [number, number, number, number[]][]; randoms: [number, number[]]; twice: number[][];
};
const run = (by: Aggregation, items: readonly unknown[]): number => by.of(by.prepare?.(items) ?? items);
const close = (found: number | undefined, expected: number, what?: string): void => { expect(Math.abs(found! - expected), what).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected))); };

describe("lm-evaluation-harness's metrics", () => {
  test.each([['bleu', bleu], ['chrf', chrf], ['chrf++', chrfPlusPlus], ['ter', ter]] as const)('%s of a corpus, with one reference and with several', (name, by) => {
    const expected = known[name];
    close(run(by, known.corpus), expected[0]!);
    close(run(by, known.several), expected[1]!);
  });

  test('bleu, chrf, chrf++ and ter of each text', () => {
    known.corpus.forEach((item, i) => [bleu, chrf, chrfPlusPlus, ter].forEach((by, which) => close(run(by, [item]), known.each[i]![which]!, `${by.name} of ${JSON.stringify(item)}`)));
  });

  test('means, medians, perplexities, correlations', () => {
    close(mean.of(known.lls), known.mean);
    close(median.of(known.lls), known.median);
    close(perplexity.of(known.lls), known.perplexity);
    close(weightedPerplexity.of(known.weighted), known.weightedPerplexity);
    close(bitsPerByte.of(known.weighted), known.bitsPerByte);
    close(f1.of(known.binary), known.f1);
    close(matthews.of(known.binary), known.mcc[0]!);
    close(matthews.of(known.many), known.mcc[1]!);
    close(matthews.of([[1, 1], [1, 0]]), known.mccNone);
    close(brierScore.of(known.probs), known.brier);
    expect(nanmean.of([1, NaN, 3])).toBe(2);
    expect(nanmean.of([NaN])).toBeNaN();
    expect(f1.of([[0, 0]])).toBe(0);
    // One document of ln ½ and one of ln ¼ for the right choice.
    close(likelihood.of([[0, [Math.log(0.5), -9]], [1, [-9, Math.log(0.25)]]]), -1.5 * Math.LN2);
  });

  test('standard errors: s/√n of a mean, resamples in the order of Python', () => {
    close(standardError(mean, known.lls, { bootstrapIters: 10 }), known.meanStderr);
    close(standardError(median, known.lls, { bootstrapIters: 2500 }), known.medianStderr);
    close(standardError(perplexity, known.lls, { bootstrapIters: 2500 }), known.perplexityStderr);
    close(standardError(f1, known.binary, { bootstrapIters: 200 }), known.f1Stderr);
    [bleu, chrf, ter].forEach((by, i) => close(standardError(by, known.corpus, { bootstrapIters: 20 }), known.corpusStderr[i]!));
    expect(standardError(bitsPerByte, known.weighted, { bootstrapIters: 100 })).toBeUndefined();
    expect(standardError(mean, [1], { bootstrapIters: 100 })).toBeUndefined();
    expect(standardError(mean, [1, 2], { bootstrapIters: 0 })).toBeUndefined();
    close(pooledError([0.01, 0.02, 0.05], [100, 50, 7]), known.pooled);
    close(unweightedError([0.01, 0.02, 0.05]), known.unweighted);
  });

  test.each(known.exactMatch)('exact_match with %j', (options, expected) => {
    const { ignore_case: ignoreCase = false, ignore_punctuation: ignorePunctuation = false, ignore_numbers: ignoreNumbers = false, regexes_to_ignore: regexesToIgnore = [] } = options as Record<string, never>;
    expect(known.predictions.map((prediction, i) => exactMatch([prediction], [known.references[i]!], { ignoreCase, ignorePunctuation, ignoreNumbers, regexesToIgnore }))).toEqual(expected);
  });
});

describe("Python's draws", () => {
  test.each(known.samples)('random.Random(%i).sample(range(%i), %i)', (seed, length, count, expected) => {
    expect(pythonRandom(seed).sample(Array.from({ length }, (_, i) => i), count)).toEqual(expected);
  });

  test('numbers, choices, and one sample after the other', () => {
    expect(pythonRandom(1234).random()).toBe(known.randoms[0]);
    expect([...pythonRandom(99).choices(1000, new Uint32Array(5))]).toEqual(known.randoms[1]);
    const again = pythonRandom(1234);
    const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
    expect([again.sample(range(50), 4), again.sample(range(50), 4), again.sample(range(500), 30)]).toEqual(known.twice);
    expect(() => again.sample([1], 2)).toThrow(RangeError);
    expect(() => pythonRandom(-1)).toThrow(RangeError);
  });
});

describe('monstrous answers are wrong in bounded time', () => {
  const monsters = ['', 'x'.repeat(1_000_000), 'word '.repeat(40_000), `${'\\frac{1}{'.repeat(20_000)}2`];

  test.each([bleu, chrf, ter].map((by) => [by.name, by] as const))('%s', (_name, by) => {
    const begin = processorMilliseconds();
    const found = run(by, monsters.map((monster) => ['the right answer is 42', monster]));
    expect(Number.isFinite(found)).toBe(true);
    expect(processorMilliseconds() - begin).toBeLessThan(20_000);
  });

  test('exact_match, with patterns that take exponential time', () => {
    const begin = processorMilliseconds();
    for (const monster of monsters) expect(exactMatch([monster], ['42'], { regexesToIgnore: ['(x+x+)+y', '(?s).*#### ', '(\\s*[a-z]+)+$'] })).toBe(0);
    expect(processorMilliseconds() - begin).toBeLessThan(20_000);
  });
});

test('pass@k: right ones among samples', () => {
  expect(passAtK({ samples: 10, correct: 0, k: 3 })).toBe(0);
  expect(passAtK({ samples: 10, correct: 8, k: 3 })).toBe(1);
  // 1 − C(7, 2) / C(10, 2) = 1 − 21/45
  close(passAtK({ samples: 10, correct: 3, k: 2 }), 24 / 45);
  expect(() => passAtK({ samples: 2, correct: 3, k: 1 })).toThrow(RangeError);
});

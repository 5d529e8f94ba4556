import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { lengthControlledWinRate } from './length-controlled.ts';
import { winRate } from './win-rate.ts';

interface Found { readonly strength: number; readonly coefficients: readonly [number, number, number]; readonly winRate: number }
interface Case {
  readonly comparisons: readonly (readonly [number, number, number, number])[];
  readonly gamed: readonly (readonly [number, number, number])[];
  readonly alpaca: Found;
  readonly tight: Found;
}

const cases = JSON.parse(await readFile(new URL('fixtures/win-rate.json', import.meta.url), 'utf8')) as Case[];

describe('winRate', () => {
  test('means, errors and counts', () => {
    expect(winRate([1, 1, 0, 0.5])).toEqual({ winRate: 0.625, standardError: Math.sqrt(((0.375 ** 2) * 2 + 0.625 ** 2 + 0.125 ** 2) / 3 / 4), discreteWinRate: 0.625, wins: 2, draws: 1, losses: 1, undecided: 0 });
    expect(winRate([0.51, undefined, 0.49])).toMatchObject({ winRate: 0.5, discreteWinRate: 0.5, wins: 1, losses: 1, undecided: 1 });
  });

  test('preferences of AlpacaEval and none at all are refused', () => {
    expect(() => winRate([1.5])).toThrow(/from 0 to 1 but found 1.5/);
    expect(() => winRate([undefined])).toThrow(/none of 1/);
  });
});

describe('lengthControlledWinRate', () => {
  test.each(cases.map((each, i) => [i, each] as const))('case %i of scikit-learn', (_, { comparisons, gamed, alpaca, tight }) => {
    const found = lengthControlledWinRate(
      comparisons.map(([preference, modelLength, baselineLength, difficulty]) => ({ preference, modelLength, baselineLength, difficulty })),
      { gamed: gamed.map(([preference, standardDelta, difficulty]) => ({ preference, standardDelta, difficulty })) },
    );
    expect(found.strength).toBeCloseTo(tight.strength, 6);
    const { length, difficulty, model } = found.coefficients;
    // liblinear run to the minimum; as AlpacaEval runs it, it stops a little before.
    [length, difficulty, model].forEach((value, i) => expect(Math.abs(value - tight.coefficients[i]!)).toBeLessThan(1e-6));
    expect(Math.abs(found.winRate - tight.winRate)).toBeLessThan(1e-6);
    expect(Math.abs(found.winRate - alpaca.winRate)).toBeLessThan(2e-4);
  });

  const plain = cases[0]!.comparisons.map(([preference, modelLength, baselineLength, difficulty]) => ({ preference, modelLength, baselineLength, difficulty }));

  test('where length has no part in it, the win rate stays what it is', () => {
    const even = plain.map((each, i) => ({ ...each, difficulty: 0, preference: 0.7, modelLength: 100 + 10 * (i % 7) }));
    expect(lengthControlledWinRate(even).winRate).toBeCloseTo(0.7, 2);
  });

  test('comparisons without a verdict are predicted and not learned from; a lambda of 0 leaves gamed ones out', () => {
    const some = plain.map((each, i) => (i < 30 ? { ...each, preference: undefined } : each));
    const rest = lengthControlledWinRate(some);
    expect(rest.winRate).toBeGreaterThan(0);
    expect(lengthControlledWinRate(some, { gamed: [{ preference: 1, standardDelta: 1, difficulty: 0 }], lambda: 0 })).toEqual(rest);
  });

  test('what cannot be fitted is refused', () => {
    expect(() => lengthControlledWinRate(plain.map((each) => ({ ...each, modelLength: 1, baselineLength: 2 })))).toThrow(/differences in length that vary/);
    expect(() => lengthControlledWinRate(plain.slice(0, 3))).toThrow(/at least as many comparisons as folds, 5, but found 3/);
  });
});

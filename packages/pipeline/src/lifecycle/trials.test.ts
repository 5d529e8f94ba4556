import { expect, test } from 'vitest';
import { ranked, rungsOf, survivors, trialsOf } from './trials.ts';

const search = { step: 'a', metric: 'loss', goal: 'least' } as const;

test('a grid is every combination; random draws are those of the seed, within their range', () => {
  expect(trialsOf({ ...search, grid: { 'a.lr': [1, 2], seed: [0, 1] } })).toEqual([{ 'a.lr': 1, seed: 0 }, { 'a.lr': 1, seed: 1 }, { 'a.lr': 2, seed: 0 }, { 'a.lr': 2, seed: 1 }]);
  const random = { 'a.lr': { from: 1e-5, to: 1e-1, log: true }, 'a.lora': { from: 2, to: 16, whole: true }, 'a.loss': ['nll', 'dft'] } as const;
  const draws = trialsOf({ ...search, random, trials: 200, seed: 3 });
  expect(draws).toEqual(trialsOf({ ...search, random, trials: 200, seed: 3 }));
  expect(draws[0]).not.toEqual(trialsOf({ ...search, random, trials: 1, seed: 4 })[0]);
  const rates = draws.map((draw) => Number(draw['a.lr']));
  expect([Math.min(...rates) >= 1e-5, Math.max(...rates) <= 1e-1]).toEqual([true, true]);
  // Evenly in the logarithm: half of them below the geometric mean, 10⁻³.
  expect(Math.abs(rates.filter((rate) => rate < 1e-3).length / 200 - 0.5)).toBeLessThan(0.1);
  expect(draws.every((draw) => Number.isInteger(draw['a.lora']))).toBe(true);
  expect(new Set(draws.map((draw) => draw['a.loss']))).toEqual(new Set(['nll', 'dft']));
  expect(trialsOf({ ...search, grid: { seed: [0, 1] }, random: { 'a.lr': [1, 2, 3] } })).toHaveLength(2);
});

test.each([[{}, 'found 0'], [{ grid: { a: Array.from({ length: 40 }, (_, i) => i), b: Array.from({ length: 40 }, (_, i) => i) } }, 'found 1600'], [{ random: { 'a.lr': { from: 2, to: 1 } } }, 'from a smaller'], [{ random: { 'a.lr': { from: 0, to: 1, log: true } } }, 'positive']])('%j is refused', (more, message) => {
  expect(() => trialsOf({ ...search, ...more })).toThrow(message);
});

test('rungs grow by the factor up to the whole; the best part of the trials goes on, those without a figure last', () => {
  expect([rungsOf({ least: 10 }, 100), rungsOf({ least: 10, factor: 2 }, 35), rungsOf({ least: 50 }, 40), rungsOf({ least: 40 }, 40)]).toEqual([[10, 30, 90, 100], [10, 20, 35], [40], [40]]);
  const trials = [{ n: 1, v: 3 }, { n: 2, v: null }, { n: 3, v: 1 }, { n: 4, v: 2 }];
  const value = ({ v }: { v: number | null }): number | null => v;
  expect(survivors(trials, { value, goal: 'least', factor: 2 }).map(({ n }) => n)).toEqual([3, 4]);
  expect(survivors(trials, { value, goal: 'most', factor: 9 }).map(({ n }) => n)).toEqual([1]);
  expect(ranked(trials, { value, goal: 'most' }).map(({ n }) => n)).toEqual([1, 4, 3, 2]);
});

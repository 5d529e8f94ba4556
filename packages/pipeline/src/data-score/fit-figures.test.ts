import { expect, test } from 'vitest';
import { classFigures, classFiguresText, ratingFigures } from './fit-figures.ts';
import { quantile, spreadText } from './spread-text.ts';

test('accuracy, precision, recall, F1 and confusion by hand', () => {
  const pairs = [['a', 'a'], ['a', 'a'], ['a', 'b'], ['b', 'b'], ['c', 'a']].map(([truth, said]) => ({ truth: truth!, said: said! }));
  const found = classFigures(pairs);
  expect(found).toMatchObject({
    examples: 5, accuracy: 0.6, commonest: 0.6, confusion: { a: { a: 2, b: 1, c: 0 }, c: { a: 1, b: 0, c: 0 } },
    labels: { a: { precision: 2 / 3, recall: 2 / 3, examples: 3 }, b: { precision: 0.5, recall: 1, f1: 2 / 3 }, c: { precision: 0, recall: 0, f1: 0 } },
  });
  expect(found.macroF1).toBeCloseTo(4 / 9, 12);
  expect(classFiguresText(found)).toMatch(/a +2 +1 +0\nb +0 +1 +0\nc +1 +0 +0$/);
});

test('R², error and rank correlation by hand, with ties', () => {
  const of = (truths: number[], saids: number[]) => ratingFigures(truths.map((truth, i) => ({ truth, said: saids[i]! })));
  expect(of([1, 2, 3], [1, 2, 3])).toEqual({ examples: 3, r2: 1, meanAbsoluteError: 0, spearman: 1 });
  expect(of([1, 2, 3], [2, 2, 2])).toMatchObject({ r2: 0, meanAbsoluteError: 2 / 3, spearman: Number.NaN });
  expect(of([1, 2, 3, 4], [40, 30, 20, 10]).spearman).toBeCloseTo(-1, 12);
  // Ranks 0 1.5 1.5 3 and 0 1 2 3: 4.5 / √(4.5 · 5).
  expect(of([1, 2, 2, 5], [1, 2, 3, 4]).spearman).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
});

test('a histogram with the threshold in it, and quantiles', () => {
  const lines = spreadText([3, 12, 15, 19, 600, Number.NaN, Infinity], { mark: 150 }).split('\n');
  expect(lines[0]).toMatch(/^ *2 – 5  1  █+$/);
  expect(lines[1]).toMatch(/^ *5 – 10  0$/);
  expect(lines[2]).toMatch(/10 – 20  3  █{40}$/);
  expect(lines[5]).toMatch(/100 – 200  0   ← 150$/);
  expect(lines.at(-1)).toContain('50 % below 15');
  expect(spreadText([Number.NaN])).toBe('nothing to show');
  expect(quantile([0, 10], 0.25)).toBe(2.5);
});

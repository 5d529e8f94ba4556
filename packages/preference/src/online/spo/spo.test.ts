import { expectClose } from '@llm/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawWeighted } from './draw-weighted.ts';
import { singleStreamAdvantages } from './single-stream-advantages.ts';
import { valueTracker } from './value-tracker.ts';

test('a new prompt is worth a half, and moves with what is observed', () => {
  const tracker = valueTracker({ least: 0.5, most: 0.9 });
  expect(tracker.value('a')).toBe(0.5);
  // It begins with 1 / (1 − ½) = 2 observations, of which 0.9 survive: (0.9 + 1) / (1.8 + 1).
  tracker.observe({ key: 'a', reward: 1, meanLogProb: -1 });
  expect(tracker.value('a')).toBeCloseTo(1.9 / 2.8, 12);
  // The policy moved by one half-life, so half survives: 0.95 / (1.4 + 1).
  tracker.observe({ key: 'a', reward: 0, meanLogProb: -1.06 });
  expect(tracker.value('a')).toBeCloseTo(0.95 / 2.4, 12);
  // Far away, no less than `least` does.
  tracker.observe({ key: 'a', reward: 0, meanLogProb: -9 });
  expect(tracker.value('a')).toBeCloseTo(0.475 / 2.2, 12);
  expect(valueTracker({ values: tracker.values }).value('a')).toBe(tracker.value('a'));
});

test('the value comes to the success rate of a steady policy', () => {
  const tracker = valueTracker();
  for (let i = 0; i < 500; i++) tracker.observe({ key: 'a', reward: i % 4 === 0 ? 1 : 0, meanLogProb: -1 });
  expect(Math.abs(tracker.value('a') - 0.25)).toBeLessThan(0.05);
});

test('advantages are taken against the value before, normalised and held', () => {
  const tracker = valueTracker();
  const seen = (key: string, reward: number) => ({ key, reward, meanLogProb: -1 });
  // ± ½ around a mean of 0, with a deviation of √(4 · ¼ / 3).
  const scale = 0.5 / Math.sqrt(1 / 3);
  expectClose(singleStreamAdvantages(tracker, [seen('a', 1), seen('b', 0), seen('c', 1), seen('d', 0)]), [scale, -scale, scale, -scale], { tolerance: 1e-6 });
  expect(tracker.value('a')).toBeGreaterThan(0.5);
  expect(Math.max(...singleStreamAdvantages(tracker, [...Array.from({ length: 99 }, (_, i) => seen(`n${i}`, 0)), seen('m', 1)]))).toBe(5);
  expect(() => tracker.observe(seen('a', 2))).toThrow('valueTracker: expected a reward in [0, 1] but found 2 for a');
  expect(() => valueTracker({ most: 1 })).toThrow('valueTracker: expected 0 ≤ least ≤ most < 1');
});

test('weighted draws take each place once, and likelier ones more often', () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }), fc.integer(), (weights, seed) => {
    let state = seed >>> 0;
    const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const drawn = drawWeighted(weights, { count: weights.length, uniform });
    expect([...drawn].sort((a, b) => a - b)).toEqual(weights.map((_, i) => i));
  }));
  let at = 0;
  const counts = [0, 0];
  for (; at < 1000; at++) counts[drawWeighted([1, 3], { count: 1, uniform: () => (at + 0.5) / 1000 })[0]!]!++;
  expect(counts).toEqual([250, 750]);
  expect(() => drawWeighted([1, 0], { count: 2, uniform: Math.random })).toThrow('drawWeighted: expected a count of at most 1');
});

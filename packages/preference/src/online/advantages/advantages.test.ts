import { readFileSync } from 'node:fs';
import { expectClose } from '@llm/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gae } from './gae.ts';
import { groupAdvantages } from './group-advantages.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { normalizedObjectives } from './normalized-objectives.ts';
import { reinforcePlusPlus } from './reinforce-plus-plus.ts';
import { byBatch, unscaled } from './advantage-scale.ts';
import { whiten } from './whiten.ts';

interface Stored {
  readonly samples: number; readonly weights: number[]; readonly rewards: (number | null)[][];
  readonly group: number[]; readonly batch: number[]; readonly none: number[]; readonly normalize_then_sum: number[]; readonly rloo: number[]; readonly rloo_normalized: number[];
}
const stored = JSON.parse(readFileSync(new URL('../../../fixtures/advantages.json', import.meta.url), 'utf8')) as Stored;
const { samples, weights } = stored;
const each = stored.rewards.map((values) => values.map((value) => value ?? NaN));
const rewards = each[0]!.map((_, i) => (each.every((values) => Number.isNaN(values[i])) ? NaN : each.reduce((sum, values, k) => sum + weights[k]! * (Number.isNaN(values[i]) ? 0 : values[i]!), 0)));

const reward = fc.double({ min: -100, max: 100, noNaN: true });
const groups = fc.integer({ min: 2, max: 8 }).chain((size) => fc.array(fc.array(reward, { minLength: size, maxLength: size }), { minLength: 1, maxLength: 6 }));

describe('advantages of groups', () => {
  test('are TRL\'s, with missing rewards and groups that are all alike', () => {
    expectClose(groupAdvantages(rewards, { samples }), stored.group, { tolerance: 1e-6 });
    expectClose(groupAdvantages(rewards, { samples, scale: byBatch() }), stored.batch, { tolerance: 1e-6 });
    expectClose(groupAdvantages(rewards, { samples, scale: unscaled }), stored.none, { tolerance: 1e-6 });
    expectClose(normalizedObjectives(each, { samples, weights }), stored.normalize_then_sum, { tolerance: 1e-5 });
    expectClose(leaveOneOut(rewards, { samples, clip: [0.1, 2.5] }), stored.rloo, { tolerance: 1e-6 });
    expectClose(leaveOneOut(rewards, { samples, normalize: true }), stored.rloo_normalized, { tolerance: 1e-6 });
  });

  test('sum to zero in every group, whatever the scale, and do not change when a prompt is easier', () => {
    fc.assert(fc.property(groups, reward, (made, shift) => {
      const size = made[0]!.length;
      for (const scale of [undefined, byBatch(), unscaled]) {
        const found = groupAdvantages(made.flat(), scale === undefined ? { samples: size } : { samples: size, scale });
        made.forEach((_, i) => {
          const own = found.slice(i * size, (i + 1) * size);
          const size1 = Math.max(1, ...own.map(Math.abs));
          expect(Math.abs(own.reduce((sum, advantage) => sum + advantage, 0))).toBeLessThan(1e-5 * size * size1);
        });
        expect(found.every(Number.isFinite)).toBe(true);
      }
      const plain = groupAdvantages(made.flat(), { samples: size, scale: unscaled });
      expectClose(groupAdvantages(made.flat().map((value) => value + shift), { samples: size, scale: unscaled }), plain, { tolerance: 1e-5 });
    }), { numRuns: 100 });
  });

  test('leaving one out is centring, times n / (n − 1)', () => {
    fc.assert(fc.property(groups, (made) => {
      const size = made[0]!.length;
      const centred = groupAdvantages(made.flat(), { samples: size, scale: unscaled });
      expectClose(leaveOneOut(made.flat(), { samples: size }), centred.map((value) => value * size / (size - 1)), { tolerance: 1e-5 });
    }));
  });

  test('the divergence from the reference is taken from the rewards', () => {
    // (1 − 0.5·2) − (0 − 0.5·0) = 0
    expect([...leaveOneOut([1, 0], { samples: 2, kl: [2, 0], beta: 0.5 })]).toEqual([0, 0]);
  });

  test('rewards that do not fit are refused', () => {
    expect(() => groupAdvantages([1, 2, 3], { samples: 2 })).toThrow('groupAdvantages: expected rewards of 2 completions for each prompt but found 3 in all');
    expect(() => groupAdvantages([1], { samples: 0 })).toThrow('groupAdvantages: expected samples to be a whole number from 1 on but found 0');
    expect(() => leaveOneOut([1, 2], { samples: 2, kl: [1] })).toThrow('leaveOneOut: expected a divergence for each of 2 completions but found 1');
    expect(() => normalizedObjectives([], { samples: 2 })).toThrow('normalizedObjectives: expected as many weights as reward functions, at least one, but found 0 for 0');
  });
});

test('gae: λ = 0 looks one step ahead, λ = 1 to the end', () => {
  const [r, v] = [[1, 2, 3], [0.5, 0.25, 4]];
  // 1 + 0.25 − 0.5, 2 + 4 − 0.25, 3 − 4
  expect([...gae(r, v, { lambda: 0 }).advantages]).toEqual([0.75, 5.75, -1]);
  expect([...gae(r, v, { lambda: 1 }).returns]).toEqual([6, 5, 3]);
  // With γ = 1/2: δ = (1 + 1/8 − 1/2, 2 + 2 − 1/4, −1), then λ = 1/2 adds a quarter of what follows.
  expect([...gae(r, v, { gamma: 0.5, lambda: 0.5 }).advantages]).toEqual([0.625 + 0.25 * 3.5, 3.75 - 0.25, -1]);
  expect(() => gae([1], [])).toThrow('gae: expected a value for each of 1 rewards but found 0');
});

test('whitened numbers have mean 0 and deviation 1, the others are 0', () => {
  const found = whiten([1, 99, 3], { counts: [true, false, true] });
  expectClose(found, [-Math.SQRT1_2, 0, Math.SQRT1_2], { tolerance: 1e-6 });
  expectClose(whiten([1, 3], { shiftMean: false }), [2 - Math.SQRT1_2, 2 + Math.SQRT1_2], { tolerance: 1e-6 });
  expect(() => whiten([1, 2], { counts: [true, false] })).toThrow('whiten: expected at least two numbers that count but found 1');
});

test('reinforce++: the reward comes at the end, every token costs its divergence, and the batch is whitened', () => {
  // Returns: 2 − 0.5·(1 + 1), 2 − 0.5·1 for the first completion, 0 − 0.5·4 for the second.
  const expected = whiten([1, 1.5, -2]);
  expectClose(reinforcePlusPlus([2, 0], { lengths: [2, 1], kl: [1, 1, 4], beta: 0.5 }), expected, { tolerance: 1e-6 });
  // With a baseline the group's mean 1 goes first.
  expectClose(reinforcePlusPlus([2, 0], { lengths: [2, 1], kl: [1, 1, 4], beta: 0.5, samples: 2 }), whiten([0, 0.5, -3]), { tolerance: 1e-6 });
  expect(() => reinforcePlusPlus([1], { lengths: [2], kl: [1] })).toThrow('reinforcePlusPlus: expected a length for each of 1 rewards and a divergence for each of 2 tokens but found 1 and 1');
});

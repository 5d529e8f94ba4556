import { expect, test } from 'vitest';
import { ensembleRewards, meanReward, uncertainReward, worstReward } from './ensemble.ts';
import { rewardScale, scaleRewards } from './reward-scale.ts';

test('three models judge two completions', () => {
  const rewards = [[1, 4], [2, 4], Float32Array.of(6, 4)];
  expect(ensembleRewards(rewards)).toEqual([3, 4]);
  expect(ensembleRewards(rewards, meanReward())).toEqual([3, 4]);
  expect(ensembleRewards(rewards, worstReward())).toEqual([1, 4]);
  // Variance of 1, 2, 6 around 3: (4 + 1 + 9) / 3
  expect(ensembleRewards(rewards, uncertainReward({ penalty: 0.5 }))).toEqual([3 - 7 / 3, 4]);
  expect(() => ensembleRewards([])).toThrow('ensembleRewards: expected the rewards of at least one model but found none');
  expect(() => ensembleRewards([[1], [1, 2]])).toThrow('ensembleRewards: expected 1 rewards of every model but found 2 of model 1');
  expect(() => uncertainReward({ penalty: -1 })).toThrow('uncertainReward: expected a penalty from 0 on but found -1');
});

test('rewards on the scale of others, held within a range', () => {
  const scale = rewardScale([1, 2, 3, 6]);
  expect(scale).toEqual({ mean: 3, std: Math.sqrt(14 / 3) });
  const found = scaleRewards([3, 5, 100], { ...scale, limit: 2 });
  expect(found[0]).toBe(0);
  expect(found[1]).toBeCloseTo(2 / Math.sqrt(14 / 3), 6);
  expect(found[2]).toBe(2);
  expect(scaleRewards([4], { mean: 3, std: 2, keepMean: true })[0]).toBeCloseTo(2, 6);
  // All alike: nothing to tell apart, and no NaN.
  expect(scaleRewards([1, 1], rewardScale([1, 1]))).toEqual([0, 0]);
  expect(() => rewardScale([1])).toThrow('rewardScale: expected at least two rewards but found 1');
  expect(() => scaleRewards([1], { mean: 0, std: 1, limit: 0 })).toThrow('a limit above 0 but found 1 and 0');
});

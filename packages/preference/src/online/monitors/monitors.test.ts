import { describe, expect, test } from 'vitest';
import { entropyMonitor, hackingMonitor, klMonitor, lengthMonitor, type Monitor, repetitionMonitor, watch } from './monitors.ts';
import { repeatedShare, type RoundReport, roundReport } from './round-report.ts';

const good: RoundReport = { completions: 8, reward: 0.5, rewardDeviation: 0.2, flatGroups: 0, length: 20, truncated: 0, repetition: 0.05, entropy: 2, kl: 1 };
const after = (monitor: Monitor, count: number): Monitor => {
  for (let i = 0; i < count; i++) expect(monitor(good)).toBeUndefined();
  return monitor;
};

describe('monitors are quiet in a good round, and speak in a bad one', () => {
  test('length, both ways', () => {
    const monitor = after(lengthMonitor(), 6);
    expect(monitor({ ...good, length: 41 })?.message).toContain('length: expected about 20 tokens a completion, as at first, but found 41');
    expect(monitor({ ...good, length: 9 })?.monitor).toBe('length');
    expect(monitor({ ...good, length: 39 })).toBeUndefined();
  });

  test('repetition, entropy, divergence', () => {
    expect(after(repetitionMonitor(), 1)({ ...good, repetition: 0.5 })?.message).toContain('found 0.5');
    expect(after(entropyMonitor(), 6)({ ...good, entropy: 0.1 })?.message).toContain('expected at least 0.2 nats a token');
    expect(after(klMonitor({ most: 5 }), 1)({ ...good, kl: 7 })?.message).toContain('at most 5 nats a completion but found 7');
    expect(() => klMonitor({ most: 5 })({ ...good, kl: undefined })).toThrow('klMonitor: expected a report with the divergence');
  });

  test('a reward that rises while another measure falls, and not while it rises too', () => {
    const run = (measures: (round: number) => number): boolean => {
      let round = 0;
      const monitor = hackingMonitor({ independent: () => measures(round), rounds: 6 });
      let alarmed = false;
      for (; round < 12; round++) alarmed ||= monitor({ ...good, reward: round / 10 }) !== undefined;
      return alarmed;
    };
    expect(run((round) => -round)).toBe(true);
    expect(run((round) => round)).toBe(false);
    expect(run(() => 1)).toBe(false);
  });

  test('watch collects what all of them say', () => {
    const say = watch([repetitionMonitor(), klMonitor({ most: 0.5 })]);
    expect(say({ ...good, repetition: 1 }).map(({ monitor }) => monitor)).toEqual(['repetition', 'kl']);
  });
});

test('a report of a round, by hand', () => {
  const completion = (ids: number[], reason: 'eos' | 'length', logProb: number) => ({ ids: Int32Array.from(ids), logProbs: Float32Array.from(ids, () => logProb), reason });
  const groups = [
    { prompt: { ids: [1] }, completions: [completion([2, 3], 'eos', -1), completion([5, 5, 5, 5], 'length', -2)] },
    { prompt: { ids: [1] }, completions: [completion([2], 'eos', -0.5), completion([3], 'eos', -0.5)] },
  ];
  const report = roundReport({ groups }, { rewards: [1, 0, 3, NaN], refLogProbs: [-2, -2, -2, -2, -2, -2, -1, -1] });
  expect(report.reward).toBeCloseTo(4 / 3, 12);
  expect(report.rewardDeviation).toBeCloseTo(Math.sqrt(7 / 3), 12);
  expect(report).toMatchObject({ completions: 4, flatGroups: 0.5, length: 2, truncated: 0.25, repetition: 0.125, kl: (2 + 0 + 0.5 + 0.5) / 4 });
  expect(report.entropy).toBeCloseTo((2 + 8 + 1) / 8, 12);
  expect(repeatedShare([1, 2, 1, 2, 1], 2)).toBe(0.5);
  expect(() => roundReport({ groups }, { rewards: [1] })).toThrow('roundReport: expected a reward for each of 4 completions but found 1');
});

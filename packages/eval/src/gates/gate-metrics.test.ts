import { expect, test } from 'vitest';
import { gateMetrics } from './gate-metrics.ts';

test('each by its definition', () => {
  const found = gateMetrics({
    ifeval: { prompt_level_strict_acc: 0.6, inst_level_strict_acc: 0.7, prompt_level_loose_acc: 0.8, inst_level_loose_acc: 0.9 }, completed: [true, true, false, true], preference: { winRate: 0.7 },
    safety: { refusalRate: 0.9, toxicRate: 0.3 }, zeroShot: { a: 0.2, b: 0.4 }, teacher: { quality: 0.5, bytes: 100, tokensPerSecond: 4 }, student: { quality: 0.4, bytes: 25, tokensPerSecond: 8 },
  });
  expect(found).toEqual({ instruction_follow: 0.6, task_completion: 0.75, preference_win_rate: 0.7, safety_score: expect.closeTo(0.8, 12) as number, zero_shot_acc: expect.closeTo(0.3, 12) as number, quality_drop: expect.closeTo(0.2, 12) as number, size_reduction: 0.75, speed_up: 2 });
});

test('what was not measured is not there; a better student has a negative drop', () => {
  expect(gateMetrics({ completed: [], zeroShot: {}, teacher: { quality: 1 } })).toEqual({});
  expect(gateMetrics({ teacher: { quality: 0.5 }, student: { quality: 0.55 } })).toEqual({ quality_drop: expect.closeTo(-0.1, 12) as number });
});

test('what cannot be divided by, and shares that are none', () => {
  expect(() => gateMetrics({ teacher: { quality: 0 }, student: { quality: 1 } })).toThrow(/teacher's quality to be above 0 but found 0/);
  expect(() => gateMetrics({ teacher: { quality: 1 }, student: { quality: 1, bytes: 3 } })).toThrow(/teacher's bytes to be above 0 but found undefined/);
  expect(() => gateMetrics({ safety: { refusalRate: 90, toxicRate: 0 } })).toThrow(/refusalRate to be a share/);
});

import { readFileSync } from 'node:fs';
import { expectClose } from '@llm/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { constant } from './constant.ts';
import { cosineWithRestarts } from './cosine-with-restarts.ts';
import { cosine } from './cosine.ts';
import { inverseSqrt } from './inverse-sqrt.ts';
import { linear } from './linear.ts';
import { polynomial } from './polynomial.ts';
import { wsd } from './wsd.ts';

const golden = JSON.parse(readFileSync(new URL('../../../../tests/golden/schedules.json', import.meta.url), 'utf8')) as {
  learning_rate: number; schedules: Record<string, { values: number[] }>;
};
const peak = golden.learning_rate;
const warm = { warmupSteps: 10, steps: 100 };
const decaying = { warmupSteps: 10, steps: 95, decaySteps: 25, minRatio: 0.1 };
const ours: Record<string, (step: number) => number> = {
  constant: constant(peak),
  constant_with_warmup: constant(peak, { warmupSteps: 10 }),
  linear: linear(peak, warm),
  linear_no_warmup: linear(peak, { steps: 80 }),
  cosine: cosine(peak, warm),
  cosine_short: cosine(peak, { warmupSteps: 7, steps: 83 }),
  cosine_with_min_lr: cosine(peak, { ...warm, minRatio: 0.1 }),
  cosine_with_restarts: cosineWithRestarts(peak, { ...warm, cycles: 3 }),
  polynomial: polynomial(peak, { ...warm, minRatio: 1e-5 / peak, power: 2 }),
  inverse_sqrt: inverseSqrt(peak, { warmupSteps: 10 }),
  inverse_sqrt_timescale: inverseSqrt(peak, { warmupSteps: 10, timescale: 25 }),
  warmup_stable_decay_linear: wsd(peak, { ...decaying, decay: (progress) => 1 - progress }),
  warmup_stable_decay_cosine: wsd(peak, { ...decaying, decay: (progress) => (1 + Math.cos(Math.PI * progress)) / 2 }),
  'warmup_stable_decay_1-sqrt': wsd(peak, decaying),
};

test.each(Object.entries(golden.schedules))('%s is that of transformers at every step', (name, { values }) => {
  // After its last step transformers' cosine rises again: there ours stays at its floor on purpose.
  const end = name === 'cosine_short' ? 83 : values.length - 1;
  const rates = values.map((_, step) => ours[name]!(step) / peak);
  expectClose(rates.slice(0, end + 1), values.slice(0, end + 1).map((rate) => rate / peak), { tolerance: 1e-12 });
  expect(rates.slice(end)).toEqual(rates.slice(end).map(() => rates.at(-1)));
});

test('no schedule leaves the range from 0 to its peak, and all that end are at their floor from the last step on', () => {
  const counts = fc.record({ steps: fc.integer({ min: 1, max: 500 }), warmup: fc.double({ min: 0, max: 1, noNaN: true }), minRatio: fc.double({ min: 0, max: 1, noNaN: true }) });
  fc.assert(fc.property(counts, fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 5 }), ({ steps, warmup, minRatio }, step, cycles) => {
    const warmupSteps = Math.floor(warmup * steps);
    const options = { steps, warmupSteps, minRatio };
    const ending = [
      linear(peak, options), cosine(peak, options), cosineWithRestarts(peak, { ...options, cycles }), polynomial(peak, { ...options, power: cycles }),
      wsd(peak, { ...options, decaySteps: steps - warmupSteps }),
    ];
    for (const lr of [...ending, constant(peak, { warmupSteps }), inverseSqrt(peak, { warmupSteps })]) {
      expect(lr(step)).toBeGreaterThanOrEqual(0);
      expect(lr(step)).toBeLessThanOrEqual(peak * (1 + 1e-12));
    }
    for (const lr of ending) expect(lr(steps + step)).toBeCloseTo(peak * minRatio, 12);
  }));
});

test.each([
  [() => constant(0), 'constant: expected a learning rate above 0 and at most 100 but found 0'],
  [() => constant(-1e-3), 'found -0.001'],
  [() => cosine(1e9, { steps: 10 }), 'cosine: expected a learning rate above 0 and at most 100 but found 1000000000'],
  [() => cosine(Number.NaN, { steps: 10 }), 'found NaN'],
  [() => linear(1e-3, { steps: 10, warmupSteps: 11 }), 'linear: expected warmupSteps 11 to be at most steps (10) but found more'],
  [() => linear(1e-3, { steps: 0 }), 'expected steps to be at least 1 but found 0'],
  [() => linear(1e-3, { steps: 2.5 }), 'expected steps to be a whole number'],
  [() => cosine(1e-3, { steps: 10, minRatio: 2 }), 'minRatio from 0 to 1 but found 2'],
  [() => cosineWithRestarts(1e-3, { steps: 10, cycles: 0 }), 'expected cycles'],
  [() => polynomial(1e-3, { steps: 10, power: 0 }), 'expected a power above 0'],
  [() => inverseSqrt(1e-3, { timescale: 0 }), 'expected timescale'],
  [() => inverseSqrt(1e-3, { warmupSteps: -1 }), 'expected warmupSteps to be a whole number'],
  [() => wsd(1e-3, { warmupSteps: 6, decaySteps: 5, steps: 10 }), 'expected warmupSteps 6 + decaySteps 5 to be at most steps (10)'],
])('what cannot be meant is refused with a remedy (%#)', (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(RangeError);
});

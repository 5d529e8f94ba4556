import { checkRate } from '../learning-rate.ts';

/** Throws unless peak and step counts make a schedule. Counts by the names under which the user gave them. */
export function checkSchedule(name: string, { peak, steps = Infinity, minRatio = 0, ...counts }: {
  peak: number; steps?: number; minRatio?: number; warmupSteps?: number; decaySteps?: number;
}): void {
  checkRate(name, peak);
  for (const [key, count] of Object.entries({ steps, ...counts })) {
    if (key === 'steps' && steps === Infinity) continue;
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${name}: expected ${key} to be a whole number from 0 on but found ${count}.`);
  }
  if (steps < 1) throw new RangeError(`${name}: expected steps to be at least 1 but found ${steps}.`);
  const { warmupSteps = 0, decaySteps = 0 } = counts;
  if (warmupSteps + decaySteps > steps) {
    const sum = decaySteps === 0 ? `warmupSteps ${warmupSteps}` : `warmupSteps ${warmupSteps} + decaySteps ${decaySteps}`;
    throw new RangeError(`${name}: expected ${sum} to be at most steps (${steps}) but found more. Warm up for a few percent of the steps.`);
  }
  if (!(minRatio >= 0 && minRatio <= 1)) throw new RangeError(`${name}: expected minRatio from 0 to 1 but found ${minRatio}. It is a share of the peak, not a rate.`);
}

/** The share of the peak while warming up, undefined after. */
export function warmup(step: number, warmupSteps: number): number | undefined {
  return step < warmupSteps ? step / warmupSteps : undefined;
}

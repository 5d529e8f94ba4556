/** A learning rate: one number, or one for each step (from 0). */
export type LearningRate = number | ((step: number) => number);

/** No published recipe comes near; beyond it a zero too many is likelier than intent. */
const LARGEST = 100;

/** Throws unless `rate` can be meant: 0 only where a schedule gives it. */
export function checkRate(name: string, rate: number, { zero = false }: { zero?: boolean } = {}): void {
  if (rate <= LARGEST && (rate > 0 || (zero && rate === 0))) return;
  throw new RangeError(`${name}: expected a learning rate above 0 and at most ${LARGEST} but found ${rate}. Usual ones lie between 1e-5 and 0.1.`);
}

/** The rate of a step, checked. */
export function rateAt(lr: LearningRate, step: number): number {
  const rate = typeof lr === 'number' ? lr : lr(step);
  checkRate(`learning rate at step ${step}`, rate, { zero: typeof lr !== 'number' });
  return rate;
}

/** Refuses a fixed rate at once, not at the first step. */
export function checkedRate(name: string, lr: LearningRate): LearningRate {
  if (typeof lr === 'number') checkRate(name, lr);
  return lr;
}

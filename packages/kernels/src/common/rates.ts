import type { Sizes } from '../kernel.ts';

/** The `derive` of a kernel whose port `rates` holds so many numbers. */
export const ratesOf = (name: string, count: number) => ({ rateCount = count }: Sizes): Sizes => {
  if (rateCount !== count) throw new RangeError(`${name}: expected ${count} rates but found ${rateCount}.`);
  return { rateCount };
};

import { philox } from '@llm/kernels';
import { mix } from './random-order.ts';

/** Numbers uniform in [0, 1), one after the other. */
export type Random = () => number;

/**
 * The random numbers of one row in one epoch: a function of the seed and of these alone, so that a run that goes on draws the same ones.
 * `source` tells rows of several sources apart.
 */
export function rowRandom({ seed, epoch, row, source = 0 }: {
  readonly seed: number; readonly epoch: number; readonly row: number; readonly source?: number;
}): Random {
  const low = mix(mix(seed) ^ Math.imul(epoch + 1, 0x9e3779b9));
  const high = mix(low ^ mix(source + Math.floor(seed / 2 ** 32))) >>> 11;
  const stream = philox(low + high * 2 ** 32, row);
  return () => stream.word() / 2 ** 32;
}

/** A whole number from 0 to below `count`. */
export function below(count: number, random: Random): number {
  return Math.floor(random() * count);
}

/** Puts items into a random order in place, from the last on, as numpy and Python do (Fisher and Yates): one number for each item but the first. */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = below(i + 1, random);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

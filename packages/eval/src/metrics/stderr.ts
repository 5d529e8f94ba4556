import { pythonRandom } from '../python/random.ts';
import type { Aggregation } from './aggregation.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** s = √(Σ (x − mean)² / (n − 1)). */
export function sampleDeviation(values: readonly number[]): number {
  const center = sum(values) / values.length;
  return Math.sqrt(sum(values.map((value) => (value - center) ** 2)) / (values.length - 1));
}

// Bootstraps are in parts of this many, each with a seed of its own.
const PART = 1000;

/**
 * The standard error of an aggregated metric as lm-evaluation-harness gives it: s/√n for a mean; the deviation over resamples, drawn as
 * Python draws them, for medians, perplexities and what is of a whole corpus; nothing for the rest, and for fewer than two items.
 */
export function standardError(aggregation: Aggregation, items: readonly unknown[], { bootstrapIters }: { bootstrapIters: number }): number | undefined {
  if (items.length < 2 || bootstrapIters < 1 || aggregation.stderr === 'none') return undefined;
  if (aggregation.stderr === 'mean') return sampleDeviation(items as readonly number[]) / Math.sqrt(items.length);
  const prepared = aggregation.prepare?.(items) ?? items;
  const part = Math.min(PART, bootstrapIters);
  const chosen = new Uint32Array(items.length);
  const found: number[] = [];
  for (let seed = 0; seed < Math.floor(bootstrapIters / part); seed++) {
    const random = pythonRandom(seed);
    for (let i = 0; i < part; i++) found.push(aggregation.of(Array.from(random.choices(items.length, chosen), (at) => prepared[at])));
  }
  return sampleDeviation(found);
}

/** The standard error of a mean over subtasks that is weighted by their sizes, from theirs. https://en.wikipedia.org/wiki/Pooled_variance */
export function pooledError(errors: readonly number[], sizes: readonly number[]): number {
  const all = sum(sizes);
  return Math.sqrt(sum(errors.map((error, i) => (sizes[i]! - 1) * error ** 2 * sizes[i]!)) / (all - sizes.length) / all);
}

/** The same for a mean that is not weighted: √Σ error² / k. */
export function unweightedError(errors: readonly number[]): number {
  return Math.sqrt(sum(errors.map((error) => error ** 2))) / errors.length;
}

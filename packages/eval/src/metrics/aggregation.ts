/** Makes one number of what a metric gave for each document. */
export interface Aggregation {
  /** As lm-evaluation-harness calls it. */
  readonly name: string;
  /** The number. */
  of(items: readonly unknown[]): number;
  /** Work that is done once for each item, before `of` or any resample sees it. */
  readonly prepare?: (items: readonly unknown[]) => readonly unknown[];
  /** How its error is known: s/√n of the mean, by resampling, or not at all. */
  readonly stderr: 'mean' | 'bootstrap' | 'none';
}

/** An aggregation over items of one type. */
export function aggregation<Item>(name: string, of: (items: readonly Item[]) => number, { stderr = 'none', prepare }: {
  stderr?: Aggregation['stderr']; prepare?: (items: readonly unknown[]) => readonly Item[];
} = {}): Aggregation {
  return { name, stderr, of: of as Aggregation['of'], ...(prepare === undefined ? {} : { prepare }) };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const meanOf = (values: readonly number[]): number => sum(values) / values.length;

/** Σ x / n. */
export const mean: Aggregation = aggregation('mean', meanOf, { stderr: 'mean' });

/** The mean of what is a number; NaN where nothing is. */
export const nanmean: Aggregation = aggregation<number>('nanmean', (values) => meanOf(values.filter((value) => !Number.isNaN(value))), { stderr: 'bootstrap' });

/** The upper of the two in the middle. */
export const median: Aggregation = aggregation<number>('median', (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN, { stderr: 'bootstrap' });

/** exp(−mean of log-likelihoods). */
export const perplexity: Aggregation = aggregation<number>('perplexity', (values) => Math.exp(-meanOf(values)), { stderr: 'bootstrap' });

/** A log-likelihood and how many words or bytes it is for. */
export type Weighted = readonly [logprob: number, weight: number];

const weightedMean = (items: readonly Weighted[]): number => sum(items.map(([logprob]) => logprob)) / sum(items.map(([, weight]) => weight));

/** exp(−Σ log-likelihood / Σ weight): per word, or per byte. */
export const weightedPerplexity: Aggregation = aggregation<Weighted>('weighted_perplexity', (items) => Math.exp(-weightedMean(items)));

/** −Σ log-likelihood / (Σ bytes · ln 2). */
export const bitsPerByte: Aggregation = aggregation<Weighted>('bits_per_byte', (items) => -weightedMean(items) / Math.LN2);

/** 999: the metric is not measured here. */
export const bypass: Aggregation = aggregation('bypass', () => 999);

/** The right choice and the choice that was made, by index; −100 where none is right. */
export type Decision = readonly [gold: number, predicted: number];

/** 2 · tp / (2 · tp + fp + fn) of choice 1; 0 where nobody says 1. */
export const f1: Aggregation = aggregation<Decision>('f1', (items) => {
  const right = items.filter(([gold, predicted]) => gold === 1 && predicted === 1).length;
  const said = items.filter(([gold, predicted]) => gold === 1 || predicted === 1).length;
  return said === 0 ? 0 : (2 * right) / (said + right);
}, { stderr: 'bootstrap' });

/**
 * Matthews' correlation of the right choices and those made, for any number of them: cov(g, p) / √(cov(g, g) · cov(p, p)), 0 where a
 * covariance is. Gorodkin 2004, https://doi.org/10.1016/j.compbiolchem.2004.09.006
 */
export const matthews: Aggregation = aggregation<Decision>('matthews_corrcoef', (items) => {
  const counts = (side: 0 | 1): Map<number, number> => {
    const found = new Map<number, number>();
    for (const item of items) found.set(item[side], (found.get(item[side]) ?? 0) + 1);
    return found;
  };
  const [gold, predicted] = [counts(0), counts(1)];
  const squares = (of: ReadonlyMap<number, number>): number => sum([...of.values()].map((count) => count ** 2));
  const total = items.length;
  const right = items.filter(([g, p]) => g === p).length;
  const both = sum([...gold].map(([choice, count]) => count * (predicted.get(choice) ?? 0)));
  const variance = (total ** 2 - squares(gold)) * (total ** 2 - squares(predicted));
  return variance === 0 ? 0 : (right * total - both) / Math.sqrt(variance);
}, { stderr: 'bootstrap' });

/** Mean of Σ (probability − 1 for the right choice, 0 for the others)². */
export const brierScore: Aggregation = aggregation<readonly [gold: number, probabilities: readonly number[]]>('brier_score', (items) => (
  meanOf(items.map(([gold, probabilities]) => sum(probabilities.map((p, i) => (p - Number(i === gold)) ** 2))))
));

/** The mean log-likelihood of the right choice; what lm-evaluation-harness registers for it fails on these items. */
export const likelihood: Aggregation = aggregation<readonly [gold: number, logprobs: readonly number[]]>('likelihood', (items) => meanOf(items.map(([gold, logprobs]) => logprobs[gold] ?? -Infinity)));

import type { Detector, Finding, WatchedToken } from './detector.ts';

/** What is normal for a model: mean and standard deviation of the means of windows. */
export interface AnomalyBaseline {
  readonly surprise: { readonly mean: number; readonly deviation: number };
  readonly entropy?: { readonly mean: number; readonly deviation: number } | undefined;
}

export interface AnomalyOptions {
  /** Tokens that are looked at together; default 32. */
  readonly window?: number;
  /** From `anomalyBaseline`; without one only repetition is watched. */
  readonly baseline?: AnomalyBaseline;
  /** Standard deviations from the mean that count as an anomaly; default 4. */
  readonly deviations?: number;
  /** The share of a window's sequences of `repeatedTokens` that stood in it before; default 0.5. */
  readonly mostRepetition?: number;
  /** Default 4. */
  readonly repeatedTokens?: number;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Measures what is normal: texts of the kind a model usually writes, with the log-probabilities it gave them.
 *
 * @throws RangeError for fewer than two windows.
 */
export function anomalyBaseline(generations: readonly (readonly WatchedToken[])[], { window = 32 }: Pick<AnomalyOptions, 'window'> = {}): AnomalyBaseline {
  const windows = generations.flatMap((tokens) => Array.from({ length: Math.floor(tokens.length / window) }, (_, i) => tokens.slice(i * window, (i + 1) * window)));
  if (windows.length < 2) throw new RangeError(`anomalyBaseline: expected at least two windows of ${window} tokens but found ${windows.length}. Give more or longer generations.`);
  const spread = (values: readonly number[]): { mean: number; deviation: number } => {
    const mean = meanOf(values);
    return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) };
  };
  const entropies = windows.filter((tokens) => tokens.every(({ entropy }) => entropy !== undefined)).map((tokens) => meanOf(tokens.map(({ entropy }) => entropy!)));
  return { surprise: spread(windows.map((tokens) => meanOf(tokens.map(({ logprob = 0 }) => -logprob)))), entropy: entropies.length < 2 ? undefined : spread(entropies) };
}

/**
 * Watches the tokens of a generation for what no normal one looks like: a mean surprise −ln p far above or below what is usual, an entropy as far off, or the same
 * few tokens again and again.
 *
 *   z = (mean of the window − usual mean) / usual deviation
 *
 * It knows nothing of what is said: it finds models that have come apart, and prompts that make them.
 *
 * @example
 * ```ts
 * import { anomalyDetector } from '@llm/safety';
 * const watch = anomalyDetector({ window: 8 }).tokens!();
 * const findings = Array.from({ length: 16 }, (_, i) => watch({ id: i % 2 })).filter(Boolean);
 * if (findings[0]!.label !== 'repetition') throw new Error('0 1 0 1 0 1');
 * ```
 */
export function anomalyDetector({ window = 32, baseline, deviations = 4, mostRepetition = 0.5, repeatedTokens = 4 }: AnomalyOptions = {}): Detector {
  const name = 'anomaly';
  return {
    name,
    tokens() {
      const recent: WatchedToken[] = [];
      const off = (label: string, value: number, { mean, deviation }: { mean: number; deviation: number }): Finding | undefined => {
        const score = Math.abs(value - mean) / Math.max(deviation, 1e-6);
        // Written so that NaN is an anomaly.
        return score <= deviations ? undefined : { detector: name, label: value < mean ? `low ${label}` : `high ${label}`, score, threshold: deviations };
      };
      return (token) => {
        recent.push(token);
        if (recent.length > window) recent.shift();
        if (recent.length < window) return undefined;
        const repetition = repeatedShare(recent, repeatedTokens);
        if (repetition > mostRepetition) return { detector: name, label: 'repetition', score: repetition, threshold: mostRepetition };
        if (baseline === undefined) return undefined;
        const surprise = recent.every(({ logprob }) => logprob !== undefined) ? off('surprise', meanOf(recent.map(({ logprob }) => -logprob!)), baseline.surprise) : undefined;
        if (surprise !== undefined || baseline.entropy === undefined || !recent.every(({ entropy }) => entropy !== undefined)) return surprise;
        return off('entropy', meanOf(recent.map(({ entropy }) => entropy!)), baseline.entropy);
      };
    },
  };
}

function repeatedShare(tokens: readonly WatchedToken[], length: number): number {
  const seen = new Set<string>();
  let repeated = 0;
  const all = tokens.length - length + 1;
  for (let i = 0; i < all; i++) {
    const key = tokens.slice(i, i + length).map(({ id }) => id).join();
    if (seen.has(key)) repeated++;
    seen.add(key);
  }
  return all > 0 ? repeated / all : 0;
}

import { deviationOf, meanOf } from '../advantages/statistics.ts';
import type { Observation, ValueTracker } from './value-tracker.ts';

/**
 * SPO's advantages: each reward against what its prompt was worth before, normalised over the batch and held within ± `most`. The tracker
 * takes the rewards in afterwards. One completion of each prompt is enough; train on them with `dapo`.
 *
 *   A = clip((r − v − mean) / (deviation + 1e-8), −most, most)
 *
 * Xu and Ding 2025, https://arxiv.org/abs/2509.13232
 *
 * @throws RangeError as the tracker does.
 */
export function singleStreamAdvantages(tracker: ValueTracker, observations: readonly Observation[], { most = 5 }: { most?: number } = {}): Float32Array {
  const raw = observations.map(({ key, reward }) => reward - tracker.value(key));
  for (const observation of observations) tracker.observe(observation);
  const mean = meanOf(raw);
  const deviation = raw.length < 2 ? 0 : deviationOf(raw);
  return Float32Array.from(raw, (value) => Math.min(Math.max((value - mean) / (deviation + 1e-8), -most), most));
}

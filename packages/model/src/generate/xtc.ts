import { first, probabilities, sorted } from './candidates.ts';
import { off, type Sampler } from './sampler.ts';

/**
 * "Exclude top choices": with this probability removes every candidate of at least `threshold` but the least likely of them, so
 * that the usual continuation gives way to a still plausible one. Off at probability 0 and at a threshold above ½.
 *
 * p-e-w 2024, https://github.com/oobabooga/text-generation-webui/pull/6335
 */
export function xtc({ probability = 0, threshold = 0.1 }: { probability?: number; threshold?: number } = {}): Sampler {
  if (!(probability >= 0 && probability <= 1) || !(threshold >= 0)) {
    throw new RangeError(`xtc: expected a probability from 0 to 1 and threshold ≥ 0 but found ${probability} and ${threshold}`);
  }
  if (probability === 0 || threshold > 0.5) return off;
  return (list, { uniform }) => {
    if (list.ids.length < 2 || uniform() >= probability) return list;
    const order = sorted(list);
    const last = probabilities(order).findLastIndex((share) => share >= threshold);
    if (last < 1) return list;
    const { ids, logits } = first(order, order.ids.length);
    return { ids: ids.subarray(last), logits: logits.subarray(last), sorted: true };
  };
}

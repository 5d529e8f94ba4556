import { highest, pick } from './candidates.ts';
import { off, type Sampler } from './sampler.ts';

/**
 * Keeps logits within n standard deviations of the largest: z ≥ max z − n · σ(z), so that temperature does not change the set;
 * n ≤ 0 is off. Tang et al. 2024, https://arxiv.org/abs/2411.07641
 */
export function topNSigma(n: number): Sampler {
  if (Number.isNaN(n)) throw new RangeError('topNSigma: expected a number but found NaN');
  if (n <= 0) return off;
  return (list) => {
    const { logits } = list;
    const finite = logits.filter((logit) => logit > -Infinity);
    const mean = finite.reduce((sum, logit) => sum + logit, 0) / finite.length;
    const variance = finite.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / finite.length;
    const least = highest(list) - n * Math.sqrt(variance);
    const places: number[] = [];
    for (let i = 0; i < logits.length; i++) if (logits[i]! >= least) places.push(i);
    return pick(list, { places, sorted: list.sorted });
  };
}

import { highest, pick } from './candidates.ts';
import { off, type Sampler, told } from './sampler.ts';

/** Keeps candidates at least p times as likely as the likeliest: z ≥ max z + log p; p ≤ 0 is off. Nguyen et al. 2024, https://arxiv.org/abs/2407.01082 */
export function minP(p: number): Sampler {
  if (!(p <= 1)) throw new RangeError(`minP: expected p ≤ 1 but found ${p}`);
  if (p <= 0) return off;
  return told({ minP: p }, (list) => {
    const least = highest(list) + Math.log(p);
    const places: number[] = [];
    for (let i = 0; i < list.logits.length; i++) if (list.logits[i]! >= least) places.push(i);
    return pick(list, { places, sorted: list.sorted });
  });
}

import { first, probabilities, sorted } from './candidates.ts';
import { off, type Sampler, told } from './sampler.ts';

/** Keeps the fewest likeliest candidates whose probabilities sum to p or more; p ≥ 1 is off. Holtzman et al. 2019, https://arxiv.org/abs/1904.09751 */
export function topP(p: number): Sampler {
  if (!(p >= 0)) throw new RangeError(`topP: expected p ≥ 0 but found ${p}`);
  if (p >= 1) return off;
  return told({ topP: p }, (list) => {
    const order = sorted(list);
    const q = probabilities(order);
    let sum = 0;
    let count = 0;
    do sum += q[count++] ?? 0; while (count < q.length && sum < p);
    return first(order, count);
  });
}

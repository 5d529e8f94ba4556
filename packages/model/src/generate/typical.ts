import { pick, probabilities } from './candidates.ts';
import { off, type Sampler } from './sampler.ts';

/**
 * Keeps the candidates whose surprise is closest to the expected one, H, until their probabilities sum to more than p.
 *
 *   H = −Σ q log q;  order by |−log q − H|;  p ≥ 1 is off
 *
 * Meister et al. 2022, https://arxiv.org/abs/2202.00666
 */
export function typical(p: number): Sampler {
  if (!(p > 0)) throw new RangeError(`typical: expected p > 0 but found ${p}`);
  if (p >= 1) return off;
  return (list) => {
    const q = probabilities(list);
    const entropy = q.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);
    const distance = q.map((share) => Math.abs(-Math.log(share) - entropy));
    const order = Uint32Array.from({ length: q.length }, (_, i) => i).sort((a, b) => distance[a]! - distance[b]! || a - b);
    let sum = 0;
    let count = 0;
    while (count < order.length && sum <= p) sum += q[order[count++]!]!;
    return pick(list, { places: order.subarray(0, count), sorted: false });
  };
}

import { highest, pick } from './candidates.ts';
import { off, type Sampler, told } from './sampler.ts';

/** Divides the logits by t, which flattens (t > 1) or sharpens (t < 1) the choice; 0 keeps the likeliest alone, the lowest id of equals. */
export function temperature(t: number): Sampler {
  if (!(t >= 0) || t === Infinity) throw new RangeError(`temperature: expected a finite number ≥ 0 but found ${t}`);
  if (t === 1) return off;
  return told({ temperature: t }, (list) => {
    const { ids, logits, sorted } = list;
    // Far below 1 the quotients would overflow, so the largest is made 0 first: the probabilities are the same.
    const shift = t < 1e-3 ? highest(list) : 0;
    if (t > 0) return { ids, logits: logits.map((logit) => (logit - shift) / t), sorted };
    let best = 0;
    let most = logits[0]!;
    for (let i = 1; i < logits.length; i++) {
      const logit = logits[i]!;
      if (logit < most || (logit === most && ids[i]! > ids[best]!)) continue;
      best = i;
      most = logit;
    }
    return pick(list, { places: logits.length === 0 ? [] : [best], sorted: true });
  });
}

/** Always the likeliest token. */
export const greedy: Sampler = temperature(0);

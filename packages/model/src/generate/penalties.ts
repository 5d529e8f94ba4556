import { pick } from './candidates.ts';
import { off, type Sampler } from './sampler.ts';

export interface PenaltyOptions {
  /** Divides positive logits and multiplies negative ones; 1 is off. Keskar et al. 2019, https://arxiv.org/abs/1909.05858 */
  readonly repeat?: number;
  /** Subtracted once per time that the token occurred. */
  readonly frequency?: number;
  /** Subtracted once if the token occurred at all. */
  readonly presence?: number;
  /** How many of the last ids count; default 64, −1 for all. */
  readonly lastN?: number;
}

/**
 * Makes tokens that were already said less likely.
 *
 *   z ← (z > 0 ? z / repeat : z · repeat) − count · frequency − presence, for each token with count > 0
 */
export function penalties({ repeat = 1, frequency = 0, presence = 0, lastN = 64 }: PenaltyOptions = {}): Sampler {
  if (!(repeat > 0) || !Number.isFinite(repeat + frequency + presence)) {
    throw new RangeError(`penalties: expected repeat > 0 and finite penalties but found repeat ${repeat}, frequency ${frequency}, presence ${presence}`);
  }
  if (!Number.isInteger(lastN) || lastN < -1) throw new RangeError(`penalties: expected lastN of −1 or more but found ${lastN}`);
  if (lastN === 0 || (repeat === 1 && frequency === 0 && presence === 0)) return off;
  return (list, { history }) => {
    const counts = new Map<number, number>();
    for (let i = lastN === -1 ? 0 : Math.max(0, history.length - lastN); i < history.length; i++) {
      counts.set(history[i]!, (counts.get(history[i]!) ?? 0) + 1);
    }
    const changed = pick(list, { places: list.ids.map((_, i) => i), sorted: false });
    for (let i = 0; i < changed.ids.length; i++) {
      const count = counts.get(changed.ids[i]!);
      if (count === undefined) continue;
      const logit = changed.logits[i]!;
      changed.logits[i] = (logit > 0 ? logit / repeat : logit * repeat) - count * frequency - presence;
    }
    return changed;
  };
}

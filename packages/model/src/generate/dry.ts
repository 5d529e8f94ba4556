import { pick } from './candidates.ts';
import { off, type Sampler } from './sampler.ts';

export interface DryOptions {
  /** 0 is off; 0.8 is usual. */
  readonly multiplier?: number;
  readonly base?: number;
  /** Repeats shorter than this cost nothing. */
  readonly allowedLength?: number;
  /** How many of the last ids count; default −1 for all. */
  readonly lastN?: number;
  /** Ids that a repeat does not reach across, such as that of a line break. */
  readonly breakers?: readonly number[];
}

/**
 * "Don't repeat yourself": a token that would continue a passage said before costs the more, the longer the passage.
 *
 *   z ← z − multiplier · base^(n − allowedLength), where n ≥ allowedLength ids before it already came before that token
 *
 * p-e-w 2024, https://github.com/oobabooga/text-generation-webui/pull/5677
 */
export function dry({ multiplier = 0, base = 1.75, allowedLength = 2, lastN = -1, breakers = [] }: DryOptions = {}): Sampler {
  if (!(multiplier >= 0) || !(base >= 1) || !(allowedLength >= 1) || !Number.isInteger(lastN) || lastN < -1) {
    throw new RangeError(`dry: expected multiplier ≥ 0, base ≥ 1, allowedLength ≥ 1 and lastN ≥ −1 but found ${multiplier}, ${base}, ${allowedLength} and ${lastN}`);
  }
  if (multiplier === 0 || lastN === 0) return off;
  const stops = new Set(breakers);
  return (list, { history }) => {
    const longest = repeats(lastN === -1 ? history : history.slice(-lastN), stops);
    const changed = pick(list, { places: list.ids.map((_, i) => i), sorted: false });
    for (let i = 0; i < changed.ids.length; i++) {
      const length = longest.get(changed.ids[i]!) ?? 0;
      if (length >= allowedLength) changed.logits[i]! -= multiplier * base ** Math.min(length - allowedLength, 500);
    }
    return changed;
  };
}

/**
 * For each id, the length of the longest passage at the end of `history` that stood before that id earlier. Linear: the
 * Z-algorithm on the reversed history (Gusfield 1997, "Algorithms on strings, trees, and sequences").
 */
function repeats(history: readonly number[], breakers: ReadonlySet<number>): Map<number, number> {
  const back = history.toReversed();
  const n = back.length;
  const reach = back.findIndex((id) => breakers.has(id));
  const limit = reach === -1 ? n : reach;
  const z = new Int32Array(n);
  const longest = new Map<number, number>();
  for (let i = 1, left = 0, right = 0; i < n; i++) {
    let length = i < right ? Math.min(right - i, z[i - left]!) : 0;
    while (i + length < n && back[length] === back[i + length]) length++;
    z[i] = length;
    if (i + length > right) {
      left = i;
      right = i + length;
    }
    const next = back[i - 1]!;
    longest.set(next, Math.max(longest.get(next) ?? 0, Math.min(length, limit)));
  }
  return longest;
}

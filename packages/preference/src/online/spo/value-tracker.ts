/** What is known of a prompt: pseudo-counts of success and failure, and how likely the last completion's tokens were. */
export interface TrackedValue {
  readonly successes: number;
  readonly failures: number;
  readonly meanLogProb: number;
}

export interface ValueTrackerOptions {
  /** How far the mean log-probability must move until an observation counts half; default 0.06. */
  readonly halfLife?: number;
  /** The least and most of an observation that survives the next one; default 0.875 and 0.96. */
  readonly least?: number;
  readonly most?: number;
  /** From an earlier run. */
  readonly values?: Readonly<Record<string, TrackedValue>>;
}

/** One completion of a prompt. */
export interface Observation {
  /** The prompt, by any name of its own. */
  readonly key: string;
  /** From 0 to 1. */
  readonly reward: number;
  /** ln π of the tokens, on average. */
  readonly meanLogProb: number;
}

/** Success rates of prompts, each from a single stream of completions. */
export interface ValueTracker {
  /** Successes / (successes + failures); ½ for a prompt that was never seen. */
  value(key: string): number;
  /** Takes an observation in, after its baseline was read. */
  observe(observation: Observation): void;
  /** How much there is to learn from each prompt: √(v (1 − v)) + ε. */
  priorities(keys: readonly string[], options?: { readonly epsilon?: number }): Float64Array;
  /** All that is known, for `values` of another run. */
  readonly values: Readonly<Record<string, TrackedValue>>;
}

/**
 * The baseline of single-stream policy optimization: a Beta distribution for each prompt, which forgets faster the further the policy moves.
 *
 *   v = a / (a + b);  a ← ρ a + r,  b ← ρ b + 1 − r;  ρ = clip(2^(−|Δ mean ln π| / halfLife), least, most)
 *
 * A new prompt begins with 1 / (1 − least) observations in all. Xu and Ding 2025, https://arxiv.org/abs/2509.13232
 *
 * @throws RangeError for rewards outside [0, 1] and bounds that are not 0 ≤ least ≤ most < 1.
 *
 * @example
 * ```ts
 * import { valueTracker } from '@llm/preference';
 * const tracker = valueTracker();
 * for (let i = 0; i < 40; i++) tracker.observe({ key: 'easy', reward: 1, meanLogProb: -0.1 });
 * const [easy, unknown] = tracker.priorities(['easy', 'new']);
 * if (!(tracker.value('easy') > 0.9 && easy! < unknown!)) throw new Error('nothing left to learn');
 * ```
 */
export function valueTracker({ halfLife = 0.06, least = 0.875, most = 0.96, values: before = {} }: ValueTrackerOptions = {}): ValueTracker {
  if (!(least >= 0 && least <= most && most < 1)) throw new RangeError(`valueTracker: expected 0 ≤ least ≤ most < 1 but found ${least} and ${most}`);
  if (!(halfLife > 0)) throw new RangeError(`valueTracker: expected a halfLife above 0 but found ${halfLife}`);
  const known = new Map<string, TrackedValue>(Object.entries(before));
  const first = 1 / (1 - least) / 2;
  const value = (key: string): number => {
    const found = known.get(key);
    return found === undefined ? 0.5 : found.successes / (found.successes + found.failures);
  };
  return {
    value,
    observe({ key, reward, meanLogProb }) {
      if (!(reward >= 0 && reward <= 1)) throw new RangeError(`valueTracker: expected a reward in [0, 1] but found ${reward} for ${key}. Scale rewards into it.`);
      const { successes, failures, meanLogProb: last } = known.get(key) ?? { successes: first, failures: first, meanLogProb };
      const kept = Math.min(Math.max(2 ** (-Math.abs(meanLogProb - last) / halfLife), least), most);
      known.set(key, { successes: kept * successes + reward, failures: kept * failures + 1 - reward, meanLogProb });
    },
    priorities: (keys, { epsilon = 0.05 } = {}) => Float64Array.from(keys, (key) => Math.sqrt(value(key) * (1 - value(key))) + epsilon),
    get values() { return Object.fromEntries(known); },
  };
}

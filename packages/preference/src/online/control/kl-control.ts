/** What holds the policy to the reference: give it as `beta` of an objective, or its `beta` as `klCoef` of PPO. */
export interface KlControl {
  readonly beta: number;
  /** After a step: the divergence that was measured, over so many completions. */
  update(measured: { readonly kl: number; readonly completions: number }): void;
}

/** A β that stays. */
export function fixedKl(beta: number): KlControl {
  return { beta, update: () => {} };
}

export interface AdaptiveKlOptions {
  /** Where β begins; default 0.05. */
  readonly beta?: number;
  /** The divergence of a completion that is wished for, in nats; default 6. */
  readonly target?: number;
  /** Completions after which β has moved by the error; default 10,000. */
  readonly horizon?: number;
}

/**
 * A β that grows while the divergence is above its target, and falls while below.
 *
 *   β ← β (1 + clip(kl / target − 1, −0.2, 0.2) · completions / horizon)
 *
 * Ziegler et al. 2019, https://arxiv.org/abs/1909.08593
 *
 * @example
 * ```ts
 * import { adaptiveKl } from '@llm/preference';
 * const control = adaptiveKl({ beta: 0.1, target: 2, horizon: 100 });
 * control.update({ kl: 8, completions: 50 });
 * if (Math.abs(control.beta - 0.11) > 1e-9) throw new Error('a fifth of a half more');
 * ```
 */
export function adaptiveKl({ beta: first = 0.05, target = 6, horizon = 10_000 }: AdaptiveKlOptions = {}): KlControl {
  for (const [name, value] of Object.entries({ beta: first, target, horizon })) {
    if (!(value > 0)) throw new RangeError(`adaptiveKl: expected ${name} above 0 but found ${value}`);
  }
  let beta = first;
  return {
    get beta() { return beta; },
    update({ kl, completions }) {
      const error = Math.min(Math.max(kl / target - 1, -0.2), 0.2);
      beta *= 1 + error * completions / horizon;
    },
  };
}

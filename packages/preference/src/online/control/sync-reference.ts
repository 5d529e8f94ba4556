import { add, flatten, mul, overwrite, scope, type Tree } from '@llm/tensor';

/**
 * Moves a reference towards the policy, in place, called every so many steps.
 *
 *   θ_ref ← mix · θ + (1 − mix) · θ_ref
 *
 * mix 0.6 every 512 steps are TRL's defaults; 1 takes the policy over, a small one at every step is a moving average. Paths that the
 * policy does not have stay. Gorbatovski et al. 2024, https://arxiv.org/abs/2404.09656
 *
 * @throws RangeError for a mix outside [0, 1].
 */
export function syncReference(reference: Tree, params: Tree, { mix = 0.6 }: { mix?: number } = {}): void {
  if (!(mix >= 0 && mix <= 1)) throw new RangeError(`syncReference: expected a mix in [0, 1] but found ${mix}`);
  const policy = flatten(params);
  const seen = new Set<object>();
  for (const [path, old] of Object.entries(flatten(reference))) {
    const now = policy[path];
    if (now === undefined || now === old || old.dtype !== 'float32' || seen.has(old)) continue;
    seen.add(old);
    const mixed = scope(() => add(mul(now, mix), mul(old, 1 - mix)));
    overwrite(old, mixed);
    mixed.dispose();
  }
}

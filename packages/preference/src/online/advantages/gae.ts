/**
 * Generalised advantage estimation over the steps of one completion.
 *
 *   δ_t = r_t + γ V_{t+1} − V_t;  A_t = δ_t + γ λ A_{t+1};  return_t = A_t + V_t
 *
 * The value after the last step is 0. Schulman et al. 2015, https://arxiv.org/abs/1506.02438
 *
 * @throws RangeError where rewards and values differ in number.
 *
 * @example
 * ```ts
 * import { gae } from '@llm/preference';
 * const { advantages, returns } = gae([0, 1], [0.5, 0.25], { gamma: 1, lambda: 1 });
 * if (advantages.join() !== '0.5,0.75' || returns.join() !== '1,1') throw new Error('with λ = 1 the return is the sum of what follows');
 * ```
 */
export function gae(
  rewards: ArrayLike<number>, values: ArrayLike<number>, { gamma = 1, lambda = 0.95 }: { gamma?: number; lambda?: number } = {},
): { advantages: Float64Array; returns: Float64Array } {
  if (rewards.length !== values.length) throw new RangeError(`gae: expected a value for each of ${rewards.length} rewards but found ${values.length}`);
  const advantages = new Float64Array(rewards.length);
  let next = 0;
  for (let t = rewards.length - 1; t >= 0; t--) {
    const delta = rewards[t]! + gamma * (values[t + 1] ?? 0) - values[t]!;
    next = advantages[t] = delta + gamma * lambda * next;
  }
  return { advantages, returns: advantages.map((advantage, t) => advantage + values[t]!) };
}

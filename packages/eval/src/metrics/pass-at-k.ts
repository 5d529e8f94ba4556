/**
 * The probability that at least one of k programs is right, estimated without bias from `correct` right ones of `samples`:
 *
 *   1 − C(n − c, k) / C(n, k)
 *
 * @throws RangeError unless 0 ≤ correct ≤ samples and 1 ≤ k ≤ samples, all whole.
 *
 * @example
 * ```ts
 * import { passAtK } from '@llm/eval';
 * if (Math.abs(passAtK({ samples: 4, correct: 1, k: 2 }) - 0.5) > 1e-12) throw new Error('three of six pairs hold it');
 * ```
 *
 * Chen et al. 2021, https://arxiv.org/abs/2107.03374
 */
export function passAtK({ samples, correct, k }: { samples: number; correct: number; k: number }): number {
  const whole = [samples, correct, k].every(Number.isSafeInteger);
  if (!whole || correct < 0 || correct > samples || k < 1 || k > samples) throw new RangeError(`passAtK: expected 0 ≤ correct ≤ samples and 1 ≤ k ≤ samples but found correct ${correct}, samples ${samples}, k ${k}.`);
  if (samples - correct < k) return 1;
  let none = 1;
  for (let i = samples - correct + 1; i <= samples; i++) none *= 1 - k / i;
  return 1 - none;
}

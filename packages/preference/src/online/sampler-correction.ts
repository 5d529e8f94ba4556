export interface SamplerCorrectionOptions {
  /** Tokens of each completion; leave it out to correct token by token. */
  readonly lengths?: ArrayLike<number>;
  /** The largest ratio that counts; default 3. */
  readonly most?: number;
  /** The smallest ratio that counts; default 0. */
  readonly least?: number;
}

/**
 * Corrects for completions from another sampler than the weights that are trained, such as a quantized copy: for each token the factor
 * π_old / π_sampler of its whole completion, or of itself, and 0 where that is out of bounds.
 *
 *   ρ = exp(Σ (ln π_old − ln π_sampler));  ρ where least ≤ ρ ≤ most, else 0
 *
 * @throws RangeError where the numbers of tokens differ.
 *
 * @example
 * ```ts
 * import { maskedCorrection } from '@llm/preference';
 * const factors = maskedCorrection([-1, -1, -1], [-1, -1, -3], { lengths: [2, 1] });
 * if (factors.join() !== '1,1,0') throw new Error('the same, then e² > 3');
 * ```
 */
export function maskedCorrection(oldLogProbs: ArrayLike<number>, sampled: ArrayLike<number>, options: SamplerCorrectionOptions = {}): Float32Array {
  const { most = 3, least = 0 } = options;
  return ratios('maskedCorrection', oldLogProbs, sampled, options).map((ratio) => (ratio < least || ratio > most ? 0 : ratio));
}

/**
 * As `maskedCorrection`, but a ratio out of bounds is held at the bound.
 *
 *   ρ = min(max(exp(Σ (ln π_old − ln π_sampler)), least), most)
 *
 * @throws RangeError where the numbers of tokens differ.
 */
export function truncatedCorrection(oldLogProbs: ArrayLike<number>, sampled: ArrayLike<number>, options: SamplerCorrectionOptions = {}): Float32Array {
  const { most = 3, least = 0 } = options;
  return ratios('truncatedCorrection', oldLogProbs, sampled, options).map((ratio) => Math.min(Math.max(ratio, least), most));
}

function ratios(name: string, old: ArrayLike<number>, sampled: ArrayLike<number>, { lengths }: SamplerCorrectionOptions): Float32Array {
  const given = lengths === undefined ? old.length : Array.from(lengths).reduce((sum, length) => sum + length, 0);
  if (old.length !== sampled.length || given !== old.length) {
    throw new RangeError(`${name}: expected as many log-probabilities of the sampler, and tokens in all, as the ${old.length} old ones but found ${sampled.length} and ${given}`);
  }
  // Where the sampler told none there is nothing to correct.
  const differences = Array.from(old, (value, t) => (Number.isNaN(sampled[t]) ? 0 : value - sampled[t]!));
  if (lengths === undefined) return Float32Array.from(differences, Math.exp);
  let at = 0;
  return Float32Array.from(Array.from(lengths).flatMap((length) => {
    const sum = differences.slice(at, at + length).reduce((total, difference) => total + difference, 0);
    at += length;
    return Array.from({ length }, () => Math.exp(sum));
  }));
}

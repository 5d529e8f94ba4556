import { fromFloat32, toFloat32 } from '@llm/tensor';
import { roundEven } from './round-even.ts';

/** How the values of a group become whole numbers. */
export interface GridOptions {
  /** 2 to 8; default 4. */
  readonly bits?: number;
  /** Neighbouring inputs of one output that share a scale; −1 for the whole row; default 128. A size that does not divide the row gives way to the largest that does. */
  readonly groupSize?: number;
  /** The range reaches as far below 0 as above, and the code of 0 is the middle one; default depends on the method. */
  readonly symmetric?: boolean;
  /** What scales are rounded to before codes are chosen; F16 is what GPTQ's and AWQ's files hold, so that nothing changes when they are written. Default F32. */
  readonly scaleDtype?: 'F32' | 'F16';
}

/** The scale and the code of 0 of a group: value ≈ (code − zero) · scale. */
export interface Grid {
  readonly scale: number;
  readonly zero: number;
}

/** Throws for a number of bits that no code of ours has. */
export function checkBits(name: string, bits: number): void {
  if (!Number.isInteger(bits) || bits < 2 || bits > 8) throw new RangeError(`${name}: expected 2 to 8 bits but found ${bits}.`);
}

const one = new Float32Array(1);

/** A scale as it will be stored; one that is too small for its type becomes 0, and the group with it. */
export function storedScale(scale: number, dtype: 'F32' | 'F16'): number {
  one[0] = scale;
  const [stored = 0] = dtype === 'F32' ? one : toFloat32(fromFloat32(one, dtype));
  if (!Number.isFinite(stored)) throw new RangeError(`quantize: expected scales that ${dtype} can hold but found ${scale}. Look for an outlier in the weights, or store scales as F32.`);
  return stored;
}

/**
 * The grid of a group whose values lie in [low, high]; the range is widened to hold 0.
 *
 *   scale = (high − low) / (2ᵇ − 1);  zero = round(−low / scale);  symmetric: high = max |w|, low = −high, zero = 2ᵇ⁻¹
 *
 * A group of zeros has a scale that is finite and codes of 0.
 */
export function gridOf({ low, high }: { low: number; high: number }, { bits, symmetric, scaleDtype = 'F32' }: { bits: number; symmetric: boolean; scaleDtype?: 'F32' | 'F16' | undefined }): Grid {
  const steps = 2 ** bits - 1;
  let [from, to] = [Math.min(0, low), Math.max(0, high)];
  if (symmetric) [from, to] = [-Math.max(-from, to), Math.max(-from, to)];
  if (from === to) [from, to] = [-1, 1];
  const scale = storedScale((to - from) / steps, scaleDtype);
  if (scale === 0) return { scale: 1, zero: 2 ** (bits - 1) };
  return { scale, zero: symmetric ? 2 ** (bits - 1) : Math.min(steps, Math.max(0, roundEven(-from / scale))) };
}

/** The code of a value on a grid. In 32 bits, as on a device: the end of a symmetric range lies just between two codes, and either way is a matter of rounding. */
export function codeOf(value: number, { scale, zero }: Grid, steps: number): number {
  return Math.min(steps, Math.max(0, roundEven(Math.fround(value / scale)) + zero));
}

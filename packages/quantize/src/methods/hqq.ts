import { checkBits, type GridOptions, storedScale } from '../grid/group-grid.ts';
import type { GroupedMatrix } from '../grid/grouped-matrix.ts';
import { roundEven } from '../grid/round-even.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { checkFinite, type Method } from './method.ts';

/** How HQQ looks for its zeros. */
export interface HqqOptions extends Omit<GridOptions, 'symmetric'> {
  /** The p of the norm of errors, below 1 so that outliers count less; default 0.7. */
  readonly lpNorm?: number;
  /** Weight of the penalty in the first iteration, and its factor from one to the next; default 10 and 1.01. */
  readonly beta?: number;
  readonly kappa?: number;
  /** Iterations at most; they end when the mean error grows. Default 20. */
  readonly iterations?: number;
  /** Rounds zeros at the end, for files that hold whole ones; default false. */
  readonly wholeZeros?: boolean;
}

/** Scales of the reference are the inverse of ours and stay below this. */
const MOST_INVERSE_SCALE = 2e4;

/**
 * Half-quadratic quantization: zeros that make large errors rare, found in a few rounds from the weights alone.
 *
 *   code = round(w / s + z);  e = shrink(w − (code − z) · s);  z ← mean(code − (w − e) / s);  β ← κ · β
 *   shrink(x) = sign(x) · max(0, |x| − |x|^(p−1) / β)
 *
 * `groupSize` is 64 by default, as the authors'. Badri and Shaji 2023, https://mobiusml.github.io/hqq_blog/
 *
 * @throws RangeError for other than 2 to 8 bits.
 *
 * @example
 * ```ts
 * import { dequantized, hqq } from '@llm/quantize';
 * const matrix = { rows: 1, cols: 8, values: Float32Array.of(-1, -0.5, 0, 0.5, 1, 0.25, 0.75, 2) };
 * const { values } = dequantized(await hqq({ bits: 4 }).quantize(matrix, { groupSize: 8 }));
 * if (values.some((value, i) => Math.abs(value - matrix.values[i]!) > 0.11)) throw new Error('steps of 3 / 15');
 * ```
 */
export function hqq({
  bits = 4, groupSize = 64, scaleDtype = 'F32', lpNorm = 0.7, beta = 10, kappa = 1.01, iterations = 20, wholeZeros = false,
}: HqqOptions = {}): Method {
  checkBits('hqq', bits);
  const settings = { bits, scaleDtype, lpNorm, beta, kappa, iterations, wholeZeros };
  return { name: 'hqq', needsHessian: false, groupSize, quantize: async (matrix, { groupSize }) => hqqMatrix(matrix, { ...settings, groupSize }) };
}

function hqqMatrix(matrix: Matrix<Float32Array>, { bits, groupSize, scaleDtype, lpNorm, beta: firstBeta, kappa, iterations, wholeZeros }: Required<Omit<HqqOptions, 'symmetric'>>): GroupedMatrix {
  checkFinite('hqq', matrix);
  const { rows, cols, values } = matrix;
  const steps = 2 ** bits - 1;
  const groups = values.length / groupSize;
  const inverse = new Float64Array(groups);
  const zero = new Float64Array(groups);
  for (let g = 0; g < groups; g++) {
    const group = values.subarray(g * groupSize, (g + 1) * groupSize);
    let [low, high] = [Infinity, -Infinity];
    for (const value of group) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    // A flat group has no range to divide by: steps of 1 about it.
    inverse[g] = high - low <= 1e-4 ? 1 : Math.min(MOST_INVERSE_SCALE, steps / (high - low));
    if (scaleDtype === 'F16') inverse[g] = 1 / storedScale(1 / inverse[g]!, scaleDtype);
    zero[g] = -low * inverse[g]!;
  }
  const codeAt = (i: number, g: number): number => Math.min(steps, Math.max(0, roundEven(values[i]! * inverse[g]! + zero[g]!)));
  let best = Infinity;
  for (let round = 0, beta = firstBeta; round < iterations; round++, beta *= kappa) {
    let error = 0;
    for (let g = 0; g < groups; g++) {
      let sum = 0;
      for (let i = g * groupSize; i < (g + 1) * groupSize; i++) {
        const code = codeAt(i, g);
        const difference = values[i]! - (code - zero[g]!) / inverse[g]!;
        const size = Math.abs(difference);
        error += size;
        const shrunk = size === 0 ? 0 : Math.sign(difference) * Math.max(0, size - size ** (lpNorm - 1) / beta);
        sum += code - (values[i]! - shrunk) * inverse[g]!;
      }
      zero[g] = sum / groupSize;
    }
    // As the authors' code: the zeros of the round that is no better are kept.
    if (error >= best) break;
    best = error;
  }
  if (wholeZeros) zero.forEach((value, g) => { zero[g] = Math.min(steps, Math.max(0, roundEven(value))); });
  const codes = Uint8Array.from(values, (_, i) => codeAt(i, Math.floor(i / groupSize)));
  const scales = Float32Array.from(inverse, (value) => storedScale(1 / value, scaleDtype));
  return { outputs: rows, inputs: cols, bits, groupSize, symmetric: false, codes, scales, zeros: Float32Array.from(zero) };
}

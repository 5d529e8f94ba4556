import { weigh } from './codec.ts';
import { fitPositive } from './fit-positive.ts';
import { fitScaleMin, type Trials, WEIGHTED_TRIALS } from './fit-scale-min.ts';
import { halves, toHalf } from './half.ts';

const f = Math.fround;
/** Adding it rounds a float below 2²² to a whole number, ties to even. */
const MAGIC = 12_582_912;

/** Values of a super-block. */
export const SUPER = 256;

/** The nearest whole number, ties to even, within bounds. */
export function nearest(x: number, low: number, high: number): number {
  const found = f(x + MAGIC) - MAGIC;
  return found > high ? high : found > low ? found : low;
}

/** A type with scales and lower ends: how it divides a super-block, and how it is written. */
export interface SuperType {
  readonly size: 16 | 32;
  readonly levels: number;
  /** Scales and lower ends of sub-blocks are whole numbers up to this. */
  readonly scaleLevels: number;
  readonly trials: Trials;
  /** Weights of values without importance. */
  readonly plainWeights: (weights: Float32Array, row: Float32Array, begin: number) => void;
  /** What the mean square of the super-block is multiplied by under importance. */
  readonly sigmaFactor: number;
  readonly bytes: number;
  /** Writes what was fitted. */
  readonly pack: (into: Fitted, out: Uint8Array, at: number) => void;
}

/** What fitting leaves behind: codes of all values, and whole numbers for the scales and lower ends of sub-blocks. */
export interface Fitted {
  readonly codes: Uint8Array;
  readonly scaleCodes: Uint8Array;
  readonly minCodes: Uint8Array;
  /** Half floats: of the scales, and of the lower ends. */
  scale: number;
  min: number;
}

/** Room for what is fitted, with the codes in `codes`. */
export function fitted(codes: Uint8Array = new Uint8Array(SUPER)): Fitted {
  return { codes, scaleCodes: new Uint8Array(16), minCodes: new Uint8Array(16), scale: 0, min: 0 };
}

const weights = new Float32Array(32);
const sums = [new Float32Array(8), new Float32Array(16)] as const;
const scalesOf = [new Float32Array(8), new Float32Array(16)] as const;
const minsOf = [new Float32Array(8), new Float32Array(16)] as const;

/**
 * A super-block of the types with lower ends (Q2_K, Q4_K, Q5_K): a scale and a lower end for each sub-block by `fitScaleMin`, those in whole
 * numbers under a common half float each, and the values rounded once more under what is kept of them.
 *
 *   x ≈ scale · scaleCode · q − min · minCode
 */
export function fitSuperBlock(row: Float32Array, begin: number, { into, type, importance }: { into: Fitted; type: SuperType; importance: Float32Array | undefined }): void {
  const { size, levels, scaleLevels } = type;
  const { codes, scaleCodes, minCodes } = into;
  const which = size === 32 ? 0 : 1;
  const [scales, mins, sum] = [scalesOf[which], minsOf[which], sums[which]];
  const count = SUPER / size;
  const trials = importance === undefined ? type.trials : WEIGHTED_TRIALS;
  let sigma2 = 0;
  if (importance !== undefined) {
    for (let i = begin; i < begin + SUPER; i++) sigma2 = f(sigma2 + f(row[i]! * row[i]!));
    sigma2 = f(f(type.sigmaFactor * sigma2) / SUPER);
  }
  const values = row.subarray(begin, begin + SUPER);
  for (let j = 0; j < count; j++) {
    if (importance === undefined) type.plainWeights(weights, row, begin + size * j);
    else {
      weigh(weights, row, { importance, begin: begin + size * j, count: size, sigma2 });
      let total = 0;
      for (let i = 0; i < size; i++) total = f(total + weights[i]!);
      sum[j] = total;
    }
    fitScaleMin(values, codes, { begin: size * j, count: size, levels, weights, trials, scales, mins, index: j });
  }
  wholeScales(scales, mins, { into, levels: scaleLevels, weights: importance === undefined ? undefined : sum });
  const half = halves();
  for (let j = 0; j < count; j++) {
    const scale = f(half[into.scale]! * scaleCodes[j]!);
    if (scale === 0) continue;
    const min = f(half[into.min]! * minCodes[j]!);
    for (let i = size * j; i < size * (j + 1); i++) codes[i] = nearest(f(f(values[i]! + min) / scale), 0, levels);
  }
}

/** The scales and lower ends of sub-blocks as whole numbers up to `levels` under a half float each, fitted where there are weights. */
export function wholeScales(scales: Float32Array, mins: Float32Array, { into, levels, weights }: { into: Fitted; levels: number; weights: Float32Array | undefined }): void {
  into.scale = weights === undefined ? wholeNumbers(scales, into.scaleCodes, levels) : toHalf(fitPositive(scales, into.scaleCodes, { levels, weights }));
  into.min = weights === undefined ? wholeNumbers(mins, into.minCodes, levels) : toHalf(fitPositive(mins, into.minCodes, { levels, weights }));
}

/** Numbers ≥ 0 as whole numbers up to `levels` times a common half float, which is returned. */
function wholeNumbers(x: Float32Array, codes: Uint8Array, levels: number): number {
  let largest = 0;
  for (let j = 0; j < x.length; j++) if (x[j]! > largest) largest = x[j]!;
  if (largest === 0) {
    codes.fill(0);
    return 0;
  }
  const inverse = f(levels / largest);
  // A scale below zero comes out as a large code, as it does where a negative number becomes a byte.
  for (let j = 0; j < x.length; j++) codes[j] = Math.min(levels, (f(f(inverse * x[j]!) + MAGIC) - MAGIC) & 255);
  return toHalf(f(largest / levels));
}

/** √(mean square) + |x| for 32 values, the weights of Q4_K and Q5_K. */
export function spreadWeights(weights: Float32Array, row: Float32Array, begin: number): void {
  let sum = 0;
  for (let i = begin; i < begin + 32; i++) sum = f(sum + f(row[i]! * row[i]!));
  const spread = f(Math.sqrt(f(sum / 32)));
  for (let i = 0; i < 32; i++) weights[i] = spread + Math.abs(row[begin + i]!);
}

/** Writes a half float. */
export function putHalf(out: Uint8Array, at: number, half: number): void {
  out[at] = half;
  out[at + 1] = half >>> 8;
}

/** A row, or several, super-block by super-block. */
export function quantizeSuperBlocks(row: Float32Array, out: Uint8Array, { type, into, importance }: { type: SuperType; into: Fitted; importance: Float32Array | undefined }): void {
  for (let begin = 0, at = 0; begin < row.length; begin += SUPER, at += type.bytes) {
    fitSuperBlock(row, begin, { into, type, importance });
    type.pack(into, out, at);
  }
}

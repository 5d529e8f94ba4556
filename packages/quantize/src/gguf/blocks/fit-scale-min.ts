const f = Math.fround;
/** Adding it rounds a float below 2²² to a whole number, ties to even. */
const MAGIC = 12_582_912;

/** Scales (first + i · delta + levels) / range are tried for i = 0 … steps; `absolute` errors count as they are, not squared. */
export interface Trials { readonly first: number; readonly delta: number; readonly steps: number; readonly absolute: boolean }

/** The trials of every type where there is importance. */
export const WEIGHTED_TRIALS: Trials = { first: f(-0.9), delta: f(0.05), steps: 36, absolute: false };

/** What is fitted: `count` values of `x` from `begin` on, to levels 0 … levels; `weights` counts from 0. Block `index` of `scales` and `mins` receives what is found. */
export interface ScaleMinFit {
  readonly begin: number;
  readonly count: number;
  readonly levels: number;
  readonly weights: Float32Array;
  readonly trials: Trials;
  readonly scales: Float32Array;
  readonly mins: Float32Array;
  readonly index: number;
}

const tried = new Uint8Array(32);
const above = new Float32Array(32);

/**
 * The scale and the lower end of a block whose weighted squared (or absolute) error is the smallest of those tried; `codes` receives the levels.
 *
 *   x ≈ scale · l − min;  for each trial l = round((x − low) · (first + i · delta + levels) / (high − low)), then scale and min by least squares
 *
 * `low` begins as the smallest value, at most 0, and moves with every trial that is better; min is −low.
 */
export function fitScaleMin(x: Float32Array, codes: Uint8Array, { begin, count, levels, weights, trials: { first, delta, steps, absolute }, scales, mins, index }: ScaleMinFit): void {
  let low = x[begin]!;
  let high = low;
  let sumW = weights[0]!;
  let sumX = f(sumW * low);
  for (let i = 1; i < count; i++) {
    const value = x[begin + i]!;
    if (value < low) low = value;
    if (value > high) high = value;
    const w = weights[i]!;
    sumW = f(sumW + w);
    sumX = f(sumX + f(w * value));
  }
  if (low > 0) low = 0;
  if (high <= low) {
    codes.fill(0, begin, begin + count);
    scales[index] = 0;
    mins[index] = -low;
    return;
  }
  let inverse = f(levels / f(high - low));
  let scale = f(1 / inverse);
  let least = 0;
  for (let i = 0; i < count; i++) {
    const value = x[begin + i]!;
    above[i] = value - low;
    let level = f(f(inverse * above[i]!) + MAGIC) - MAGIC;
    level = level > levels ? levels : level > 0 ? level : 0;
    codes[begin + i] = level;
    const off = f(f(f(scale * level) + low) - value);
    least = f(least + f(weights[i]! * (absolute ? Math.abs(off) : f(off * off))));
  }
  let range = f(high - low);
  for (let step = 0; step <= steps; step++) {
    inverse = f(f(f(first + f(delta * step)) + levels) / range);
    let sumL = 0;
    let sumLl = 0;
    let sumXl = 0;
    for (let i = 0; i < count; i++) {
      let level = f(f(inverse * above[i]!) + MAGIC) - MAGIC;
      // Not above 0 also where the range is so small that the product is no number.
      level = level > levels ? levels : level > 0 ? level : 0;
      tried[i] = level;
      const wl = f(weights[i]! * level);
      sumL = f(sumL + wl);
      sumLl = f(sumLl + f(wl * level));
      sumXl = f(sumXl + f(wl * x[begin + i]!));
    }
    const determinant = f(f(sumW * sumLl) - f(sumL * sumL));
    if (!(determinant > 0)) continue;
    let thisScale = f(f(f(sumW * sumXl) - f(sumX * sumL)) / determinant);
    let thisLow = f(f(f(sumLl * sumX) - f(sumL * sumXl)) / determinant);
    if (thisLow > 0) {
      thisLow = 0;
      thisScale = f(sumXl / sumLl);
    }
    let error = 0;
    // Errors only grow: the sum may stop where it is no longer the least.
    for (let i = 0; i < count && error < least; i++) {
      const off = f(f(f(thisScale * tried[i]!) + thisLow) - x[begin + i]!);
      error = f(error + f(weights[i]! * (absolute ? Math.abs(off) : f(off * off))));
    }
    if (!(error < least)) continue;
    for (let i = 0; i < count; i++) codes[begin + i] = tried[i]!;
    least = error;
    scale = thisScale;
    if (thisLow !== low) {
      low = thisLow;
      range = f(high - low);
      for (let i = 0; i < count; i++) above[i] = x[begin + i]! - low;
    }
  }
  scales[index] = scale;
  mins[index] = -low;
}

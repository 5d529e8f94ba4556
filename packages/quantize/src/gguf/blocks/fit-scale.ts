const f = Math.fround;
/** Adding it rounds a float below 2²² to a whole number, ties to even. */
const MAGIC = 12_582_912;
const nearest = (x: number): number => f(x + MAGIC) - MAGIC;

/** Blocks whose largest magnitude is below this are zero. */
export const ZERO_BELOW: number = f(1e-15);

/** What is fitted: `count` values of `x` from `begin` on, to levels −levels … levels − 1; `weights` counts from 0, default x². */
export interface ScaleFit {
  readonly begin: number;
  readonly count: number;
  readonly levels: number;
  readonly weights?: Float32Array | undefined;
}

const weighted = new Float32Array(256);
const importance = new Float32Array(256);

/**
 * The scale of a block with levels around zero that comes nearest by least squares, of nineteen that are tried; `codes` receives
 * level + levels.
 *
 *   scale = Σ w x l / Σ w l²,  l = round(x · −(levels + 0.1 i) / x_max),  i = −9 … 9, the one with the largest (Σ w x l)² / Σ w l²
 */
export function fitScale(x: Float32Array, codes: Uint8Array, { begin, count, levels, weights }: ScaleFit): number {
  let largest = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const size = Math.abs(x[begin + i]!);
    if (size > largest) {
      largest = size;
      at = x[begin + i]!;
    }
  }
  if (largest < ZERO_BELOW) {
    codes.fill(0, begin, begin + count);
    return 0;
  }
  for (let i = 0; i < count; i++) {
    const value = x[begin + i]!;
    importance[i] = weights === undefined ? value * value : weights[i]!;
    weighted[i] = importance[i]! * value;
  }
  let scale = 0;
  let best = 0;
  for (let step = 0; step < 19; step++) {
    // The plain scale comes first, then the others from the smallest on.
    const shift = step === 0 ? 0 : step <= 9 ? step - 10 : step - 9;
    const inverse = f(-(step === 0 ? levels : f(levels + f(f(0.1) * shift))) / at);
    let sumXl = 0;
    let sumLl = 0;
    for (let i = 0; i < count; i++) {
      let level = nearest(f(inverse * x[begin + i]!));
      level = level < -levels ? -levels : level > levels - 1 ? levels - 1 : level;
      sumXl = f(sumXl + f(weighted[i]! * level));
      sumLl = f(sumLl + f(f(importance[i]! * level) * level));
    }
    if (step === 0 ? false : !(sumLl > 0 && f(sumXl * sumXl) > f(best * sumLl))) continue;
    for (let i = begin; i < begin + count; i++) {
      const level = nearest(f(inverse * x[i]!));
      codes[i] = levels + (level < -levels ? -levels : level > levels - 1 ? levels - 1 : level);
    }
    scale = sumLl === 0 ? 0 : f(sumXl / sumLl);
    best = f(scale * sumXl);
  }
  return scale;
}

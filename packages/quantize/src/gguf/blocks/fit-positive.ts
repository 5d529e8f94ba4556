import { ZERO_BELOW } from './fit-scale.ts';

const f = Math.fround;
/** Adding it rounds a float below 2²² to a whole number, ties to even. */
const MAGIC = 12_582_912;
const nearest = (x: number): number => f(x + MAGIC) - MAGIC;

/**
 * The common scale of a few numbers ≥ 0 (the scales of sub-blocks), to levels 0 … levels: the best of nine by weighted squared error, then
 * level by level as long as that helps, five rounds at most. `codes` receives the levels.
 */
export function fitPositive(x: Float32Array, codes: Uint8Array, { levels, weights }: { levels: number; weights: Float32Array }): number {
  const count = x.length;
  let largest = 0;
  for (let i = 0; i < count; i++) if (x[i]! > largest) largest = x[i]!;
  if (largest < ZERO_BELOW) {
    codes.fill(0, 0, count);
    return 0;
  }
  let inverse = 0;
  let least = Infinity;
  for (let step = 0; step < 9; step++) {
    // The plain scale comes first, then the others from the smallest on.
    const shift = step === 0 ? 0 : step <= 4 ? step - 5 : step - 4;
    const trial = f((step === 0 ? levels : f(f(f(0.1) * shift) + levels)) / largest);
    const scale = f(1 / trial);
    let error = 0;
    for (let i = 0; i < count; i++) {
      const off = f(x[i]! - f(scale * Math.min(levels, nearest(f(trial * x[i]!)))));
      error = f(error + f(f(weights[i]! * off) * off));
    }
    if (step === 0 || error < least) {
      least = error;
      inverse = trial;
    }
  }
  let sumXl = 0;
  let sumLl = 0;
  for (let i = 0; i < count; i++) {
    const level = Math.min(levels, nearest(f(inverse * x[i]!)));
    codes[i] = level;
    sumXl = f(sumXl + f(f(weights[i]! * x[i]!) * level));
    sumLl = f(sumLl + f(f(weights[i]! * level) * level));
  }
  for (let round = 0; round < 5; round++) {
    let changed = false;
    for (let i = 0; i < count; i++) {
      const w = weights[i]!;
      const wx = f(w * x[i]!);
      let restXl = f(sumXl - f(wx * codes[i]!));
      let restLl = f(sumLl - f(f(w * codes[i]!) * codes[i]!));
      if (!(restXl > 0 && restLl > 0)) continue;
      const level = Math.min(levels, nearest(f(f(x[i]! * restLl) / restXl)));
      if (level === codes[i]) continue;
      restXl = f(restXl + f(wx * level));
      restLl = f(restLl + f(f(w * level) * level));
      if (f(f(restXl * restXl) * sumLl) > f(f(sumXl * sumXl) * restLl)) {
        codes[i] = level;
        sumXl = restXl;
        sumLl = restLl;
        changed = true;
      }
    }
    if (!changed) break;
  }
  return sumLl > 0 ? f(sumXl / sumLl) : 0;
}

import { ZERO_BELOW } from './fit-scale.ts';

const f = Math.fround;
/** Adding it rounds a float below 2²² to a whole number, ties to even. */
const MAGIC = 12_582_912;
const bounded = (x: number, levels: number): number => Math.max(-levels, Math.min(levels - 1, f(x + MAGIC) - MAGIC));

/**
 * The scale of a block with levels around zero: the plain one, then level by level as long as the weighted fit gets better, five rounds
 * at most, with weights x². `codes` receives level + levels.
 */
export function fitLevelByLevel(x: Float32Array, codes: Uint8Array, { begin, count, levels }: { begin: number; count: number; levels: number }): number {
  let largest = 0;
  let at = 0;
  for (let i = begin; i < begin + count; i++) {
    if (Math.abs(x[i]!) > largest) {
      largest = Math.abs(x[i]!);
      at = x[i]!;
    }
  }
  if (largest < ZERO_BELOW) {
    codes.fill(0, begin, begin + count);
    return 0;
  }
  const inverse = f(-levels / at);
  let sumXl = 0;
  let sumLl = 0;
  for (let i = begin; i < begin + count; i++) {
    const level = bounded(f(inverse * x[i]!), levels);
    codes[i] = level + levels;
    const w = f(x[i]! * x[i]!);
    sumXl = f(sumXl + f(f(w * x[i]!) * level));
    sumLl = f(sumLl + f(f(w * level) * level));
  }
  for (let round = 0; round < 5; round++) {
    let changed = false;
    for (let i = begin; i < begin + count; i++) {
      const old = codes[i]! - levels;
      const w = f(x[i]! * x[i]!);
      const wx = f(w * x[i]!);
      let restXl = f(sumXl - f(wx * old));
      if (!(restXl > 0)) continue;
      let restLl = f(sumLl - f(f(w * old) * old));
      const level = bounded(f(f(x[i]! * restLl) / restXl), levels);
      if (level === old) continue;
      restXl = f(restXl + f(wx * level));
      restLl = f(restLl + f(f(w * level) * level));
      if (restLl > 0 && f(f(restXl * restXl) * sumLl) > f(f(sumXl * sumXl) * restLl)) {
        codes[i] = level + levels;
        sumXl = restXl;
        sumLl = restLl;
        changed = true;
      }
    }
    if (!changed) break;
  }
  return sumLl > 0 ? f(sumXl / sumLl) : 0;
}

import type { Sizes } from '../kernel.ts';
import { halves, philoxBlock } from './philox.ts';

export interface DropoutUniforms {
  readonly p: number; readonly seedLow: number; readonly seedHigh: number; readonly site: number; readonly offset: number;
}

/** The words below which a value is dropped, and the factor of the others; p = 1 drops all. */
export function dropoutScale({ p, offset }: Pick<DropoutUniforms, 'p' | 'offset'>): { threshold: number; scale: number } {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`dropout: expected p in [0, 1] but found ${p}.`);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`dropout: expected offset to be a whole number in [0, 2^53) but found ${offset}.`);
  return { threshold: Math.min(2 ** 32 - 1, Math.round(p * 2 ** 32)), scale: p < 1 ? 1 / (1 - p) : 0 };
}

/** The key of a call: the two words in memory, where there are some, or those of its uniforms. */
export function keyOf(seed: Float64Array | undefined, { seedLow, seedHigh }: Pick<DropoutUniforms, 'seedLow' | 'seedHigh'>): [number, number] {
  return [(seed?.[0] ?? seedLow) >>> 0, (seed?.[1] ?? seedHigh) >>> 0];
}

/** y = x / (1 − p) where the word of the element reaches p · 2³², else 0: word i mod 4 of counter [offset + ⌊i / 4⌋, site]. */
export function dropoutReference(
  { x, y, seed }: { readonly x: Float64Array; readonly y: Float64Array; readonly seed?: Float64Array }, { count = 0 }: Sizes, uniforms: DropoutUniforms,
): void {
  const { threshold, scale } = dropoutScale(uniforms);
  const key = keyOf(seed, uniforms);
  for (let i = 0; i < count; i += 4) {
    const words = philoxBlock([...halves(uniforms.offset + i / 4), uniforms.site >>> 0, 0], key);
    for (let j = 0; j < 4 && i + j < count; j++) y[i + j] = words[j]! >= threshold ? x[i + j]! * scale : 0;
  }
}

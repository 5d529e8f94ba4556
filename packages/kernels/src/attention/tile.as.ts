// The register tile of attention over rows of scores, as common/tile is: 12 sums,
// 2 vectors of one operand and a broadcast of the other fill the registers. Scores lie in rows of ATTENTION_LD floats.
import { fma } from '../common/simd.as';

/** Keys of a block; six rows of scores then stay in the first-level cache. */
export const ATTENTION_KEYS: i32 = 128;
/** Floats from one row of scores to the next: ATTENTION_KEYS, and room for a tile of six keys that starts near the end. */
export const ATTENTION_LD: i32 = 132;

/** The tile of `common/tile` where the six numbers lie in six rows of scores, so that probabilities multiply without being packed again. */
export function attentionRowsTile(a: usize, b: usize, c: usize, ldc: usize, steps: i32, first: bool): void {
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128;
  let c30: v128, c31: v128, c40: v128, c41: v128, c50: v128, c51: v128;
  let to = c;
  if (first) {
    c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = f32x4.splat(0);
  } else {
    c00 = v128.load(to); c01 = v128.load(to, 16); to += ldc;
    c10 = v128.load(to); c11 = v128.load(to, 16); to += ldc;
    c20 = v128.load(to); c21 = v128.load(to, 16); to += ldc;
    c30 = v128.load(to); c31 = v128.load(to, 16); to += ldc;
    c40 = v128.load(to); c41 = v128.load(to, 16); to += ldc;
    c50 = v128.load(to); c51 = v128.load(to, 16);
  }
  for (let i = 0; i < steps; i++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a); c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, ATTENTION_LD * 4); c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, ATTENTION_LD * 8); c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, ATTENTION_LD * 12); c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
    x = v128.load32_splat(a, ATTENTION_LD * 16); c40 = fma(x, b0, c40); c41 = fma(x, b1, c41);
    x = v128.load32_splat(a, ATTENTION_LD * 20); c50 = fma(x, b0, c50); c51 = fma(x, b1, c51);
    a += 4; b += 32;
  }
  to = c;
  v128.store(to, c00); v128.store(to, c01, 16); to += ldc;
  v128.store(to, c10); v128.store(to, c11, 16); to += ldc;
  v128.store(to, c20); v128.store(to, c21, 16); to += ldc;
  v128.store(to, c30); v128.store(to, c31, 16); to += ldc;
  v128.store(to, c40); v128.store(to, c41, 16); to += ldc;
  v128.store(to, c50); v128.store(to, c51, 16);
}

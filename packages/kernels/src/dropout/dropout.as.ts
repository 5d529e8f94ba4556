import { PHILOX_BYTES, philoxKeys, philoxWords } from '../common/philox.as';
import { loadPartial, scratch, storePartial } from '../common/simd.as';

// @ts-ignore: decorator
@inline
function keep(word: v128, threshold: v128, x: v128, scale: v128): v128 {
  return v128.and(i32x4.ge_u(word, threshold), f32x4.mul(x, scale));
}

/**
 * Elements of blocks [begin, end) of 16: y = x · scale where the element's random word reaches the threshold, else 0. Word i of
 * counter n belongs to element 4n + i. The key is what `seed` points at, where it points at something.
 */
export function dropout(
  begin: i32, end: i32, x: usize, seed: usize, y: usize, count: i32, threshold: i32, scale: f32,
  keyLow: i32, keyHigh: i32, site: i32, offsetLow: i32, offsetHigh: i32,
): void {
  const keys = scratch, words = scratch + PHILOX_BYTES;
  philoxKeys(keys, seed == 0 ? keyLow : load<i32>(seed), seed == 0 ? keyHigh : load<i32>(seed, 4));
  const limit = i32x4.splat(threshold), factor = f32x4.splat(scale);
  const offset = <u64><u32>offsetHigh << 32 | <u64><u32>offsetLow;
  for (let block = begin; block < end; block++) {
    philoxWords(keys, offset + (<u64>block << 2), site, 0, words);
    const from = x + (<usize>block << 6), to = y + (<usize>block << 6);
    const left = count - (block << 4);
    if (left >= 16) {
      v128.store(to, keep(v128.load(words), limit, v128.load(from), factor));
      v128.store(to, keep(v128.load(words, 16), limit, v128.load(from, 16), factor), 16);
      v128.store(to, keep(v128.load(words, 32), limit, v128.load(from, 32), factor), 32);
      v128.store(to, keep(v128.load(words, 48), limit, v128.load(from, 48), factor), 48);
    } else {
      for (let i = 0; i < left; i += 4) {
        const at = <usize>i << 2, word = v128.load(words + at);
        if (left - i >= 4) v128.store(to + at, keep(word, limit, v128.load(from + at), factor));
        else storePartial(to + at, keep(word, limit, loadPartial(from + at, left - i), factor), left - i);
      }
    }
  }
}

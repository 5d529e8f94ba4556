import { PHILOX_BYTES, philoxKeys, philoxWords } from '../common/philox.as';
import { scratch, storePartial } from '../common/simd.as';

/** Elements of blocks [begin, end) of 16: the upper 24 bits of the element's random word as a fraction. The key is as for dropout. */
export function randomUniform(begin: i32, end: i32, seed: usize, y: usize, count: i32, keyLow: i32, keyHigh: i32, stream: i32): void {
  const keys = scratch, words = scratch + PHILOX_BYTES;
  philoxKeys(keys, seed == 0 ? keyLow : load<i32>(seed), seed == 0 ? keyHigh : load<i32>(seed, 4));
  const unit = f32x4.splat(5.9604644775390625e-8);
  for (let block = begin; block < end; block++) {
    philoxWords(keys, <u64>block << 2, stream, 1, words);
    const left = min(16, count - (block << 4));
    for (let i = 0; i < left; i += 4) {
      const at = <usize>i << 2;
      const value = f32x4.mul(f32x4.convert_i32x4_u(i32x4.shr_u(v128.load(words + at), 8)), unit);
      if (left - i >= 4) v128.store(y + (<usize>block << 6) + at, value);
      else storePartial(y + (<usize>block << 6) + at, value, left - i);
    }
  }
}

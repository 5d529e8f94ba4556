// Keys or values of a head in few bits: words of codes, then the scales of their blocks as floats.

/** Values that share a scale: 32 where they divide the width, else the head. */
export function headBlock(width: i32): i32 {
  return width & 31 ? width : 32;
}

/** Rows [begin, end) of x [rows, width] to words: q8_0 or, of four bits, q4_0 of llama.cpp but for the order of nibbles. */
export function quantizeHeads(begin: i32, end: i32, x: usize, y: usize, width: i32, bits: i32): void {
  const block = headBlock(width), blocks = width / block, codeWords = width * bits >> 5;
  for (let row = begin; row < end; row++) {
    const from = x + (<usize>row * width << 2), to = y + (<usize>row * (codeWords + blocks) << 2);
    for (let b = 0; b < blocks; b++) {
      const first = from + (<usize>(b * block) << 2);
      const scale = bits == 8 ? toBytes(first, to + <usize>(b * block), block) : toNibbles(first, to + (<usize>(b * block) >> 1), block);
      store<f32>(to + (<usize>(codeWords + b) << 2), scale);
    }
  }
}

/** scale = max |x| / 127; code = round(x / scale). */
function toBytes(x: usize, to: usize, block: i32): f32 {
  let most: f32 = 0;
  for (let i: usize = 0; i < <usize>block; i++) most = max(most, abs(load<f32>(x + (i << 2))));
  const scale = most / 127, inverse: f32 = scale > 0 ? 127 / most : 0;
  for (let i: usize = 0; i < <usize>block; i++) store<i8>(to + i, <i8>nearest(load<f32>(x + (i << 2)) * inverse));
  return scale;
}

/** scale = −x / 8 of the x that is largest in magnitude; code = min(15, ⌊x / scale + 8.5⌋). */
function toNibbles(x: usize, to: usize, block: i32): f32 {
  let far: f32 = 0;
  for (let i: usize = 0; i < <usize>block; i++) {
    const value = load<f32>(x + (i << 2));
    if (abs(value) > abs(far)) far = value;
  }
  const scale = far / -8, inverse: f32 = scale != 0 ? -8 / far : 0;
  for (let i: usize = 0; i < <usize>block; i += 2) {
    const low = nibble(load<f32>(x + (i << 2)), inverse), high = nibble(load<f32>(x + (i << 2), 4), inverse);
    store<u8>(to + (i >> 1), <u8>(low | high << 4));
  }
  return scale;
}

// @ts-ignore: decorator
@inline
function nibble(x: f32, inverse: f32): i32 {
  return min(15, <i32>(x * inverse + 8.5));
}

/** `count` heads one after the other as floats. */
export function unpackHeads(from: usize, to: usize, count: i32, width: i32, bits: i32): void {
  const block = headBlock(width), blocks = width / block, codeBytes = <usize>(width * bits >> 3);
  for (let head = 0; head < count; head++) {
    let scale = from + codeBytes;
    for (let b = 0; b < blocks; b++, scale += 4) {
      if (block == 32) {
        const factor = v128.load32_splat(scale);
        if (bits == 8) {
          for (let i: usize = 0; i < 32; i += 8) eight(v128.load8x8_s(from + i), factor, to + (i << 2));
          from += 32;
        } else {
          const codes = v128.load(from);
          const low = v128.and(codes, i8x16.splat(15)), high = i8x16.shr_u(codes, 4);
          const first = i8x16.sub(v128.shuffle<u8>(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), i8x16.splat(8));
          const second = i8x16.sub(v128.shuffle<u8>(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), i8x16.splat(8));
          eight(i16x8.extend_low_i8x16_s(first), factor, to);
          eight(i16x8.extend_high_i8x16_s(first), factor, to + 32);
          eight(i16x8.extend_low_i8x16_s(second), factor, to + 64);
          eight(i16x8.extend_high_i8x16_s(second), factor, to + 96);
          from += 16;
        }
        to += 128;
      } else {
        const factor = load<f32>(scale);
        for (let i = 0; i < block; i++, to += 4) {
          const code = bits == 8 ? <i32>load<i8>(from + i) : <i32>(load<u8>(from + (i >> 1)) >> (<u8>(i & 1) << 2) & 15) - 8;
          store<f32>(to, <f32>code * factor);
        }
        from += <usize>(block * bits >> 3);
      }
    }
    from = scale;
  }
}

/** Eight whole numbers of 16 bits times a factor, as floats. */
// @ts-ignore: decorator
@inline
function eight(codes: v128, factor: v128, to: usize): void {
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(codes)), factor));
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(codes)), factor), 16);
}

/** Rows [begin, end) of words as floats again. */
export function dequantizeHeads(begin: i32, end: i32, x: usize, y: usize, width: i32, bits: i32): void {
  const words = (width * bits >> 5) + width / headBlock(width);
  unpackHeads(x + (<usize>begin * words << 2), y + (<usize>begin * width << 2), end - begin, width, bits);
}

// Many rows of x times quantized weights: weights of eight columns are unpacked into a panel in the thread's scratch, where all rows
// meet them in a tile of four rows by eight columns. Sums of a unit are integers; its scales then bring them to floats.
import { fma, scratch } from '../common/simd.as';
import { matmulEpilogue } from '../matmul/matmul.as';
import { codeBytes, quantizedConstants, turnVectors } from './pack-rows.as';

const MR: i32 = 4;
const NR: i32 = 8;
/** Units of a panel: with eight columns of bytes they take 18 KiB. */
const CHUNK: i32 = 32;
/** The tile of sums, and beside it what a ragged one needs. */
const PANELS: usize = 512;

/** c [4][8] += one row's integers · scales + sums · shifts. */
// @ts-ignore: decorator
@inline
function finish(c: usize, x: v128, y: v128, a: usize, b: usize, shifted: bool): void {
  const scale = v128.load32_splat(a);
  let left = v128.load(c), right = v128.load(c, 16);
  if (shifted) {
    const sum = v128.load32_splat(a, 16);
    left = fma(sum, v128.load(b, 32), left);
    right = fma(sum, v128.load(b, 48), right);
  }
  v128.store(c, fma(f32x4.convert_i32x4_s(x), f32x4.mul(scale, v128.load(b)), left));
  v128.store(c, fma(f32x4.convert_i32x4_s(y), f32x4.mul(scale, v128.load(b, 16)), right), 16);
}

/** c [4][8] += a · b over units of codes of 16 bits, taken by twos. */
function tileOfPairs(a: usize, b: usize, c: usize, units: i32, pairs: i32, shifted: bool): void {
  for (let u = 0; u < units; u++) {
    let c00 = i32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
    let p = a + 32, q = b + 64;
    for (let i = 0; i < pairs; i++) {
      const x = v128.load(q), y = v128.load(q, 16);
      let r = v128.load32_splat(p);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(r, x)); c01 = i32x4.add(c01, i32x4.dot_i16x8_s(r, y));
      r = v128.load32_splat(p, 4);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(r, x)); c11 = i32x4.add(c11, i32x4.dot_i16x8_s(r, y));
      r = v128.load32_splat(p, 8);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(r, x)); c21 = i32x4.add(c21, i32x4.dot_i16x8_s(r, y));
      r = v128.load32_splat(p, 12);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(r, x)); c31 = i32x4.add(c31, i32x4.dot_i16x8_s(r, y));
      p += 16; q += 32;
    }
    finish(c, c00, c01, a, b, shifted);
    finish(c + 32, c10, c11, a + 4, b, shifted);
    finish(c + 64, c20, c21, a + 8, b, shifted);
    finish(c + 96, c30, c31, a + 12, b, shifted);
    a = p; b = q;
  }
}

/** The same over units of 32 codes of 8 bits with nibbles, taken by fours: 16 products of 15 · 127 add up to less than 2¹⁵. */
function tileOfFours(a: usize, b: usize, c: usize, units: i32, ones: v128): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return;
  for (let u = 0; u < units; u++) {
    let c00 = i32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
    let p = a + 32, q = b + 64;
    for (let i = 0; i < 8; i++) {
      const x = v128.load(q), y = v128.load(q, 16);
      let r = v128.load32_splat(p);
      c00 = i16x8.add(c00, i16x8.relaxed_dot_i8x16_i7x16_s(r, x)); c01 = i16x8.add(c01, i16x8.relaxed_dot_i8x16_i7x16_s(r, y));
      r = v128.load32_splat(p, 4);
      c10 = i16x8.add(c10, i16x8.relaxed_dot_i8x16_i7x16_s(r, x)); c11 = i16x8.add(c11, i16x8.relaxed_dot_i8x16_i7x16_s(r, y));
      r = v128.load32_splat(p, 8);
      c20 = i16x8.add(c20, i16x8.relaxed_dot_i8x16_i7x16_s(r, x)); c21 = i16x8.add(c21, i16x8.relaxed_dot_i8x16_i7x16_s(r, y));
      r = v128.load32_splat(p, 12);
      c30 = i16x8.add(c30, i16x8.relaxed_dot_i8x16_i7x16_s(r, x)); c31 = i16x8.add(c31, i16x8.relaxed_dot_i8x16_i7x16_s(r, y));
      p += 16; q += 32;
    }
    finish(c, i32x4.dot_i16x8_s(c00, ones), i32x4.dot_i16x8_s(c01, ones), a, b, true);
    finish(c + 32, i32x4.dot_i16x8_s(c10, ones), i32x4.dot_i16x8_s(c11, ones), a + 4, b, true);
    finish(c + 64, i32x4.dot_i16x8_s(c20, ones), i32x4.dot_i16x8_s(c21, ones), a + 8, b, true);
    finish(c + 96, i32x4.dot_i16x8_s(c30, ones), i32x4.dot_i16x8_s(c31, ones), a + 12, b, true);
    a = p; b = q;
  }
}

/**
 * Units [from, from + count) of columns [col, col + 8): for each unit eight scales, eight shifts, then words of codes by place and
 * column. Columns past the end are the last one again.
 */
function packPanel(
  to: usize, w: usize, scales: usize, shifts: usize, zero: f32, col: i32, n: i32, k: i32, blockSize: i32, unit: i32, bits: i32, from: i32, count: i32, mask: v128,
): void {
  const blocks = k / blockSize, wRow = <usize>k * bits >> 3, bytes = <usize>unit * bits >> 3;
  for (let u = from; u < from + count; u++) {
    const block = u * unit / blockSize;
    for (let j = 0; j < NR; j++) {
      const at = <usize>(min(col + j, n - 1) * blocks + block) << 2, lane = <usize>j << 2;
      store<f32>(to + lane, load<f32>(scales + at));
      store<f32>(to + lane, shifts ? load<f32>(shifts + at) * zero : 0, 32);
    }
    to += 64;
    for (let j = 0; j < NR; j += 4) {
      const at = w + <usize>u * bytes;
      const p = at + <usize>min(col + j, n - 1) * wRow, q = at + <usize>min(col + j + 1, n - 1) * wRow;
      const r = at + <usize>min(col + j + 2, n - 1) * wRow, s = at + <usize>min(col + j + 3, n - 1) * wRow;
      let step = to + (<usize>j << 2);
      if (bits == 8) {
        for (let i: usize = 0; i < bytes; i += 8, step += 128) turnVectors(v128.load8x8_s(p + i), v128.load8x8_s(q + i), v128.load8x8_s(r + i), v128.load8x8_s(s + i), step, 32);
      } else {
        const a = v128.load(p), b = v128.load(q), c = v128.load(r), d = v128.load(s);
        nibbles(v128.and(a, mask), v128.and(b, mask), v128.and(c, mask), v128.and(d, mask), step);
        nibbles(
          v128.and(i16x8.shr_u(a, 4), mask), v128.and(i16x8.shr_u(b, 4), mask), v128.and(i16x8.shr_u(c, 4), mask), v128.and(i16x8.shr_u(d, 4), mask),
          step + (ASC_FEATURE_RELAXED_SIMD ? 128 : 256),
        );
      }
    }
    to += codeBytes(unit, bits) * NR;
  }
}

/** 16 nibbles of four columns as words by place: as bytes, or of 16 bits. */
// @ts-ignore: decorator
@inline
function nibbles(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    turnVectors(a, b, c, d, to, 32);
    return;
  }
  turnVectors(i16x8.extend_low_i8x16_u(a), i16x8.extend_low_i8x16_u(b), i16x8.extend_low_i8x16_u(c), i16x8.extend_low_i8x16_u(d), to, 32);
  turnVectors(i16x8.extend_high_i8x16_u(a), i16x8.extend_high_i8x16_u(b), i16x8.extend_high_i8x16_u(c), i16x8.extend_high_i8x16_u(d), to + 128, 32);
}

/** c [m, n] for blocks [begin, end) of `nc` ≤ 128 columns; x packed by groups of four rows, the rest as for few rows. */
export function quantizedTiles(
  begin: i32, end: i32, packed: usize, w: usize, scales: usize, shifts: usize, zero: f32, c: usize,
  m: i32, n: i32, k: i32, blockSize: i32, unit: i32, bits: i32, nc: i32, bias: usize, residual: usize,
): void {
  const units = k / unit;
  const codes = codeBytes(unit, bits), ofGroup = 32 + 4 * codes, ofPanel = 64 + NR * codes;
  const constants = quantizedConstants(), ones = v128.load(constants), mask = v128.load(constants, 16);
  for (let block = begin; block < end; block++) {
    const firstCol = block * nc, lastCol = min(n, firstCol + nc);
    for (let from = 0; from < units; from += CHUNK) {
      const count = min(CHUNK, units - from);
      for (let col = firstCol, to = scratch + PANELS; col < lastCol; col += NR, to += ofPanel * CHUNK) {
        packPanel(to, w, scales, shifts, zero, col, n, k, blockSize, unit, bits, from, count, mask);
      }
      for (let row = 0; row < m; row += MR) {
        const a = packed + <usize>(row / MR * units + from) * ofGroup;
        for (let col = firstCol, b = scratch + PANELS; col < lastCol; col += NR, b += ofPanel * CHUNK) {
          loadTile(c, row, col, m, n, lastCol, from == 0);
          if (ASC_FEATURE_RELAXED_SIMD && bits == 4) tileOfFours(a, b, scratch, count, ones);
          else tileOfPairs(a, b, scratch, count, unit >> 1, shifts != 0);
          storeTile(c, row, col, m, n, lastCol);
        }
      }
    }
    if (units == 0) for (let row = 0; row < m; row++) memory.fill(c + ((<usize>row * n + firstCol) << 2), 0, <usize>(lastCol - firstCol) << 2);
    matmulEpilogue(c, 0, m, firstCol, lastCol, n, 0, bias, 0, residual, 0);
  }
}

/** The sums so far of the tile at (row, col), or zeros, to scratch. */
function loadTile(c: usize, row: i32, col: i32, m: i32, n: i32, lastCol: i32, first: bool): void {
  if (first) {
    memory.fill(scratch, 0, 128);
    return;
  }
  const height = min(MR, m - row), width = <usize>min(NR, lastCol - col) << 2;
  for (let r = 0; r < height; r++) memory.copy(scratch + (<usize>r << 5), c + ((<usize>(row + r) * n + col) << 2), width);
}

function storeTile(c: usize, row: i32, col: i32, m: i32, n: i32, lastCol: i32): void {
  const height = min(MR, m - row), width = min(NR, lastCol - col);
  for (let r = 0; r < height; r++) {
    const from = scratch + (<usize>r << 5), to = c + ((<usize>(row + r) * n + col) << 2);
    if (width == NR) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    } else memory.copy(to, from, <usize>width << 2);
  }
}

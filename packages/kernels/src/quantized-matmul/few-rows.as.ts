// Few rows of x times quantized weights, which stream past once where they lie: memory is what takes the time, so a column is read
// from its beginning to its end, one after the other.
import { fma, scratch, sumLanes } from '../common/simd.as';
import { matmulEpilogue } from '../matmul/matmul.as';
import { codeBytes, quantizedConstants } from './pack-rows.as';

const NIBBLES: i32 = 0;
const BYTES: i32 = 1;
const HALF_BYTES: i32 = 2;

/** The products of 16 codes of 16 bits with 16 bytes, in four sums. */
// @ts-ignore: decorator
@inline
function dot16(x: usize, w: usize): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(v128.load(x), v128.load8x8_s(w)), i32x4.dot_i16x8_s(v128.load(x, 16), v128.load8x8_s(w, 8)));
}

/** The products of 32 codes with 32 nibbles, in four sums. */
// @ts-ignore: decorator
@inline
function dot32(x: usize, even: v128, odd: v128, ones: v128): v128 {
  // Nibbles have at most 7 bits, and four products of 15 · 127 fit 16 bits.
  if (ASC_FEATURE_RELAXED_SIMD) {
    return i32x4.dot_i16x8_s(i16x8.add(
      i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(x), even),
      i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(x, 16), odd),
    ), ones);
  }
  return i32x4.add(
    i32x4.add(i32x4.dot_i16x8_s(v128.load(x), i16x8.extend_low_i8x16_u(even)), i32x4.dot_i16x8_s(v128.load(x, 16), i16x8.extend_high_i8x16_u(even))),
    i32x4.add(i32x4.dot_i16x8_s(v128.load(x, 32), i16x8.extend_low_i8x16_u(odd)), i32x4.dot_i16x8_s(v128.load(x, 48), i16x8.extend_high_i8x16_u(odd))),
  );
}

/** The products of a unit: of 32 nibbles, of 32 bytes or of 16, as `kind` says. */
// @ts-ignore: decorator
@inline
function unitOf(kind: i32, x: usize, w: usize, ones: v128, mask: v128): v128 {
  if (kind == NIBBLES) {
    const v = v128.load(w);
    return dot32(x, v128.and(v, mask), v128.and(i16x8.shr_u(v, 4), mask), ones);
  }
  if (kind == BYTES) return i32x4.add(dot16(x, w), dot16(x + 32, w + 16));
  return dot16(x, w);
}

/** Σ over blocks of scale · (Σ over units of x's scale · products): one row times one column. Inlined for each kind of unit. */
// @ts-ignore: decorator
@inline
function column(kind: i32, x: usize, scale: usize, w: usize, scales: usize, blocks: i32, perBlock: i32, ones: v128, mask: v128): f32 {
  const xStep = kind == NIBBLES ? codeBytes(32, 4) : kind == BYTES ? <usize>64 : <usize>32, wStep: usize = kind == BYTES ? 32 : 16;
  let total = f32x4.splat(0);
  if (perBlock == 1) {
    for (const end = scales + (<usize>blocks << 2); scales < end; scales += 4, scale += 4, x += xStep, w += wStep) {
      total = fma(f32x4.convert_i32x4_s(unitOf(kind, x, w, ones, mask)), f32x4.mul(v128.load32_splat(scale), v128.load32_splat(scales)), total);
    }
    return sumLanes(total);
  }
  for (const end = scales + (<usize>blocks << 2); scales < end; scales += 4) {
    let part = f32x4.splat(0);
    for (let u = 0; u < perBlock; u++, scale += 4, x += xStep, w += wStep) {
      part = fma(f32x4.convert_i32x4_s(unitOf(kind, x, w, ones, mask)), v128.load32_splat(scale), part);
    }
    total = fma(part, v128.load32_splat(scales), total);
  }
  return sumLanes(total);
}

/** Σ a · b over `count` floats. */
function dotFloats(a: usize, b: usize, count: i32): f32 {
  let total = f32x4.splat(0);
  for (; count >= 4; count -= 4, a += 16, b += 16) total = fma(v128.load(a), v128.load(b), total);
  let sum = sumLanes(total);
  for (; count > 0; count--, a += 4, b += 4) sum += load<f32>(a) * load<f32>(b);
  return sum;
}

/** The same for four rows, `xRow` bytes of codes and `row` bytes of scales apart, which share what is unpacked: four sums at once. */
// @ts-ignore: decorator
@inline
function fourColumns(kind: i32, x: usize, xRow: usize, scale: usize, row: usize, w: usize, scales: usize, blocks: i32, perBlock: i32, ones: v128, mask: v128): v128 {
  const xStep = kind == NIBBLES ? codeBytes(32, 4) : kind == BYTES ? <usize>64 : <usize>32, wStep: usize = kind == BYTES ? 32 : 16;
  let t0 = f32x4.splat(0), t1 = t0, t2 = t0, t3 = t0;
  const x1 = xRow, x2 = 2 * xRow, x3 = 3 * xRow, r1 = row, r2 = 2 * row, r3 = 3 * row;
  for (const end = scales + (<usize>blocks << 2); scales < end; scales += 4) {
    const step = v128.load32_splat(scales);
    for (let u = 0; u < perBlock; u++, scale += 4, x += xStep, w += wStep) {
      let p0: v128, p1: v128, p2: v128, p3: v128;
      if (kind == NIBBLES) {
        const v = v128.load(w);
        const even = v128.and(v, mask), odd = v128.and(i16x8.shr_u(v, 4), mask);
        p0 = dot32(x, even, odd, ones); p1 = dot32(x + x1, even, odd, ones); p2 = dot32(x + x2, even, odd, ones); p3 = dot32(x + x3, even, odd, ones);
      } else {
        let a = v128.load8x8_s(w), b = v128.load8x8_s(w, 8);
        p0 = pair(x, a, b); p1 = pair(x + x1, a, b); p2 = pair(x + x2, a, b); p3 = pair(x + x3, a, b);
        if (kind == BYTES) {
          a = v128.load8x8_s(w, 16); b = v128.load8x8_s(w, 24);
          p0 = i32x4.add(p0, pair(x + 32, a, b)); p1 = i32x4.add(p1, pair(x + 32 + x1, a, b));
          p2 = i32x4.add(p2, pair(x + 32 + x2, a, b)); p3 = i32x4.add(p3, pair(x + 32 + x3, a, b));
        }
      }
      t0 = fma(f32x4.convert_i32x4_s(p0), f32x4.mul(v128.load32_splat(scale), step), t0);
      t1 = fma(f32x4.convert_i32x4_s(p1), f32x4.mul(v128.load32_splat(scale + r1), step), t1);
      t2 = fma(f32x4.convert_i32x4_s(p2), f32x4.mul(v128.load32_splat(scale + r2), step), t2);
      t3 = fma(f32x4.convert_i32x4_s(p3), f32x4.mul(v128.load32_splat(scale + r3), step), t3);
    }
  }
  const ab = f32x4.add(i32x4.shuffle(t0, t1, 0, 4, 1, 5), i32x4.shuffle(t0, t1, 2, 6, 3, 7));
  const cd = f32x4.add(i32x4.shuffle(t2, t3, 0, 4, 1, 5), i32x4.shuffle(t2, t3, 2, 6, 3, 7));
  return f32x4.add(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3));
}

/** The products of 16 codes of 16 bits with as many. */
// @ts-ignore: decorator
@inline
function pair(x: usize, a: v128, b: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(v128.load(x), a), i32x4.dot_i16x8_s(v128.load(x, 16), b));
}

/** One row times one column of any kind. */
function oneRow(x: usize, scale: usize, w: usize, scales: usize, blocks: i32, perBlock: i32, unit: i32, bits: i32, ones: v128, mask: v128): f32 {
  if (bits == 4) return column(NIBBLES, x, scale, w, scales, blocks, perBlock, ones, mask);
  if (unit == 32) return column(BYTES, x, scale, w, scales, blocks, perBlock, ones, mask);
  return column(HALF_BYTES, x, scale, w, scales, blocks, perBlock, ones, mask);
}

/** Four rows times one column of any kind. */
function fourRows(x: usize, xRow: usize, scale: usize, row: usize, w: usize, scales: usize, blocks: i32, perBlock: i32, unit: i32, bits: i32, ones: v128, mask: v128): v128 {
  if (bits == 4) return fourColumns(NIBBLES, x, xRow, scale, row, w, scales, blocks, perBlock, ones, mask);
  if (unit == 32) return fourColumns(BYTES, x, xRow, scale, row, w, scales, blocks, perBlock, ones, mask);
  return fourColumns(HALF_BYTES, x, xRow, scale, row, w, scales, blocks, perBlock, ones, mask);
}

/**
 * c [m, n] for blocks [begin, end) of `nc` columns, x packed row by row: codes and scales of units, and −scale · Σ codes of each block, `sums`;
 * with rows up to a multiple of four where there are more than two. `w` holds n rows of k codes; `shifts` is what the sums are multiplied
 * with, times `zero`.
 */
export function quantizedFewRows(
  begin: i32, end: i32, codes: usize, scales: usize, sums: usize, w: usize, wScales: usize, shifts: usize, zero: f32, c: usize,
  m: i32, n: i32, k: i32, blockSize: i32, unit: i32, bits: i32, nc: i32, bias: usize, residual: usize,
): void {
  const blocks = k / blockSize, perBlock = blockSize / unit, units = blocks * perBlock;
  const xRow = codeBytes(unit, bits) * units, wRow = <usize>k * bits >> 3, row = <usize>units << 2, ofBlocks = <usize>blocks << 2;
  const constants = quantizedConstants(), ones = v128.load(constants), mask = v128.load(constants, 16);
  for (let block = begin; block < end; block++) {
    const firstCol = block * nc, lastCol = min(n, firstCol + nc);
    for (let col: usize = firstCol; col < <usize>lastCol; col++) {
      const at = w + col * wRow, ofCol = wScales + col * ofBlocks;
      for (let r: usize = 0; r < <usize>m;) {
        const height: usize = m <= 2 ? 1 : min(4, <usize>m - r);
        if (m <= 2) store<f32>(scratch, oneRow(codes + r * xRow, scales + r * row, at, ofCol, blocks, perBlock, unit, bits, ones, mask));
        else v128.store(scratch, fourRows(codes + r * xRow, xRow, scales + r * row, row, at, ofCol, blocks, perBlock, unit, bits, ones, mask));
        for (let i: usize = 0; i < height; i++, r++) {
          let sum = load<f32>(scratch + (i << 2));
          if (shifts) sum += zero * dotFloats(sums + r * ofBlocks, shifts + col * ofBlocks, blocks);
          store<f32>(c + ((r * n + col) << 2), sum);
        }
      }
    }
    matmulEpilogue(c, 0, m, firstCol, lastCol, n, 0, bias, 0, residual, 0);
  }
}

// C = matmulEpilogue(A · B): B is packed once into panels of 8 columns, then blocks of rows of A are packed into panels of 6 rows
// in the thread's scratch and multiplied by a 6×8 register tile: 12 sums, 2 vectors of B and one of A fit the 16 registers.
import { tile } from '../common/tile.as';
import { scratch, loadPartial, storePartial } from '../common/simd.as';
import { activate, activationConstants } from '../common/activation.as';

const MR: i32 = 6;
const NR: i32 = 8;
const KC: i32 = 256;
/** Bytes of scratch for one ragged tile. */
const EDGE: usize = 256;

/** Packs panels [begin, end) of B into [panel][K][8]; columns past N are zero. `transposed` reads B as stored [N, K]. */
export function matmulPack(
  begin: i32, end: i32, b: usize, packed: usize, n: i32, k: i32, transposed: i32, panels: i32, strideB: i32,
): void {
  for (let index = begin; index < end; index++) {
    const batch = index / panels;
    packPanel(b + (<usize>batch * strideB << 2), packed + ((<usize>index * k * NR) << 2), (index - batch * panels) * NR, n, k, 0, k, transposed);
  }
}

/** Packs columns [j, j + 8) of B, rows [k0, k0 + kc), into [kc][8]; columns past N are zero. */
function packPanel(b: usize, to: usize, j: i32, n: i32, k: i32, k0: i32, kc: i32, transposed: i32): void {
  const width = min(NR, n - j);
  if (transposed) {
    packTransposed(b + ((<usize>j * k + k0) << 2), to, width, k, kc);
  } else if (width == NR) {
    let from = b + ((<usize>k0 * n + j) << 2);
    const step = <usize>n << 2;
    for (let i = 0; i < kc; i++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += step; to += 32;
    }
  } else {
    for (let i = 0; i < kc; i++) {
      for (let c = 0; c < NR; c++) {
        store<f32>(to, c < width ? load<f32>(b + ((<usize>(k0 + i) * n + j + c) << 2)) : 0);
        to += 4;
      }
    }
  }
}

/** Packs kc floats of `width` rows, K floats apart, into [kc][8], by 4×4 transposes. */
function packTransposed(from: usize, to: usize, width: i32, k: i32, kc: i32): void {
  const row = <usize>k << 2;
  if (width == NR) {
    let i = 0;
    for (; i + 4 <= kc; i += 4) {
      const p = from + (<usize>i << 2);
      transpose4(p, row, to);
      transpose4(p + (row << 2), row, to + 16);
      to += 128;
    }
    for (; i < kc; i++) {
      for (let c = 0; c < NR; c++) store<f32>(to + (<usize>c << 2), load<f32>(from + <usize>c * row + (<usize>i << 2)));
      to += 32;
    }
  } else {
    for (let i = 0; i < kc; i++) {
      for (let c = 0; c < NR; c++) {
        store<f32>(to + (<usize>c << 2), c < width ? load<f32>(from + <usize>c * row + (<usize>i << 2)) : 0);
      }
      to += 32;
    }
  }
}

/** Transposes the 4×4 block at `from` (rows `row` bytes apart) to rows 32 bytes apart at `to`. */
// @ts-ignore: decorator
@inline
function transpose4(from: usize, row: usize, to: usize): void {
  const a = v128.load(from), b = v128.load(from + row), c = v128.load(from + row * 2), d = v128.load(from + row * 3);
  const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5), ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5), cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i32x4.shuffle(ab0, cd0, 0, 1, 4, 5));
  v128.store(to, i32x4.shuffle(ab0, cd0, 2, 3, 6, 7), 32);
  v128.store(to, i32x4.shuffle(ab1, cd1, 0, 1, 4, 5), 64);
  v128.store(to, i32x4.shuffle(ab1, cd1, 2, 3, 6, 7), 96);
}

/** Packs rows [row, row + 6) of A, columns [k0, k0 + kc), into [kc][6]; rows past M are zero. */
function packRows(a: usize, to: usize, row: i32, m: i32, k: i32, k0: i32, kc: i32, transposed: i32): void {
  const height = min(MR, m - row);
  if (transposed) {
    const step = <usize>m << 2;
    let from = a + ((<usize>k0 * m + row) << 2);
    if (row + 8 <= m) {
      for (let i = 0; i < kc; i++) {
        v128.store(to, v128.load(from));
        store<u64>(to, load<u64>(from, 16), 16);
        from += step; to += 24;
      }
    } else {
      for (let i = 0; i < kc; i++) {
        for (let r = 0; r < MR; r++) store<f32>(to + (<usize>r << 2), r < height ? load<f32>(from + (<usize>r << 2)) : 0);
        from += step; to += 24;
      }
    }
    return;
  }
  const step = <usize>k << 2;
  const from = a + ((<usize>row * k + k0) << 2);
  if (height == MR) {
    let p0 = from, p1 = p0 + step, p2 = p1 + step, p3 = p2 + step, p4 = p3 + step, p5 = p4 + step;
    let i = 0;
    for (; i + 4 <= kc; i += 4) {
      const a0 = v128.load(p0), a1 = v128.load(p1), a2 = v128.load(p2), a3 = v128.load(p3), a4 = v128.load(p4), a5 = v128.load(p5);
      const x0 = i32x4.shuffle(a0, a1, 0, 4, 1, 5), x1 = i32x4.shuffle(a0, a1, 2, 6, 3, 7);
      const y0 = i32x4.shuffle(a2, a3, 0, 4, 1, 5), y1 = i32x4.shuffle(a2, a3, 2, 6, 3, 7);
      const z0 = i32x4.shuffle(a4, a5, 0, 4, 1, 5), z1 = i32x4.shuffle(a4, a5, 2, 6, 3, 7);
      v128.store(to, i64x2.shuffle(x0, y0, 0, 2));
      v128.store(to, i64x2.shuffle(z0, x0, 0, 3), 16);
      v128.store(to, i64x2.shuffle(y0, z0, 1, 3), 32);
      v128.store(to, i64x2.shuffle(x1, y1, 0, 2), 48);
      v128.store(to, i64x2.shuffle(z1, x1, 0, 3), 64);
      v128.store(to, i64x2.shuffle(y1, z1, 1, 3), 80);
      p0 += 16; p1 += 16; p2 += 16; p3 += 16; p4 += 16; p5 += 16; to += 96;
    }
    for (; i < kc; i++) {
      store<f32>(to, load<f32>(p0)); store<f32>(to, load<f32>(p1), 4); store<f32>(to, load<f32>(p2), 8);
      store<f32>(to, load<f32>(p3), 12); store<f32>(to, load<f32>(p4), 16); store<f32>(to, load<f32>(p5), 20);
      p0 += 4; p1 += 4; p2 += 4; p3 += 4; p4 += 4; p5 += 4; to += 24;
    }
  } else {
    for (let i = 0; i < kc; i++) {
      for (let r = 0; r < MR; r++) {
        store<f32>(to + (<usize>r << 2), r < height ? load<f32>(from + <usize>r * step + (<usize>i << 2)) : 0);
      }
      to += 24;
    }
  }
}

/** One tile of C at (row, col), through scratch at its ragged edges. */
// @ts-ignore: decorator
@inline
function tileAt(from: usize, b: usize, c: usize, row: i32, col: i32, lastRow: i32, lastCol: i32, ldc: usize, kc: i32, first: bool): void {
  const to = c + <usize>row * ldc + (<usize>col << 2);
  if (row + MR <= lastRow && col + NR <= lastCol) {
    tile(from, 24, b, to, ldc, kc, first);
    return;
  }
  const height = min(MR, lastRow - row), width = min(NR, lastCol - col);
  tile(from, 24, b, scratch, 32, kc, true);
  for (let r = 0; r < height; r++) {
    for (let j = 0; j < width; j++) {
      const at = to + <usize>r * ldc + (<usize>j << 2);
      const sum = load<f32>(scratch + ((<usize>r * NR + j) << 2));
      store<f32>(at, first ? sum : load<f32>(at) + sum);
    }
  }
}

/**
 * Tasks [begin, end) of the product with B packed before: a task is one block of `mc` rows times one block of `nc` columns
 * (a multiple of 8) of one matrix of the batch. Scratch holds one 6×8 tile for the ragged edges and the packed rows.
 */
export function matmul(
  begin: i32, end: i32, a: usize, packed: usize, c: usize, m: i32, n: i32, k: i32, transposedA: i32,
  mc: i32, nc: i32, rowBlocks: i32, colBlocks: i32, strideA: i32,
  bias: usize, activation: i32, residual: usize, before: usize, broadcastB: i32, accumulate: i32,
): void {
  const panels = (n + NR - 1) / NR;
  const rowsAt = scratch + EDGE;
  const ldc = <usize>n << 2;
  for (let task = begin; task < end; task++) {
    const batch = task / (rowBlocks * colBlocks);
    const inBatch = task - batch * rowBlocks * colBlocks;
    const rowBlock = inBatch / colBlocks;
    const firstRow = rowBlock * mc;
    const lastRow = min(m, firstRow + mc);
    const firstCol = (inBatch - rowBlock * colBlocks) * nc;
    const lastCol = min(n, firstCol + nc);
    const aBatch = a + (<usize>batch * strideA << 2);
    const cBatch = c + ((<usize>batch * m * n) << 2);
    const bBatch = broadcastB ? packed : packed + ((<usize>batch * panels * k * NR) << 2);
    for (let k0 = 0; k0 < k; k0 += KC) {
      const kc = min(KC, k - k0);
      const first = k0 == 0 && accumulate == 0;
      const panelBytes = <usize>kc * 24;
      for (let row = firstRow, to = rowsAt; row < lastRow; row += MR, to += panelBytes) {
        packRows(aBatch, to, row, m, k, k0, kc, transposedA);
      }
      for (let col = firstCol; col < lastCol; col += NR) {
        const b = bBatch + ((<usize>(col / NR) * k * NR + <usize>k0 * NR) << 2);
        for (let row = firstRow, from = rowsAt; row < lastRow; row += MR, from += panelBytes) {
          tileAt(from, b, cBatch, row, col, lastRow, lastCol, ldc, kc, first);
        }
      }
    }
    if (k == 0 && accumulate == 0) zeroBlock(cBatch, firstRow, lastRow, firstCol, lastCol, n);
    matmulEpilogue(cBatch, firstRow, lastRow, firstCol, lastCol, n, <usize>batch * m * n, bias, activation, residual, before);
  }
}

/** Packs panels [begin, end) of A into [panel][K][6]; rows past M are zero. */
export function matmulPackRows(begin: i32, end: i32, a: usize, packed: usize, m: i32, k: i32, transposedA: i32): void {
  for (let panel = begin; panel < end; panel++) packRows(a, packed + <usize>panel * k * 24, panel * MR, m, k, 0, k, transposedA);
}

/**
 * Blocks [begin, end) of `nc` ≤ 128 columns of the product with A packed before: where M is the smaller side, B is large and
 * is packed block by block in scratch, so that it crosses memory once.
 */
export function matmulWide(
  begin: i32, end: i32, packedA: usize, b: usize, c: usize, m: i32, n: i32, k: i32, transposedB: i32, nc: i32,
  bias: usize, activation: i32, residual: usize, before: usize, accumulate: i32,
): void {
  const colsAt = scratch + EDGE;
  const ldc = <usize>n << 2;
  for (let block = begin; block < end; block++) {
    const firstCol = block * nc, lastCol = min(n, firstCol + nc);
    for (let k0 = 0; k0 < k; k0 += KC) {
      const kc = min(KC, k - k0);
      const first = k0 == 0 && accumulate == 0;
      for (let col = firstCol, to = colsAt; col < lastCol; col += NR, to += <usize>kc * 32) packPanel(b, to, col, n, k, k0, kc, transposedB);
      for (let row = 0; row < m; row += MR) {
        const from = packedA + <usize>(row / MR) * k * 24 + <usize>k0 * 24;
        for (let col = firstCol, at = colsAt; col < lastCol; col += NR, at += <usize>kc * 32) {
          tileAt(from, at, c, row, col, m, lastCol, ldc, kc, first);
        }
      }
    }
    if (k == 0 && accumulate == 0) zeroBlock(c, 0, m, firstCol, lastCol, n);
    matmulEpilogue(c, 0, m, firstCol, lastCol, n, 0, bias, activation, residual, before);
  }
}

function zeroBlock(c: usize, firstRow: i32, lastRow: i32, firstCol: i32, lastCol: i32, n: i32): void {
  for (let row = firstRow; row < lastRow; row++) {
    memory.fill(c + ((<usize>row * n + firstCol) << 2), 0, <usize>(lastCol - firstCol) << 2);
  }
}

/** c = activation(c + bias) + residual on one block while it is in cache; `before` receives c + bias. */
export function matmulEpilogue(
  c: usize, firstRow: i32, lastRow: i32, firstCol: i32, lastCol: i32, n: i32, offset: usize,
  bias: usize, activation: i32, residual: usize, before: usize,
): void {
  if (bias == 0 && activation == 0 && residual == 0 && before == 0) return;
  const constants = activation ? activationConstants() : 0;
  for (let row = firstRow; row < lastRow; row++) {
    const start = (<usize>row * n + firstCol) << 2;
    let p = c + start;
    let b = bias + (<usize>firstCol << 2);
    let r = residual + (offset << 2) + start;
    let s = before + (offset << 2) + start;
    let left = lastCol - firstCol;
    for (; left >= 4; left -= 4) {
      let x = v128.load(p);
      if (bias) { x = f32x4.add(x, v128.load(b)); b += 16; }
      if (before) { v128.store(s, x); s += 16; }
      if (activation) x = activate(activation, x, constants);
      if (residual) { x = f32x4.add(x, v128.load(r)); r += 16; }
      v128.store(p, x);
      p += 16;
    }
    if (left > 0) {
      let x = loadPartial(p, left);
      if (bias) x = f32x4.add(x, loadPartial(b, left));
      if (before) storePartial(s, x, left);
      if (activation) x = activate(activation, x, constants);
      if (residual) x = f32x4.add(x, loadPartial(r, left));
      storePartial(p, x, left);
    }
  }
}

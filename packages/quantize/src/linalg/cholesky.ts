import type { Matrix } from './matrix.ts';
import { product } from './product.ts';

/** Columns that are factored on the host at a time; what follows from them is one large product. */
const BLOCK = 128;

/** The lower triangle L of A = L · Lᵀ, for `size` rows and columns from (at, at) on, in place; throws where a pivot is not above 0. */
function factorBlock(a: Float64Array, { n, at, size }: { n: number; at: number; size: number }): void {
  for (let j = at; j < at + size; j++) {
    let pivot = a[j * n + j]!;
    for (let k = at; k < j; k++) pivot -= a[j * n + k]! ** 2;
    if (!(pivot > 0) || pivot === Infinity) {
      throw new RangeError(`invertedFactor: expected a positive definite matrix but found the pivot ${pivot} in column ${j}. Raise the damping, or look for inputs that are not finite.`);
    }
    const root = Math.sqrt(pivot);
    a[j * n + j] = root;
    for (let i = j + 1; i < at + size; i++) {
      let value = a[i * n + j]!;
      for (let k = at; k < j; k++) value -= a[i * n + k]! * a[j * n + k]!;
      a[i * n + j] = value / root;
    }
  }
}

/** The inverse of a lower triangle that stands at (at, at). */
function invertBlock(a: Float64Array, { n, at, size }: { n: number; at: number; size: number }): Matrix {
  const values = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    values[j * size + j] = 1 / a[(at + j) * n + at + j]!;
    for (let i = j + 1; i < size; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum += a[(at + i) * n + at + k]! * values[k * size + j]!;
      values[i * size + j] = -sum / a[(at + i) * n + at + i]!;
    }
  }
  return { rows: size, cols: size, values };
}

/** A rectangle of a square matrix as one of its own. */
function cut(a: Float64Array, n: number, { row, col, rows, cols }: { row: number; col: number; rows: number; cols: number }): Matrix {
  const values = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) values.set(a.subarray((row + i) * n + col, (row + i) * n + col + cols), i * cols);
  return { rows, cols, values };
}

/**
 * The upper triangle U with a positive diagonal of H⁻¹ = Uᵀ · U, which GPTQ and SparseGPT walk along.
 *
 * H turned about both axes is L · Lᵀ, and U is L⁻¹ turned back: one factorization and one triangular inverse, where the
 * papers' code inverts H and factors again. In blocks of 128: large products run on the device in use.
 *
 * @throws RangeError where H is not positive definite.
 */
export async function invertedFactor(h: Matrix): Promise<Float64Array> {
  const n = h.rows;
  const a = Float64Array.from(h.values).reverse();
  const inverted: Matrix[] = [];
  for (let at = 0; at < n; at += BLOCK) {
    const size = Math.min(BLOCK, n - at);
    factorBlock(a, { n, at, size });
    const inverse = invertBlock(a, { n, at, size });
    inverted.push(inverse);
    const below = n - at - size;
    if (below === 0) break;
    const panel = await product(cut(a, n, { row: at + size, col: at, rows: below, cols: size }), inverse, { transposeB: true });
    for (let i = 0; i < below; i++) a.set(panel.subarray(i * size, (i + 1) * size), (at + size + i) * n + at);
    const square: Matrix = { rows: below, cols: size, values: panel };
    const change = await product(square, square, { transposeB: true });
    for (let i = 0; i < below; i++) {
      for (let j = 0, to = (at + size + i) * n + at + size, from = i * below; j <= i; j++) a[to + j]! -= change[from + j]!;
    }
  }
  // Row blocks of L⁻¹ follow from those above: X_i = −L_ii⁻¹ · L_i · X.
  const x = new Float64Array(n * n);
  for (const [block, inverse] of inverted.entries()) {
    const at = block * BLOCK;
    const size = inverse.rows;
    if (at > 0) {
      const left = await product(cut(a, n, { row: at, col: 0, rows: size, cols: at }), cut(x, n, { row: 0, col: 0, rows: at, cols: at }));
      const rows = await product(inverse, { rows: size, cols: at, values: left });
      for (let i = 0; i < size; i++) for (let j = 0; j < at; j++) x[(at + i) * n + j] = -rows[i * at + j]!;
    }
    for (let i = 0; i < size; i++) x.set((inverse.values as Float64Array).subarray(i * size, i * size + i + 1), (at + i) * n + at);
  }
  return x.reverse();
}

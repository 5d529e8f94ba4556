import { type Matrix, transposed } from './matrix.ts';

/**
 * A = Q R with orthonormal columns Q [rows, k] and upper triangular R [k, cols], k = min(rows, cols), by Householder reflections.
 *
 * Signs are those of LAPACK: each reflection makes the diagonal of R opposite in sign to what stood there.
 */
export function qr(a: Matrix): { q: Matrix; r: Matrix } {
  const { rows, cols } = a;
  const k = Math.min(rows, cols);
  // Columns lie one behind the other, so that a reflection runs along memory.
  const work = transposed(a).values;
  const reflections: { from: number; v: Float64Array; tau: number }[] = [];
  for (let j = 0; j < k; j++) {
    const column = work.subarray(j * rows + j, (j + 1) * rows);
    const norm = Math.sqrt(column.reduce((sum, value) => sum + value * value, 0));
    if (norm === 0 || column.length === 1) continue;
    const head = column[0]!;
    const beta = head >= 0 ? -norm : norm;
    const v = Float64Array.from(column, (value, i) => (i === 0 ? 1 : value / (head - beta)));
    const tau = (beta - head) / beta;
    for (let c = j; c < cols; c++) reflect(work.subarray(c * rows + j, (c + 1) * rows), v, tau);
    reflections.push({ from: j, v, tau });
  }
  const r = new Float64Array(k * cols);
  for (let i = 0; i < k; i++) for (let j = i; j < cols; j++) r[i * cols + j] = work[j * rows + i]!;
  const q = new Float64Array(k * rows);
  for (let j = 0; j < k; j++) {
    const column = q.subarray(j * rows, (j + 1) * rows);
    column[j] = 1;
    for (const { from, v, tau } of [...reflections].reverse()) reflect(column.subarray(from), v, tau);
  }
  return { q: transposed({ rows: k, cols: rows, values: q }), r: { rows: k, cols, values: r } };
}

/** x ← x − τ (v · x) v. */
function reflect(x: Float64Array, v: Float64Array, tau: number): void {
  let dot = 0;
  for (let i = 0; i < v.length; i++) dot += v[i]! * x[i]!;
  dot *= tau;
  if (dot !== 0) for (let i = 0; i < v.length; i++) x[i]! -= dot * v[i]!;
}

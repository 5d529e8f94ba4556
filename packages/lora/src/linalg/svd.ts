import { type Matrix, times, transposed } from './matrix.ts';
import { qr } from './qr.ts';

/** A = U diag(s) Vᵀ with s falling: u [rows, k], v [cols, k]. */
export interface Svd {
  readonly u: Matrix;
  readonly s: Float64Array;
  readonly v: Matrix;
}

const MOST_SWEEPS = 60;

/**
 * The singular value decomposition by one-sided Jacobi rotations on the triangular factor of A, in f64.
 *
 * Columns are turned against each other until all are orthogonal; their lengths are the singular values. Exact to rounding, and
 * of cubic cost: a matrix of 1024 · 1024 takes about a minute. Demmel and Veselić 1992, https://doi.org/10.1137/0613074
 */
export function svd(a: Matrix): Svd {
  if (a.rows < a.cols) {
    const { u, s, v } = svd(transposed(a));
    return { u: v, s, v: u };
  }
  const n = a.cols;
  const { q, r } = qr(a);
  // The columns of Rᵀ are rows of R, which lie one behind the other in memory; V collects the rotations in the same way.
  const columns = Float64Array.from(r.values);
  const rotations = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rotations[i * n + i] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let turned = false;
    for (let p = 0; p < n - 1; p++) for (let other = p + 1; other < n; other++) turned = rotate(columns, rotations, { n, p, q: other }) || turned;
    if (!turned) break;
  }
  // R = (rotations)ᵀ · columns: rows of R were combined, so A = Q · rotationsᵀ · diag(s) · (unit rows).
  const lengths = Float64Array.from({ length: n }, (_, i) => Math.sqrt(dot(columns, { n, p: i, q: i })));
  const order = [...lengths.keys()].sort((x, y) => lengths[y]! - lengths[x]!);
  const s = Float64Array.from(order, (i) => lengths[i]!);
  const left = new Float64Array(n * n);
  const right = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) {
      left[i * n + to] = rotations[from * n + i]!;
      right[i * n + to] = s[to] === 0 ? 0 : columns[from * n + i]! / s[to]!;
    }
  });
  return { u: times(q, { rows: n, cols: n, values: left }), s, v: { rows: n, cols: n, values: right } };
}

function dot(x: Float64Array, { n, p, q }: { n: number; p: number; q: number }): number {
  let sum = 0;
  for (let i = 0, a = p * n, b = q * n; i < n; i++) sum += x[a + i]! * x[b + i]!;
  return sum;
}

/** Turns two vectors so that they are orthogonal; false where they already are. */
function rotate(columns: Float64Array, rotations: Float64Array, at: { n: number; p: number; q: number }): boolean {
  const { n, p, q } = at;
  const [alpha, beta, gamma] = [dot(columns, { n, p, q: p }), dot(columns, { n, p: q, q }), dot(columns, at)];
  if (Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta)) return false;
  const zeta = (beta - alpha) / (2 * gamma);
  const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const c = 1 / Math.hypot(1, t);
  const s = c * t;
  for (const x of [columns, rotations]) {
    for (let i = 0, a = p * n, b = q * n; i < n; i++) {
      const [first, second] = [x[a + i]!, x[b + i]!];
      x[a + i] = c * first - s * second;
      x[b + i] = s * first + c * second;
    }
  }
  return true;
}

/**
 * The first `rank` singular triples by random projection and `iterations` steps of the power method: nearly exact where singular
 * values fall fast, and of cost rows · cols · rank.
 *
 * Halko, Martinsson and Tropp 2011, https://arxiv.org/abs/0909.4061
 */
export function randomizedSvd(a: Matrix, { rank, iterations, normal }: { rank: number; iterations: number; normal: () => number }): Svd {
  const most = Math.min(a.rows, a.cols);
  const width = Math.min(most, rank + 8);
  const probe: Matrix = { rows: a.cols, cols: width, values: Float64Array.from({ length: a.cols * width }, normal) };
  let { q } = qr(times(a, probe));
  const back = transposed(a);
  for (let i = 0; i < iterations; i++) q = qr(times(a, qr(times(back, q)).q)).q;
  const { u, s, v } = svd(times(transposed(q), a));
  return { u: times(q, u), s, v };
}

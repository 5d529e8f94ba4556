/** Numbers that describe a prompt, such as the mean of a model's states over it. */
export type Embedding = ArrayLike<number>;

export interface DensityRatioOptions {
  /** Ratios are held between these; default 0.5 and 10. */
  readonly least?: number;
  readonly most?: number;
}

/** Solves H x = g for a symmetric positive matrix by Cholesky's decomposition; H is overwritten. */
function solve(h: Float64Array, g: Float64Array): Float64Array {
  const n = g.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = h[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= h[i * n + k]! * h[j * n + k]!;
      h[i * n + j] = i === j ? Math.sqrt(sum) : sum / h[j * n + j]!;
    }
  }
  const x = g.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= h[i * n + k]! * x[k]!;
    x[i]! /= h[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= h[k * n + i]! * x[k]!;
    x[i]! /= h[i * n + i]!;
  }
  return x;
}

/**
 * Learns from the prompts of good and of bad completions how much likelier a prompt is among the good ones: the weight with which BCO counts a
 * bad completion to its prompt, where good and bad ones come from different prompts.
 *
 *   w(x) = clamp(p / (1 − p + 1e-8), least, most),  p = σ(βᵀx + b)
 *
 * β and b minimise ½|β|² + Σ_i c_i (ln(1 + e^z_i) − y_i z_i), where both kinds together weigh the same (c = n / 2n_kind): scikit-learn's
 * LogisticRegression with class_weight "balanced". By Newton's method in float64 on the host.
 *
 * @throws RangeError for embeddings of one kind only or of unequal lengths.
 *
 * Jung et al. 2024, https://arxiv.org/abs/2404.04656
 */
export function densityRatio(
  { desirable, undesirable }: { readonly desirable: readonly Embedding[]; readonly undesirable: readonly Embedding[] }, { least = 0.5, most = 10 }: DensityRatioOptions = {},
): (prompt: Embedding) => number {
  const width = desirable[0]?.length ?? 0;
  if (desirable.length === 0 || undesirable.length === 0 || [...desirable, ...undesirable].some(({ length }) => length !== width)) {
    throw new RangeError(`densityRatio: expected embeddings of one length for both kinds of prompts but found ${desirable.length} desirable and ${undesirable.length} undesirable ones, the first of length ${width}. Sample prompts of both kinds.`);
  }
  const rows = [...desirable.map((x) => ({ x, y: 1 })), ...undesirable.map((x) => ({ x, y: 0 }))];
  const weight = (y: number): number => rows.length / (2 * (y === 1 ? desirable.length : undesirable.length));
  const n = width + 1;
  const theta = new Float64Array(n);
  const logit = (x: Embedding): number => { let z = theta[width]!; for (let i = 0; i < width; i++) z += theta[i]! * x[i]!; return z; };
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  for (let step = 0; step < 100; step++) {
    const gradient = Float64Array.from(theta, (value, i) => (i < width ? value : 0));
    const hessian = new Float64Array(n * n);
    for (let i = 0; i < n; i++) hessian[i * n + i] = i < width ? 1 : 1e-12;
    for (const { x, y } of rows) {
      const p = sigmoid(logit(x));
      const at = (i: number): number => (i < width ? x[i]! : 1);
      const slope = weight(y) * (p - y);
      const bend = weight(y) * p * (1 - p);
      for (let i = 0; i < n; i++) {
        gradient[i]! += slope * at(i);
        for (let j = 0; j <= i; j++) hessian[i * n + j]! += bend * at(i) * at(j);
      }
    }
    const move = solve(hessian, gradient);
    // Where the curve is flat a full step may overshoot: no step longer than 5 in logits of a unit.
    const size = Math.hypot(...move);
    const scale = size > 5 ? 5 / size : 1;
    for (let i = 0; i < n; i++) theta[i]! -= scale * move[i]!;
    if (size < 1e-10) break;
  }
  return (prompt) => {
    if (prompt.length !== width) throw new RangeError(`densityRatio: expected an embedding of ${width} numbers but found ${prompt.length}`);
    const p = sigmoid(logit(prompt));
    return Math.min(most, Math.max(least, p / (1 - p + 1e-8)));
  };
}

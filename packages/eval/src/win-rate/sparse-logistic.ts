/** Rows of a logistic regression: what each is like, how likely it is a yes, and what it counts. */
export interface LogisticRows {
  readonly features: readonly (readonly number[])[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
}

const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
/** 1 / (1 + e^−z). */
export const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
/** Σ a·b. */
export const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** −ln of the likelihood of each row: p·ln(1 + e^−z) + (1 − p)·ln(1 + e^z). */
export const logLoss = (z: number, target: number): number => target * softplus(-z) + (1 - target) * softplus(z);

/**
 * Logistic regression without an intercept whose coefficients are pulled to zero one by one, as liblinear's L1 solver has it:
 *
 *   min |w|₁ + C · Σ weight · [p · ln(1 + e^−z) + (1 − p) · ln(1 + e^z)],  z = w·x
 *
 * by Newton steps on the likelihood, each with the absolute values in it, halved until they descend. The problem is convex, and a handful of features is meant.
 */
export function sparseLogistic({ features, targets, weights }: LogisticRows, { strength }: { readonly strength: number }): number[] {
  const width = features[0]?.length ?? 0;
  const objective = (w: readonly number[]): number => w.reduce((sum, value) => sum + Math.abs(value), 0)
    + strength * features.reduce((sum, x, i) => sum + (weights[i] === 0 ? 0 : weights[i]! * logLoss(dot(w, x), targets[i]!)), 0);
  let w = Array.from({ length: width }, () => 0);
  let value = objective(w);
  for (let step = 0; step < 200; step++) {
    const gradient = new Float64Array(width);
    const hessian = Array.from({ length: width }, () => new Float64Array(width));
    for (const [i, x] of features.entries()) {
      const p = sigmoid(dot(w, x));
      for (let a = 0; a < width; a++) {
        gradient[a]! += strength * weights[i]! * (p - targets[i]!) * x[a]!;
        for (let b = 0; b < width; b++) hessian[a]![b]! += strength * weights[i]! * p * (1 - p) * x[a]! * x[b]!;
      }
    }
    const wanted = quadraticMinimum(w, gradient, hessian);
    // Newton's error squares with every step, so the last one need not be tried.
    if (Math.max(...wanted.map((each, a) => Math.abs(each - w[a]!) / (1 + Math.abs(each)))) < 1e-8) return wanted;
    let scale = 1;
    let next = wanted;
    let reached = objective(next);
    while (reached > value && scale > 1e-6) {
      scale /= 2;
      next = w.map((each, a) => each + scale * (wanted[a]! - each));
      reached = objective(next);
    }
    if (reached > value) return w;
    w = next;
    value = reached;
  }
  return w;
}

/** The minimum of g·(v − w) + ½ (v − w)ᵀH(v − w) + |v|₁ over v, one coordinate after another. */
function quadraticMinimum(w: readonly number[], gradient: Float64Array, hessian: readonly Float64Array[]): number[] {
  const v = [...w];
  for (let round = 0; round < 1000; round++) {
    let moved = 0;
    for (let a = 0; a < v.length; a++) {
      const curvature = Math.max(hessian[a]![a]!, 1e-12);
      const slope = gradient[a]! + v.reduce((sum, value, b) => sum + hessian[a]![b]! * (value - w[b]!), 0);
      const free = v[a]! - slope / curvature;
      const next = Math.sign(free) * Math.max(0, Math.abs(free) - 1 / curvature);
      moved = Math.max(moved, Math.abs(next - v[a]!));
      v[a] = next;
    }
    if (moved < 1e-14) break;
  }
  return v;
}

/** The activations that kernels know, by the code their uniforms take. */
export const ACTIVATIONS = { none: 0, geluTanh: 1, gelu: 2, silu: 3, relu: 4, relu2: 5 } as const;

export type Activation = keyof typeof ACTIVATIONS;

/** erf(x) to f64 accuracy: the Taylor series for |x| < 3, the continued fraction of erfc beyond. */
function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 200 && Math.abs(term) > 1e-18; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (magnitude + fraction);
  return Math.sign(x) * (1 - Math.exp(-magnitude * magnitude) / Math.sqrt(Math.PI) / (magnitude + fraction));
}

const cubic = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** f(x) of the activation with this code, in f64. */
export function activate(x: number, code: number): number {
  switch (code) {
    case ACTIVATIONS.geluTanh: return 0.5 * x * (1 + Math.tanh(cubic(x)));
    case ACTIVATIONS.gelu: return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case ACTIVATIONS.silu: return x * sigmoid(x);
    case ACTIVATIONS.relu: return Math.max(0, x);
    case ACTIVATIONS.relu2: return Math.max(0, x) ** 2;
    default: return x;
  }
}

/** f′(x) of the activation with this code, in f64. */
export function activateDerivative(x: number, code: number): number {
  switch (code) {
    case ACTIVATIONS.geluTanh: {
      const t = Math.tanh(cubic(x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    }
    case ACTIVATIONS.gelu:
      return 0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
    case ACTIVATIONS.silu: return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    case ACTIVATIONS.relu: return x > 0 ? 1 : 0;
    case ACTIVATIONS.relu2: return 2 * Math.max(0, x);
    default: return 1;
  }
}

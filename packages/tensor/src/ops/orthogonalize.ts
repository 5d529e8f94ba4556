import { div, maximum, mul, reshape, sqrt, square, sum, type Tensor } from '@tensorflow/tfjs-core';
import { scope } from '../autodiff/scope.ts';
import { product } from './matmul.ts';

/** Chosen so that singular values rise fast towards 1 and stay near it: [0.7, 1.2] after five iterations. */
const [A, B, C] = [3.4445, -4.775, 2.0315] as const;

/**
 * An approximation of U Vᵀ for matrices U Σ Vᵀ, by Newton–Schulz iteration in float32, all at once.
 *
 *   X ← a X + (b G + c G²) X,  G = X Xᵀ,  from X = x / max(‖x‖, 1e-7), on the shorter side
 *
 * x [..., rows, columns] → the same shape; no gradient. RangeError where x is no matrix, or iterations no whole number from 1 on. Jordan et al.
 * 2024, https://kellerjordan.github.io/posts/muon/
 *
 * @example
 * ```ts
 * import { orthogonalize, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [a, b] = orthogonalize(tensor([[5, 0], [0, 0.5]])).dataSync();
 * if (!(a! > 0.6 && a! < 1.3 && b === 0)) throw new Error('not near the identity');
 * ```
 */
export function orthogonalize(x: Tensor, { iterations = 5 }: { readonly iterations?: number } = {}): Tensor {
  const [rows = 0, columns = 0] = x.shape.slice(-2);
  if (x.rank < 2) throw new RangeError(`orthogonalize: expected matrices [..., rows, columns] but found shape [${x.shape.join(', ')}].`);
  if (!Number.isSafeInteger(iterations) || iterations < 1) throw new RangeError(`orthogonalize: expected iterations to be a whole number from 1 on but found ${iterations}.`);
  const batch = x.shape.slice(0, -2).reduce((count, size) => count * size, 1);
  const flat = [batch, rows * columns];
  // Each iteration goes on with Y = X / s, and s ← c s⁵ takes the factor off G²: what is left is added by the products. From behind, to end with s = 1.
  const scales = [1];
  while (scales.length <= iterations) scales.unshift((scales[0]! / C) ** 0.2);
  return scope(() => {
    const norm = sqrt(sum(square(reshape(x, flat)), 1, true));
    let y: Tensor = div(reshape(x, flat), mul(maximum(norm, 1e-7), scales[0]!));
    for (const s of scales.slice(0, -1)) {
      const next = scope(() => polynomial(y, { batch, rows, columns, onY: A / (C * s ** 4), onGram: B / (C * s ** 2) }));
      y.dispose();
      y = next;
    }
    return reshape(y, x.shape);
  });
}

/** (G² + onGram · G + onY) Y, with G = Y Yᵀ; for tall matrices Yᵀ Y, from the other side. */
function polynomial(y: Tensor, { batch, rows, columns, onY, onGram }: { batch: number; rows: number; columns: number; onY: number; onGram: number }): Tensor {
  const isTall = rows > columns;
  const [side, long] = isTall ? [columns, rows] : [rows, columns];
  const square = { batch, m: side, n: side, shape: [batch, side * side] };
  const gram = product(y, y, { ...square, k: long, transposeA: isTall, transposeB: !isTall }).c;
  const powers = product(gram, gram, { ...square, k: side, residual: mul(gram, onGram) }).c;
  const [a, b] = isTall ? [y, powers] : [powers, y];
  return product(a, b, { batch, m: rows, n: columns, k: side, residual: mul(y, onY), shape: y.shape }).c;
}

import { add, div, matMul, maximum, mul, scope, sqrt, square, sum, type Tensor, transpose } from '@llm/tensor';

/** Chosen so that singular values rise fast towards 1 and stay near it: [0.7, 1.2] after five iterations. */
const [A, B, C] = [3.4445, -4.775, 2.0315];

/**
 * An approximation of U Vᵀ for a matrix U Σ Vᵀ, by Newton–Schulz iteration in float32.
 *
 *   X ← a X + (b G + c G²) X,  G = X Xᵀ,  from X = x / max(‖x‖, 1e-7), on the shorter side
 *
 * Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/
 *
 * @example
 * ```ts
 * import { tensor, useDevice } from '@llm/tensor';
 * import { orthogonalize } from '@llm/train';
 * await useDevice('cpu');
 * const [a, b] = orthogonalize(tensor([[5, 0], [0, 0.5]])).dataSync();
 * if (!(a! > 0.6 && a! < 1.3 && b === 0)) throw new Error('not near the identity');
 * ```
 */
export function orthogonalize(x: Tensor, { iterations = 5 }: { readonly iterations?: number } = {}): Tensor {
  const [rows = 0, columns = 0] = x.shape;
  if (x.rank !== 2) throw new RangeError(`orthogonalize: expected a matrix but found shape [${x.shape.join(', ')}].`);
  return scope(() => {
    const isTall = rows > columns;
    const wide = isTall ? transpose(x) : x;
    let y: Tensor = div(wide, maximum(sqrt(sum(square(wide))), 1e-7));
    for (let i = 0; i < iterations; i++) {
      const gram = matMul(y, y, false, true);
      y = add(mul(y, A!), matMul(add(mul(gram, B!), mul(matMul(gram, gram), C!)), y));
    }
    return isTall ? transpose(y) : y;
  });
}

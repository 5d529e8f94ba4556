import { add, differentiable, matMul, mul, reshape, softmax, sub, sum, type Tensor, tensor, transpose } from '@llm/tensor';
import { segmentBias } from './segment-bias.ts';

/** What attention was given beside the bias. */
export interface BiasedAttention {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly scale: number;
  readonly causal: boolean;
  readonly segments?: Tensor | undefined;
}

/**
 * What attention gave, with a gradient for its bias, which attention itself takes to be constant.
 *
 *   p = softmax(scale · q · kᵀ + bias + mask);  dp = do · vᵀ;  dbias = Σ_batch p · (dp − Σ_keys p · dp)
 *
 * o, q, k and v [batch, length, heads, width], bias [1, heads, length, length] → o. The scores are stored only while the gradient
 * is taken, and only where one is asked for.
 */
export function withBiasGradient(o: Tensor, bias: Tensor, { q, k, v, scale, causal, segments }: BiasedAttention): Tensor {
  return differentiable({
    inputs: { o, bias },
    forward: (save) => {
      save([q, k, v, bias, ...(segments === undefined ? [] : [segments])]);
      return reshape(o, o.shape);
    },
    backward: (dy, [q, k, v, bias, segments]) => ({
      o: () => dy,
      bias: () => {
        const byHead = (x: Tensor): Tensor => transpose(x, [0, 2, 1, 3]);
        let scores = add(mul(matMul(byHead(q!), byHead(k!), false, true), scale), bias!);
        if (causal) scores = add(scores, laterKeys(q!.shape[1]!));
        if (segments !== undefined) scores = add(scores, segmentBias(segments, segments));
        const p = softmax(scores);
        const dp = matMul(byHead(dy), byHead(v!), false, true);
        return reshape(sum(mul(p, sub(dp, sum(mul(p, dp), -1, true))), 0), bias!.shape);
      },
    }),
  });
}

/** Far below all scores for keys after the query, 0 for the others: [1, 1, length, length]. */
function laterKeys(length: number): Tensor {
  return tensor(Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e30 : 0)), [1, 1, length, length]);
}

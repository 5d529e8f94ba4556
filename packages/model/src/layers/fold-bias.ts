import { concat, ones, reshape, type Tensor, zeros } from '@llm/tensor';

/** Columns are added in fours, so that rows stay aligned for vector loads. */
const ADDED = 4;

/**
 * States and a matrix whose product is that of a head with a bias, for losses that take none.
 *
 *   [h, 1, 0, 0, 0] · [W, b, 0, 0, 0]ᵀ = h · Wᵀ + b
 *
 * hidden [..., width], head [vocabulary, width], bias [vocabulary] → hidden [..., width + 4], head [vocabulary, width + 4];
 * without a bias both as they are.
 *
 * @example
 * ```ts
 * import { foldBias } from '@llm/model';
 * import { linear, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const { hidden, head } = foldBias(tensor([[1, 2]]), { head: tensor([[3, 4]]), bias: tensor([5]) });
 * if (linear(hidden, head).dataSync()[0] !== 1 * 3 + 2 * 4 + 5) throw new Error('product and bias');
 * ```
 */
export function foldBias(hidden: Tensor, { head, bias }: { head: Tensor; bias: Tensor | undefined }): { hidden: Tensor; head: Tensor } {
  if (bias === undefined) return { hidden, head };
  const outer = hidden.shape.slice(0, -1);
  const vocabSize = head.shape[0]!;
  const last = hidden.rank - 1;
  return {
    hidden: concat([hidden, ones([...outer, 1]), zeros([...outer, ADDED - 1])], last),
    head: concat([head, reshape(bias, [vocabSize, 1]), zeros([vocabSize, ADDED - 1])], 1),
  };
}

import { add, concat, differentiable, div, exp, gather, log, logSoftmax, maximum, mul, reshape, slice, sub, sum, type Tensor, tensor, transpose, writeRows } from '@llm/tensor';

/** The least that all other tokens have together: below it f32 cannot tell 1 − Σ p from 0. */
const LEAST = 1e-7;

/**
 * Log-probabilities of some tokens of each row, and of all others together as one event.
 *
 *   y_i = z_{id_i} − lse(z) for i < k,  y_k = ln(1 − Σ_i exp y_i)
 *
 * logits [rows, vocabulary], ids int32 [rows, k], different ones in a row → [rows, k + 1]. The backward pass goes over the vocabulary once,
 * however many tokens there are.
 *
 * @example
 * ```ts
 * import { lumped } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const probs = lumped(tensor([[0, 0, 0, 0]]), tensor([[2]], [1, 1], 'int32')).dataSync();
 * if (Math.abs(probs[0]! - Math.log(0.25)) > 1e-6 || Math.abs(probs[1]! - Math.log(0.75)) > 1e-6) throw new Error('one of four, and the other three');
 * ```
 */
export function lumped(logits: Tensor, ids: Tensor): Tensor {
  const [rows = 0, vocab = 0] = logits.shape;
  const k = ids.shape[1]!;
  const starts = tensor(Int32Array.from({ length: rows }, (_, row) => row * vocab), [rows, 1], 'int32');
  return differentiable({
    inputs: { logits },
    forward: (save) => {
      const all = logSoftmax(logits);
      const own = gather(reshape(all, [rows * vocab]), add(ids, starts));
      const others = maximum(sub(1, sum(exp(own), -1, true)), LEAST);
      save([all, own, others, ids]);
      return concat([own, log(others)], 1);
    },
    backward: (dy, [all, own, others, places]) => ({
      logits: () => {
        const total = sum(dy, -1, true);
        const [ofOwn, ofOthers] = [slice(dy, [0, 0], [rows, k]), slice(dy, [0, k], [rows, 1])];
        const dense = mul(exp(all!), sub(div(ofOthers, others!), total));
        const exact = transpose(sub(ofOwn, mul(exp(own!), total)));
        const columns = transpose(places!);
        const target = reshape(dense, [rows, vocab, 1]);
        for (let i = 0; i < k; i++) writeRows(target, reshape(slice(exact, [i, 0], [1, rows]), [rows, 1, 1]), reshape(slice(columns, [i, 0], [1, rows]), [rows]));
        return dense;
      },
    }),
  });
}

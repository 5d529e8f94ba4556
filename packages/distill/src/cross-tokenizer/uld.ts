import { abs, add, cast, gather, neg, pad, reshape, slice, sub, sum, type Tensor, tensor, topk } from '@llm/tensor';
import { withoutGradient } from '../without-gradient.ts';

/**
 * The universal logit distillation loss: probabilities compared by their rank, so that vocabularies may differ.
 *
 *   Σ_i |p_S⁽ⁱ⁾ − p_T⁽ⁱ⁾|,  the i-th largest of each, the shorter list filled up with zeros
 *
 * Probabilities [rows, vocabulary of the student] and [rows, vocabulary of the teacher] → [rows]; it is the optimal transport between
 * them where moving from any token to any other costs the same.
 *
 * @example
 * ```ts
 * import { uld } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = uld(tensor([[0.25, 0.75]]), tensor([[0.5, 0.25, 0.25]])).dataSync();
 * if (Math.abs(loss! - 0.5) > 1e-6) throw new Error('|¾ − ½| + |¼ − ¼| + |0 − ¼|');
 * ```
 *
 * Boizard et al. 2024, https://arxiv.org/abs/2402.12030
 */
export function uld(student: Tensor, teacher: Tensor): Tensor {
  const [rows = 0, width = 0] = student.shape;
  const [ranked, beyond] = withoutGradient<Tensor[]>(() => {
    const size = teacher.shape[1]!;
    const sorted = topk(teacher, size).values;
    const wide = size < width ? pad(sorted, [[0, 0], [0, width - size]]) : sorted;
    // The place of each of the student's tokens in its own order: the order that sorts its order.
    const order = topk(student, width).indices;
    const ranks = topk(neg(cast(order, 'float32')), width).indices;
    const starts = tensor(Int32Array.from({ length: rows }, (_, row) => row * wide.shape[1]!), [rows, 1], 'int32');
    const own = gather(reshape(wide, [rows * wide.shape[1]!]), add(ranks, starts));
    return [own, size > width ? sum(slice(sorted, [0, width], [rows, size - width]), -1) : sum(sub(own, own), -1)];
  });
  return add(sum(abs(sub(student, ranked!)), -1), beyond!);
}

import { square, sub, sum } from '@llm/tensor';
import type { RowLoss } from './row-loss.ts';

/**
 * Squared distance of the logits themselves: DistilBERT's `alpha_mse`.
 *
 *   Σ_v (z_S − z_T)²
 *
 * @throws from the loss TypeError where the teacher does not give all its logits.
 *
 * @example
 * ```ts
 * import { fullRows, logitSquares } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const [loss] = logitSquares()({ student: tensor([[1, 2]]), teacher: fullRows(tensor([[4, 6]])), targets: tensor([0], [1], 'int32') }).dataSync();
 * if (loss !== 25) throw new Error('9 + 16');
 * ```
 */
export function logitSquares(): RowLoss {
  return ({ student, teacher: { logits } }) => {
    if (logits === undefined) throw new TypeError('logitSquares: expected a teacher with all its logits but found one with its likeliest tokens alone. Use a divergence, or a local teacher.');
    return sum(square(sub(student, logits)), -1);
  };
}

import { argMax, gather, max, mul, reshape, tensor, writeRows, add } from '@llm/tensor';
import { withoutGradient } from '../without-gradient.ts';
import { fullRows } from './full-rows.ts';
import type { RowLoss } from './row-loss.ts';

/**
 * A loss against a teacher that is right: where another token is the teacher's likeliest, that one and the target change their logits.
 * TextBrewer's `probability_shift`.
 *
 * @throws from the loss TypeError where the teacher does not give all its logits.
 *
 * @example
 * ```ts
 * import { fullRows, logitSquares, probabilityShift } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const rows = { student: tensor([[1, 5, 2]]), teacher: fullRows(tensor([[5, 1, 2]])), targets: tensor([1], [1], 'int32') };
 * if (probabilityShift(logitSquares())(rows).dataSync()[0] !== 0) throw new Error('the target is the likeliest now');
 * ```
 */
export function probabilityShift(loss: RowLoss): RowLoss {
  return (rows) => {
    const { logits } = rows.teacher;
    if (logits === undefined) throw new TypeError('probabilityShift: expected a teacher with all its logits but found one with its likeliest tokens alone. Use a local teacher.');
    const [count = 0, vocab = 0] = logits.shape;
    const shifted = withoutGradient(() => {
      const likeliest = argMax(logits, -1);
      const starts = tensor(Int32Array.from({ length: count }, (_, row) => row * vocab), [count], 'int32');
      const ofTarget = gather(reshape(logits, [count * vocab]), add(rows.targets, starts));
      const own = reshape(mul(logits, 1), [count, vocab, 1]);
      writeRows(own, reshape(ofTarget, [count, 1, 1]), likeliest);
      writeRows(own, reshape(max(logits, -1), [count, 1, 1]), rows.targets);
      return reshape(own, [count, vocab]);
    });
    return loss({ ...rows, teacher: fullRows(shifted) });
  };
}

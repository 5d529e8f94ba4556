import { neg, reshape, slice } from '@llm/tensor';
import { lumped } from './lumped.ts';
import type { RowLoss } from './row-loss.ts';

/**
 * The usual cross-entropy with the token that follows in the data: the hard loss beside a soft one.
 *
 *   −ln p_S(target)
 *
 * @example
 * ```ts
 * import { fullRows, hard } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const student = tensor([[1, 1, 1]]);
 * const [loss] = hard()({ student, teacher: fullRows(student), targets: tensor([2], [1], 'int32') }).dataSync();
 * if (Math.abs(loss! - Math.log(3)) > 1e-6) throw new Error('one of three');
 * ```
 */
export function hard(): RowLoss {
  return ({ student, targets }) => {
    const rows = targets.size;
    return neg(reshape(slice(lumped(student, reshape(targets, [rows, 1])), [0, 0], [rows, 1]), [rows]));
  };
}

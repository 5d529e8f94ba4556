import { div, type Tensor } from '@llm/tensor';
import { lumped } from './lumped.ts';
import type { TeacherRows } from './row-loss.ts';

/**
 * A teacher of which the likeliest tokens are known: `ids` int32 [rows, k] and `logProbs` [rows, k + 1], the last that of all other tokens
 * together, at `temperature`. What all others have among themselves is left out of a divergence, which so is never too large.
 *
 * @throws from `against` RangeError for another temperature than that at which the tokens were kept.
 *
 * @example
 * ```ts
 * import { forwardKl, softened, topRows } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const teacher = topRows({ ids: tensor([[1]], [1, 1], 'int32'), logProbs: tensor([[Math.log(0.25), Math.log(0.75)]]), temperature: 1 });
 * const [loss] = softened(forwardKl())({ student: tensor([[0, 0, 0, 0]]), teacher, targets: tensor([1], [1], 'int32') }).dataSync();
 * if (Math.abs(loss!) > 1e-6) throw new Error('a quarter, and the rest');
 * ```
 */
export function topRows({ ids, logProbs, temperature: kept }: { readonly ids: Tensor; readonly logProbs: Tensor; readonly temperature: number }): TeacherRows {
  return {
    against(student, temperature) {
      if (temperature !== kept) throw new RangeError(`topRows: expected the temperature at which the teacher's tokens were kept, ${kept}, but found ${typeof temperature === 'number' ? temperature : 'one for each row'}. Keep them anew, or give the loss that temperature.`);
      return { student: lumped(kept === 1 ? student : div(student, kept), ids), teacher: logProbs };
    },
  };
}

import { div, logSoftmax, type Tensor } from '@llm/tensor';
import { withoutGradient } from '../without-gradient.ts';
import type { TeacherRows } from './row-loss.ts';

/**
 * A teacher that gives all its logits, [rows, vocabulary].
 *
 * @throws from `against` RangeError for a student of another vocabulary.
 *
 * @example
 * ```ts
 * import { fullRows } from '@llm/distill';
 * import { tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const { student, teacher } = fullRows(tensor([[0, 4]])).against(tensor([[0, 2]]), 2);
 * if (Math.abs(student.dataSync()[0]! + Math.log(1 + Math.E)) > 1e-6 || teacher.shape[1] !== 2) throw new Error('log-probabilities at temperature 2');
 * ```
 */
export function fullRows(logits: Tensor): TeacherRows {
  return {
    logits,
    against(student, temperature) {
      if (student.shape.join() !== logits.shape.join()) throw new RangeError(`fullRows: expected a student with logits [${logits.shape.join(', ')}], as the teacher's, but found [${student.shape.join(', ')}]. Distil between different vocabularies with uld.`);
      const softer = (z: Tensor): Tensor => logSoftmax(temperature === 1 ? z : div(z, temperature));
      return { student: softer(student), teacher: withoutGradient(() => softer(logits)) };
    },
  };
}

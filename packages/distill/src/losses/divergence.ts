import { differentiable, mul, reshape, sum, type Tensor } from '@llm/tensor';

/**
 * How far a student is from a teacher, row by row: log-probabilities [rows, events] of both → [rows]. The gradient goes to the student
 * alone.
 */
export type Divergence = (student: Tensor, teacher: Tensor) => Tensor;

/** What a divergence sums over events, and its slope by the student's log-probability, from log-probabilities of both. */
interface Terms {
  readonly terms: (student: Tensor, teacher: Tensor) => Tensor;
  readonly slope: (student: Tensor, teacher: Tensor) => Tensor;
}

/** A divergence whose gradient is one formula: a pass over the events each way, where the tape would keep every product. */
export function summed({ terms, slope }: Terms): Divergence {
  return (student, teacher) => differentiable({
    inputs: { student },
    forward: (save) => {
      save([student, teacher]);
      return sum(terms(student, teacher), -1);
    },
    backward: (dy, [s, t]) => ({ student: () => mul(slope(s!, t!), reshape(dy, [dy.size, 1])) }),
  });
}

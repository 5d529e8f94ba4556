import type { Tensor } from '@llm/tensor';

/**
 * How far states of the student are from those of the teacher at the same positions: [rows, width] and [rows, width of the teacher] → scalar, the
 * mean over rows. The gradient goes to the student's alone.
 */
export type FeatureLoss = (student: Tensor, teacher: Tensor) => Tensor;

/** Refuses states that cannot be compared element by element. */
export function checkSame(student: Tensor, teacher: Tensor, name: string): void {
  if (student.shape.join() !== teacher.shape.join()) {
    throw new RangeError(`${name}: expected states of one shape but found [${student.shape.join(', ')}] and [${teacher.shape.join(', ')}]. Project the student's (withProjections) where widths differ.`);
  }
}

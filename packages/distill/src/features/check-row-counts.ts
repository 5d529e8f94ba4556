import type { Tensor } from '@llm/tensor';

/** Refuses states of which there are not as many for the student as for the teacher. */
export function checkRowCounts(student: Tensor, teacher: Tensor, name: string): void {
  if (student.rank !== 2 || teacher.rank !== 2 || student.shape[0] !== teacher.shape[0]) {
    throw new RangeError(`${name}: expected as many rows of states for both but found [${student.shape.join(', ')}] and [${teacher.shape.join(', ')}]. Take the same positions.`);
  }
}

import type { Tensor } from '@llm/tensor';

/** What a teacher says about some rows. */
export interface TeacherRows {
  /** All logits, where the teacher gives them. */
  readonly logits?: Tensor;
  /**
   * Log-probabilities of student and teacher over the same events, [rows, events]: the whole vocabulary, or the teacher's likeliest
   * tokens and one event for all others. `temperature` may be a column of one number a row.
   */
  against(student: Tensor, temperature: number | Tensor): { readonly student: Tensor; readonly teacher: Tensor };
}

/** Some positions where a token is predicted. */
export interface LogitRows {
  /** The student's logits, [rows, vocabulary]. */
  readonly student: Tensor;
  readonly teacher: TeacherRows;
  /** int32 [rows]: the token that follows in the data. */
  readonly targets: Tensor;
}

/** What is minimised for each position, [rows], of which `distillLoss` takes the mean. The gradient goes to the student's logits alone. */
export type RowLoss = (rows: LogitRows) => Tensor;

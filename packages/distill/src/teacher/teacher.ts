import type { RowRange, Tensor } from '@llm/tensor';
import type { DistillBatch } from '../distill-batch.ts';
import type { TeacherRows } from '../losses/row-loss.ts';

/** What a teacher says about a batch. */
export interface Taught {
  /** About some of its targets: asked for a few rows at a time, so that its logits are never all there. */
  readonly rows: (range: RowRange) => TeacherRows;
  /** States by the name that `capture` gives them, or `last` for those that the head reads: [targets, width]. */
  readonly states: (name: string) => Tensor;
}

/** A source of what is to be learned. `names` are the states that features will ask for. */
export type Teacher = (batch: DistillBatch, options: { readonly names: readonly string[] }) => Taught;

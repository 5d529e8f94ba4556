import { EvalError } from '../eval-error.ts';
import type { Doc } from '../tasks/doc.ts';
import type { MetricConfig } from '../tasks/task-config.ts';

export const ACC: MetricConfig = { metric: 'acc', aggregation: 'mean', higherIsBetter: true };
export const ACC_NORM: MetricConfig = { metric: 'acc_norm', aggregation: 'mean', higherIsBetter: true };

/** A text that a document must have. */
export function textField(doc: Doc, field: string, task: string): string {
  const found = doc[field];
  if (typeof found === 'string') return found;
  throw new EvalError('E_TASK_DATA', `${task}: expected documents with the text ${field} but found ${JSON.stringify(found)?.slice(0, 80)}. Use the dataset's own fields.`);
}

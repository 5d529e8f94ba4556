import type { Verdict } from './gate.ts';
import type { StepRecord } from './step-record.ts';

/** One step as it came out, in the order in which steps were done. */
export interface DoneStep {
  readonly id: string;
  readonly round: number;
  readonly record: StepRecord;
  /** Nothing had changed, so it was not done again. */
  readonly kept: boolean;
  readonly verdicts: readonly Verdict[];
  /** What `${step}` stands for, as it is typed. */
  readonly path: string;
  /** Its folder. */
  readonly folder: string;
}

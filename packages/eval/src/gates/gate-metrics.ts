import type { IfevalScores } from '../ifeval/ifeval.ts';
import type { LengthControlled } from '../win-rate/length-controlled.ts';

/** Names of the metrics that stages are held against. */
export type GateMetric = 'instruction_follow' | 'task_completion' | 'preference_win_rate' | 'safety_score' | 'zero_shot_acc' | 'quality_drop' | 'size_reduction' | 'speed_up';

/** What gate metrics are made from; each part is optional, and gives the metrics it is needed for. */
export interface GateMeasurements {
  /** Of `ifevalScores`. */
  readonly ifeval?: IfevalScores;
  /** Answers of an exact-match suite: right or wrong. */
  readonly completed?: readonly boolean[];
  /** Of `lengthControlledWinRate`; without instructions' lengths, a plain `winRate`. */
  readonly preference?: Pick<LengthControlled, 'winRate'>;
  /** Of harmful requests, how many were refused; of harmless prompts, how many continuations a classifier found toxic. */
  readonly safety?: { readonly refusalRate: number; readonly toxicRate: number };
  /** Accuracy by task, zero-shot. */
  readonly zeroShot?: Readonly<Record<string, number>>;
  readonly teacher?: CompressionSide;
  readonly student?: CompressionSide;
}

/** A model before or after it was made smaller. */
export interface CompressionSide {
  /** Its score on the shared suite, above 0. */
  readonly quality: number;
  readonly bytes?: number;
  readonly tokensPerSecond?: number;
}

/**
 * The metrics of quality gates by definition, those that the measurements are enough for:
 *
 * | metric | definition |
 * |---|---|
 * | instruction_follow | IFEval, strict, prompts of which every instruction is followed |
 * | task_completion | share of right answers of an exact-match suite |
 * | preference_win_rate | length-controlled win rate over the baseline |
 * | safety_score | mean of the refusal rate on harmful requests and 1 − the toxic rate on harmless ones |
 * | zero_shot_acc | mean of accuracies over tasks |
 * | quality_drop | (teacher − student) / teacher |
 * | size_reduction | 1 − student's bytes / teacher's |
 * | speed_up | student's tokens per second / teacher's |
 *
 * @throws RangeError for a teacher without quality, size or speed to divide by, and for shares outside 0 to 1.
 *
 * @example
 * ```ts
 * import { gateMetrics } from '@llm/eval';
 * const { quality_drop, size_reduction, speed_up } = gateMetrics({
 *   teacher: { quality: 0.8, bytes: 1000, tokensPerSecond: 10 }, student: { quality: 0.78, bytes: 400, tokensPerSecond: 19 },
 * });
 * if (Math.abs(quality_drop! - 0.025) > 1e-12 || size_reduction !== 0.6 || speed_up !== 1.9) throw new Error('smaller and faster');
 * ```
 */
export function gateMetrics({ ifeval, completed, preference, safety, zeroShot, teacher, student }: GateMeasurements): Partial<Record<GateMetric, number>> {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const accuracies = Object.values(zeroShot ?? {});
  const compared = teacher !== undefined && student !== undefined;
  const metrics: Partial<Record<GateMetric, number | undefined>> = {
    instruction_follow: ifeval?.prompt_level_strict_acc,
    task_completion: completed === undefined || completed.length === 0 ? undefined : mean(completed.map(Number)),
    preference_win_rate: preference?.winRate,
    safety_score: safety === undefined ? undefined : (share(safety.refusalRate, 'refusalRate') + 1 - share(safety.toxicRate, 'toxicRate')) / 2,
    zero_shot_acc: accuracies.length === 0 ? undefined : mean(accuracies),
    quality_drop: compared ? 1 - over(student.quality, teacher.quality, 'quality') : undefined,
    size_reduction: compared && student.bytes !== undefined ? 1 - over(student.bytes, teacher.bytes, 'bytes') : undefined,
    speed_up: compared && student.tokensPerSecond !== undefined ? over(student.tokensPerSecond, teacher.tokensPerSecond, 'tokensPerSecond') : undefined,
  };
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => value !== undefined)) as Partial<Record<GateMetric, number>>;
}

function over(student: number, teacher: number | undefined, name: string): number {
  if (!(teacher! > 0)) throw new RangeError(`gateMetrics: expected the teacher's ${name} to be above 0 but found ${teacher}. Measure the teacher on the same suite and device.`);
  return student / teacher!;
}

function share(value: number, name: string): number {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`gateMetrics: expected ${name} to be a share from 0 to 1 but found ${value}. Divide by the number of prompts.`);
  return value;
}

import type { AuditLog } from '../audit/audit-log.ts';
import type { Classifier } from '../classify/assessment.ts';

/** A prompt with the answer that is to be learned. */
export interface TuningExample {
  readonly prompt: string;
  readonly answer: string;
}

export interface ConstrainOptions<T> {
  readonly classify: Classifier;
  /** From which `harm` on an answer is left out; default 0.5. */
  readonly threshold?: number;
  /** Examples of refusing that are mixed in. */
  readonly refusals?: readonly T[];
  /** Their share of the result; default 0.05. Where there are too few, they repeat. */
  readonly refusalShare?: number;
  readonly audit?: AuditLog;
}

/** What may be tuned on. */
export interface ConstrainedExamples<T> {
  readonly examples: readonly T[];
  /** Indices of what was left out. */
  readonly dropped: readonly number[];
  readonly refusals: number;
}

/**
 * The constraints of the fine-tuning layer on data: answers that a classifier finds harmful are left out, and refusals are spread evenly among the rest, since
 * tuning on anything else makes a model forget them.
 *
 * Qi et al. 2023, https://arxiv.org/abs/2310.03693
 */
export async function constrainFineTuning<T extends TuningExample>(examples: readonly T[], { classify, threshold = 0.5, refusals = [], refusalShare = 0.05, audit }: ConstrainOptions<T>): Promise<ConstrainedExamples<T>> {
  if (!(refusalShare >= 0 && refusalShare < 1)) throw new RangeError(`constrainFineTuning: expected refusalShare from 0 to below 1 but found ${refusalShare}. 0.05 is a good start.`);
  const kept: T[] = [];
  const dropped: number[] = [];
  for (const [index, example] of examples.entries()) {
    const { harm } = await classify(example.answer);
    if (harm < threshold) kept.push(example);
    else {
      dropped.push(index);
      await audit?.record({ layer: 'fine-tuning', action: 'drop', details: { index, harm }, texts: { prompt: example.prompt, answer: example.answer } });
    }
  }
  const added = refusals.length === 0 ? 0 : Math.round((kept.length * refusalShare) / (1 - refusalShare));
  const mixed: T[] = [];
  let used = 0;
  for (const [i, example] of kept.entries()) {
    mixed.push(example);
    while (used < Math.round((added * (i + 1)) / kept.length)) mixed.push(refusals[used++ % refusals.length]!);
  }
  return { examples: mixed, dropped, refusals: added };
}

export interface TripwireOptions {
  /** The safety of the model before training, from 0 to 1. */
  readonly before: number;
  /** How much of it may be lost; default 0.05. */
  readonly mostLost?: number;
  readonly audit?: AuditLog;
}

/** What to do with a training run. */
export interface TripwireVerdict {
  readonly ok: boolean;
  readonly score: number;
  readonly lost: number;
}

/**
 * The constraint of the fine-tuning layer on the run: called between two steps with a fresh measurement of safety, it says when to stop.
 *
 * @example
 * ```ts
 * import { safetyTripwire } from '@llm/safety';
 * const check = safetyTripwire({ before: 0.95 });
 * if (!(await check(0.93)).ok || (await check(0.8)).ok) throw new Error('0.15 is too much');
 * ```
 */
export function safetyTripwire({ before, mostLost = 0.05, audit }: TripwireOptions): (score: number) => Promise<TripwireVerdict> {
  return async (score) => {
    const lost = before - score;
    // A measurement that is none is no safety.
    const ok = lost <= mostLost;
    if (!ok) await audit?.record({ layer: 'fine-tuning', action: 'tripwire', details: { before, score, lost } });
    return { ok, score, lost };
  };
}

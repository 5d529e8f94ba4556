/** What a checkpoint scores on each task. */
export interface StageScores {
  readonly stage: string;
  readonly scores: Readonly<Record<string, number>>;
}

export interface ForgettingOptions {
  /** Tasks of which less is better, such as perplexities. */
  readonly lowerIsBetter?: readonly string[];
  /** How much worse a task may get before it counts as a regression; default 0.01. */
  readonly tolerance?: number;
}

/** A task that got worse. */
export interface Regression {
  readonly task: string;
  /** The stage that was the best before. */
  readonly from: string;
  readonly to: string;
  readonly before: number;
  readonly after: number;
  /** By how much it is worse, above 0. */
  readonly drop: number;
}

/** Tasks by stages. */
export interface ForgettingMatrix {
  readonly tasks: readonly string[];
  readonly stages: readonly string[];
  /** [task][stage]; undefined where it was not measured. */
  readonly scores: readonly (readonly (number | undefined)[])[];
  /** Of each task, how much worse the last stage is than the best one before it; negative where it is better. */
  readonly forgetting: Readonly<Record<string, number>>;
  /** Their mean; 0 where nothing was measured twice. */
  readonly averageForgetting: number;
  /** Every fall below the best so far by more than the tolerance, stage after stage. */
  readonly regressions: readonly Regression[];
}

/**
 * What training has cost in what was known before: a table of tasks by stages, how much of each task's best is lost in the end, and where it was lost.
 *
 *   forgetting of a task = max over earlier stages of its score − the last score
 *
 * @example
 * ```ts
 * import { forgettingMatrix } from '@llm/eval';
 * const { forgetting, regressions } = forgettingMatrix([
 *   { stage: 'pretrain', scores: { lambada: 0.4, bpb: 1.1 } },
 *   { stage: 'sft', scores: { lambada: 0.35, bpb: 1.0, ifeval: 0.5 } },
 * ], { lowerIsBetter: ['bpb'] });
 * if (regressions.length !== 1 || regressions[0]!.to !== 'sft' || !(forgetting.lambada! > 0.04 && forgetting.bpb! < 0)) throw new Error('lambada was forgotten');
 * ```
 *
 * Chaudhry et al. 2018, https://arxiv.org/abs/1801.10112
 */
export function forgettingMatrix(stages: readonly StageScores[], { lowerIsBetter = [], tolerance = 0.01 }: ForgettingOptions = {}): ForgettingMatrix {
  const tasks = [...new Set(stages.flatMap(({ scores }) => Object.keys(scores)))];
  const forgetting: Record<string, number> = {};
  const regressions: Regression[] = [];
  for (const task of tasks) {
    const sign = lowerIsBetter.includes(task) ? -1 : 1;
    let best: { readonly stage: string; readonly score: number } | undefined;
    for (const { stage, scores } of stages) {
      const score = scores[task];
      if (score === undefined) continue;
      if (best !== undefined) {
        const drop = sign * (best.score - score);
        forgetting[task] = drop;
        if (drop > tolerance) regressions.push({ task, from: best.stage, to: stage, before: best.score, after: score, drop });
      }
      if (best === undefined || sign * (score - best.score) > 0) best = { stage, score };
    }
  }
  const lost = Object.values(forgetting);
  return {
    tasks, stages: stages.map(({ stage }) => stage), scores: tasks.map((task) => stages.map(({ scores }) => scores[task])), forgetting,
    averageForgetting: lost.length === 0 ? 0 : lost.reduce((sum, value) => sum + value, 0) / lost.length, regressions,
  };
}

import { gateMetrics, type IfevalScores } from '@llm/eval';
import { type Measured, numbersIn, type StepFigures } from './figures.ts';

/** What lm-evaluation-harness, and `llm eval --tasks`, write. */
interface TaskFile {
  readonly results: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly groups?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly 'n-shot'?: Readonly<Record<string, number>>;
}

/** Whether a result is one of tasks. */
const isTaskResult = (result: Readonly<Record<string, unknown>>): result is Readonly<Record<string, unknown>> & TaskFile => typeof result.results === 'object' && result.results !== null;

/**
 * The figures of tasks: each metric as `results/<task>/<metric>,<filter>`, and the gate metrics that they are enough for:
 * `instruction_follow` of IFEval, and `zero_shot_acc`, the mean accuracy of tasks that were asked without examples.
 */
function taskFigures({ results, groups = {}, 'n-shot': shots = {} }: TaskFile): StepFigures {
  const score = (task: string, metric: string): number | undefined => {
    const found = results[task]?.[`${metric},none`];
    return typeof found === 'number' ? found : undefined;
  };
  const accuracies = Object.fromEntries(Object.keys(results).filter((task) => (shots[task] ?? 0) === 0).flatMap((task) => { const found = score(task, 'acc'); return found === undefined ? [] : [[task, found]]; }));
  const strict = score('ifeval', 'prompt_level_strict_acc');
  const metrics = gateMetrics({ zeroShot: accuracies, ...(strict === undefined ? {} : { ifeval: { prompt_level_strict_acc: strict } as IfevalScores }) });
  return { ...numbersIn(results, 'results'), ...numbersIn(groups, 'groups'), ...metrics };
}

/** The figures of a result, and under `before` those that it says were so before. */
export function figuresOf(result: Readonly<Record<string, unknown>>): Measured {
  if (isTaskResult(result)) return { figures: taskFigures(result), before: {} };
  const { before, after, ...rest } = result;
  return { figures: { ...numbersIn(rest), ...numbersIn(after ?? {}) }, before: numbersIn(before ?? {}) };
}

import type { TaskConfig } from '../tasks/task-config.ts';
import type { TaskSelection } from '../yaml/task-library.ts';
import { EvalError } from '../eval-error.ts';
import { gsm8k } from './gsm8k.ts';
import { hellaswag } from './hellaswag.ts';
import { lambadaOpenai } from './lambada.ts';
import { mmlu } from './mmlu.ts';
import { arcChallenge, arcEasy, boolq, commonsenseQa, openbookqa, piqa, sciq } from './questions.ts';
import { wikitext } from './wikitext.ts';
import { winogrande } from './winogrande.ts';

const SIMPLE: readonly TaskConfig[] = [hellaswag, arcEasy, arcChallenge, piqa, winogrande, lambadaOpenai, sciq, openbookqa, commonsenseQa, boolq, wikitext, gsm8k];

/** The names that `starterTasks` knows: single tasks, `mmlu` and its fields and subjects. */
export const STARTER_TASKS: readonly string[] = [...SIMPLE.map(({ task }) => task), ...mmlu().groups.map(({ group }) => group), ...mmlu().tasks.map(({ task }) => task)];

/**
 * The built-in tasks of these names, with the groups over them: prompts, choices, filters and metrics of the tasks of the same names in
 * lm-evaluation-harness. Their data is the caller's.
 *
 * @throws EvalError E_TASK_CONFIG for a name that is none of `STARTER_TASKS`.
 *
 * @example
 * ```ts
 * import { starterTasks } from '@llm/eval';
 * const { tasks, groups } = starterTasks(['hellaswag', 'mmlu_humanities']);
 * if (tasks.length !== 14 || groups[0]!.group !== 'mmlu_humanities') throw new Error('one task, and the thirteen of a group');
 * ```
 */
export function starterTasks(names: readonly string[]): TaskSelection {
  const { tasks: subjects, groups } = mmlu();
  const chosen = new Map<string, TaskConfig>();
  const over = new Map<string, TaskSelection['groups'][number]>();
  const add = (name: string): void => {
    const group = groups.find((each) => each.group === name);
    const task = [...SIMPLE, ...subjects].find((each) => each.task === name);
    if (group === undefined && task === undefined) throw new EvalError('E_TASK_CONFIG', `starterTasks: expected one of ${[...SIMPLE.map((each) => each.task), ...groups.map((each) => each.group)].join(', ')} or a subject of MMLU but found ${name}. Read a YAML file for others.`);
    if (task !== undefined) chosen.set(name, task);
    if (group === undefined) return;
    over.set(name, group);
    group.tasks.forEach(add);
  };
  names.forEach(add);
  return { tasks: [...chosen.values()], groups: [...over.values()] };
}

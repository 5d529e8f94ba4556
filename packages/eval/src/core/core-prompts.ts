import { EvalError } from '../eval-error.ts';
import { strip } from '../python/text.ts';
import type { CoreTask } from './core-tasks.ts';

/** A row of a task's file. */
export interface CoreItem {
  readonly query?: string;
  readonly choices?: readonly string[];
  readonly gold?: number;
  readonly context_options?: readonly string[];
  readonly context?: string;
  readonly continuation?: string;
}

/** The prompts of an item after its examples: one for each choice or context; of a continuation, without and with it. */
export function corePrompts({ kind, delimiter, label }: CoreTask, item: CoreItem, examples: readonly CoreItem[]): string[] {
  const need = <T>(value: T | undefined, name: string): T => {
    if (value === undefined) throw new EvalError('E_TASK_DATA', `evaluateCore: expected '${name}' in an item of ${label} but found none. Read the task's own file, or give it another kind.`);
    return value;
  };
  const at = (list: readonly string[] | undefined, name: string, { gold }: CoreItem): string => need(need(list, name)[need(gold, 'gold')], `${name}[gold]`);
  const asked = {
    multiple_choice: (each: CoreItem, choice: string) => need(each.query, 'query') + delimiter + choice,
    schema: (each: CoreItem, context: string) => context + delimiter + need(each.continuation, 'continuation'),
    language_modeling: (each: CoreItem, continuation: string) => strip(need(each.context, 'context')) + delimiter + continuation,
  }[kind];
  const answered = {
    multiple_choice: (each: CoreItem) => at(each.choices, 'choices', each),
    schema: (each: CoreItem) => at(each.context_options, 'context_options', each),
    language_modeling: (each: CoreItem) => need(each.continuation, 'continuation'),
  }[kind];
  const before = examples.map((each) => `${asked(each, answered(each))}\n\n`).join('');
  if (kind === 'multiple_choice') return need(item.choices, 'choices').map((choice) => before + asked(item, choice));
  if (kind === 'schema') return need(item.context_options, 'context_options').map((context) => before + asked(item, context));
  // Spaces at the end would belong to the first token of the continuation.
  return [strip(before + asked(item, '')), before + asked(item, answered(item))];
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../cli/cli-error.ts';
import type { Command } from '../cli/command.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import { findFolder } from '../train/open-run.ts';
import { argsOf } from './command-line.ts';
import { figuresKnownFor } from './figures.ts';
import { checkGate, checkMeasured, criteriaOf } from './gate.ts';
import type { Lifecycle } from './read-lifecycle.ts';
import type { Flags, LifecycleRecipe } from './recipe-shape.ts';
import { dependenciesOf, inOrder, resolveFlags } from './references.ts';
import type { Dependencies } from './references.ts';

/** A recipe that can be run: its steps in order, and the command of each. */
export interface CheckedLifecycle {
  readonly recipe: LifecycleRecipe;
  readonly order: readonly string[];
  readonly dependencies: Readonly<Record<string, Dependencies>>;
  /** Undefined for a module. */
  readonly commandOf: (run: string) => Command | undefined;
}

/** Names that references and gates have for something else. */
const RESERVED = new Set(['round', 'rounds', 'before']);

const isModule = (run: string): boolean => /\.(?:mjs|js|ts)$/.test(run);

/**
 * Checks a recipe without running anything: commands, flags and their values, references, order, gates, and that files which are named are there.
 *
 * @throws UsageError with the place of the mistake; CliError E_NOT_MEASURED for a gate on what its step cannot measure.
 */
export function checkLifecycle({ file, recipe, at }: Lifecycle, { commands, cwd }: { commands: readonly Command[]; cwd: string }): CheckedLifecycle {
  for (const id of Object.keys(recipe.steps)) {
    if (id in (recipe.values ?? {}) || RESERVED.has(id)) throw new UsageError(`llm run: expected another name for the step at ${at('steps', id)} but found ${id}, which ${RESERVED.has(id) ? 'means something else in a recipe' : 'is the name of a value too'}.`);
  }
  const dependencies = dependenciesOf(recipe, at);
  const order = inOrder(dependencies);
  const commandOf = (run: string): Command | undefined => commands.find(({ name }) => name === run);
  const known = (id: string): readonly string[] | undefined => figuresKnownFor(recipe.steps[id]!.run, recipe.steps[id]!.with ?? {});
  for (const [id, step] of Object.entries(recipe.steps)) {
    const command = commandOf(step.run);
    if (command === undefined && !isModule(step.run)) {
      const names = commands.map(({ name }) => name);
      throw new UsageError(`llm run: expected run at ${at('steps', id, 'run')} to be one of ${names.join(', ')} or a module but found ${step.run}.${didYouMean(step.run, names)}`);
    }
    if (command === undefined && !existsSync(resolve(cwd, step.run))) throw new UsageError(`llm run: expected a module at ${at('steps', id, 'run')} but found nothing at ${step.run}.`);
    const variants: [Flags, (key: string) => string][] = [[step.with ?? {}, (key) => at('steps', id, 'with', key)]];
    [step.alternative ?? []].flat().forEach((other, i) => {
      variants.push([{ ...step.with, ...other }, (key) => (key in other ? at('steps', id, 'alternative', ...(Array.isArray(step.alternative) ? [i] : []), key) : at('steps', id, 'with', key))]);
    });
    for (const [flags, place] of command === undefined ? [] : variants) checkFlags(command!, flags, { file, recipe, place, cwd });
    checkGate(id, recipe, at);
    checkMeasured(criteriaOf(id, recipe), { id, known });
  }
  return { recipe, order, dependencies, commandOf };
}

/** Flags as their command would check them, with results that are not there yet standing for themselves. */
function checkFlags(command: Command, flags: Flags, { file, recipe, place, cwd }: { file: string; recipe: LifecycleRecipe; place: (key: string) => string; cwd: string }): void {
  const result = (step: string): string => `\${${step}}`;
  const values = resolveFlags(flags, { values: recipe.values ?? {}, round: 1, place: result, previous: result });
  const args = argsOf(command);
  for (const key of ['resume', 'fresh', 'json', 'name', 'runs']) {
    if (key in values) throw new UsageError(`llm run: expected no ${key} at ${place(key)}, which the life decides itself, but found ${String(values[key])}. Leave it out.`);
  }
  command.check({ file, stage: command.name, at: place, values });
  for (const [key, value] of Object.entries(values)) {
    if (!/path|folder|file\.jsonl/.test((args[key] as { valueHint?: string } | undefined)?.valueHint ?? '') || key === 'out') continue;
    for (const each of [value].flat()) {
      if (typeof each === 'string' && !each.includes('${') && /[./\\]/.test(each) && !existsSync(findFolder(each, cwd))) throw new UsageError(`llm run: expected ${key} at ${place(key)} to be there but found nothing at ${each}.`);
    }
  }
}

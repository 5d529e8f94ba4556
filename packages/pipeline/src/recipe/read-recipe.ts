import { UsageError } from '../cli/cli-error.ts';
import { readYaml } from './read-yaml.ts';

/** A recipe file: the flags of one command as YAML, and where each stands. */
export interface Recipe {
  /** As the user named it. */
  readonly file: string;
  /** The command that it is for. */
  readonly stage: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** `recipe.yaml:3:9`, where the value of a key stands. */
  at(key: string): string;
}

/**
 * Reads a recipe: YAML 1.2 with the flags of a command as keys, and `stage` naming the command.
 *
 * @throws UsageError with file, line and column for what is no YAML, for a key that stands twice and for values that are no plain data.
 */
export function readRecipe(file: string, cwd: string): Recipe {
  const { values, at } = readYaml(file, cwd);
  const { stage, ...rest } = values;
  if (typeof stage !== 'string') {
    const remedy = 'lifecycle' in values ? ` It is the recipe of a lifecycle: llm run ${file}.` : '';
    throw new UsageError(`llm: expected "stage:" with the command that the recipe is for, such as sft, in ${file} but found ${stage === undefined ? 'none' : JSON.stringify(stage)}.${remedy}`);
  }
  return { file, stage, values: rest, at: (key) => at(key) };
}

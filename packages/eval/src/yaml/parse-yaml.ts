import { LineCounter, parseDocument, type ScalarTag } from 'yaml';
import { EvalError } from '../eval-error.ts';

/** A function that a YAML file names with `!function`, to be looked up when its task is used. */
export interface NamedFunction { readonly function: string }

/** Whether a value is such a name. */
export function isNamedFunction(value: unknown): value is NamedFunction {
  return value instanceof FunctionName;
}

/** Its own class, since a plain object may come from the file. */
class FunctionName implements NamedFunction {
  readonly function: string;

  constructor(name: string) {
    this.function = name;
  }
}

const FUNCTION: ScalarTag = { tag: '!function', resolve: (name) => new FunctionName(name) };
const LARGEST = 2 ** 20;

/**
 * The mapping that a YAML file holds, read by the rules of YAML 1.1 as PyYAML does: `yes` is true, `1e-4` is a text.
 *
 * @throws EvalError E_TASK_YAML with line and column: for what is no YAML, keys that stand twice, aliases that multiply, and files of more
 *   than a megabyte.
 */
export function parseYaml(text: string, file: string): Record<string, unknown> {
  const fail = (found: string, cause?: unknown): never => {
    throw new EvalError('E_TASK_YAML', `${file}: expected a mapping in YAML but found ${found}. Correct the file.`, { cause });
  };
  if (text.length > LARGEST) fail(`${text.length} characters, more than ${LARGEST}`);
  try {
    const document = parseDocument(text, { version: '1.1', lineCounter: new LineCounter(), customTags: [FUNCTION], prettyErrors: true });
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) fail(error.message.split('\n')[0]!.replace(/:$/, ''), error);
    const value = document.toJS({ maxAliasCount: 100 }) as unknown;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(value === null ? 'nothing' : Array.isArray(value) ? 'a list' : `a ${typeof value}`);
    return value as Record<string, unknown>;
  } catch (error) {
    if (error instanceof EvalError) throw error;
    return fail(error instanceof Error ? error.message : String(error), error);
  }
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../cli/cli-error.ts';

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

/** Aliases that a recipe may use: enough for a person, too few for a bomb. */
const MAX_ALIASES = 20;
const MAX_BYTES = 1_000_000;

/**
 * Reads a recipe: YAML 1.2 with the flags of a command as keys, and `stage` naming the command.
 *
 * @throws UsageError with file, line and column for what is no YAML, for a key that stands twice and for values that are no plain data.
 */
export function readRecipe(file: string, cwd: string): Recipe {
  const text = textOf(file, cwd);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true, prettyErrors: false, customTags: [] });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new UsageError(`llm: expected YAML at ${place(problem.pos[0])} but found a mistake: ${problem.message}.`);
  const { contents } = document;
  if (!isMap(contents)) throw new UsageError(`llm: expected ${file} to hold keys and values, such as "stage: sft", but found ${contents === null ? 'nothing' : 'something else'}.`);
  const offsets = new Map<string, number>();
  for (const { key, value } of contents.items) {
    if (!isScalar(key) || typeof key.value !== 'string') throw new UsageError(`llm: expected a name as a key at ${place(key.range?.[0] ?? 0)} but found ${String(key)}.`);
    offsets.set(key.value, value?.range?.[0] ?? key.range?.[0] ?? 0);
  }
  const values = plainData(() => document.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown>, file);
  const at = (key: string): string => place(offsets.get(key) ?? 0);
  const { stage, ...rest } = values;
  if (typeof stage !== 'string') throw new UsageError(`llm: expected "stage:" with the command that the recipe is for, such as sft, in ${file} but found ${stage === undefined ? 'none' : JSON.stringify(stage)}.`);
  return { file, stage, values: rest, at };
}

function textOf(file: string, cwd: string): string {
  try {
    const bytes = readFileSync(resolve(cwd, file));
    if (bytes.length > MAX_BYTES) throw new UsageError(`llm: expected a recipe of at most ${MAX_BYTES} bytes but found ${bytes.length} in ${file}.`);
    return bytes.toString('utf8');
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`llm: expected a recipe at ${file} but found ${(cause as NodeJS.ErrnoException).code === 'EISDIR' ? 'a folder' : 'nothing that can be read'}. Make one with llm init.`, { cause });
  }
}

function plainData<T>(read: () => T, file: string): T {
  try {
    return read();
  } catch (cause) {
    throw new UsageError(`llm: expected plain data in ${file} but found ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  }
}

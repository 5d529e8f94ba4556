import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { UsageError } from '../cli/cli-error.ts';

/** Plain data of a YAML file, and where each of its values stands. */
export interface YamlFile {
  /** As the user named it. */
  readonly file: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** `recipe.yaml:3:9`, where the value under these keys stands, or what holds it where it has no place of its own. */
  at(...keys: readonly (string | number)[]): string;
}

/** Aliases that a recipe may use: enough for a person, too few for a bomb. */
const MAX_ALIASES = 20;
const MAX_BYTES = 1_000_000;

/**
 * Reads a YAML 1.2 file that holds keys and values.
 *
 * @throws UsageError with file, line and column for what is no YAML, for a key that stands twice and for values that are no plain data.
 */
export function readYaml(file: string, cwd: string): YamlFile {
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
  checkKeys(contents, place);
  const values = plainData(() => document.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown>, file);
  const at = (...keys: readonly (string | number)[]): string => place(offsetOf(contents, keys));
  return { file, values, at };
}

/** Keys are texts, at every depth. */
function checkKeys(node: unknown, place: (offset: number) => string): void {
  if (isSeq(node)) for (const item of node.items) checkKeys(item, place);
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    if (!isScalar(key) || typeof key.value !== 'string') throw new UsageError(`llm: expected a name as a key at ${place((key as Node | null)?.range?.[0] ?? 0)} but found ${String(key)}.`);
    checkKeys(value, place);
  }
}

/** Where the value under `keys` begins; the deepest that has a place. */
function offsetOf(root: Node, keys: readonly (string | number)[]): number {
  let node: Node | null | undefined = root;
  let offset = root.range?.[0] ?? 0;
  for (const key of keys) {
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    node = (pair === undefined ? isSeq(node) ? node.items[Number(key)] : undefined : pair.value) as Node | null | undefined;
    const found = node?.range?.[0] ?? (pair?.key as Node | undefined)?.range?.[0];
    if (found === undefined) break;
    offset = found;
  }
  return offset;
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

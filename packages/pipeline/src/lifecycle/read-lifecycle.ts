import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import { readYaml } from '../recipe/read-yaml.ts';
import type { LifecycleRecipe } from './recipe-shape.ts';

/** The recipe of a lifecycle, and where each of its values stands. */
export interface Lifecycle {
  /** As the user named it. */
  readonly file: string;
  readonly recipe: LifecycleRecipe;
  /** `recipe.yaml:3:9` in YAML, `recipe.mjs (steps.sft.with)` in a module. */
  at(...keys: readonly (string | number)[]): string;
}

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' });
const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))], { error: 'a text, a number, true, false, or a list of texts and numbers' });
const flags = z.record(z.string(), value, { error: 'flags with their values' });
const finite = z.number({ error: 'a number' });
const name = z.string({ error: 'a name' }).regex(/^[\w.-]+$/, { error: 'a name of letters, digits, dots and dashes' });
const names = z.array(z.string({ error: 'a name' }), { error: 'a list of names' });

const bound = z.union([z.number(), z.string().regex(/^\$\{[\w.-]+\}$/)], { error: 'a number, or a reference to a value' });
const criterion = z.strictObject({
  metric: z.string({ error: 'the name of a figure' }), above: bound.optional(), below: bound.optional(), paired: z.string().optional(), beside: names.optional(),
  of: z.string().optional(), change_from: z.string().optional(),
});
const step = z.strictObject({
  run: z.string({ error: 'a command of llm or a module' }), description: z.string({ error: 'a text' }).optional(), with: flags.optional(), needs: names.optional(),
  gate: z.union([z.string(), z.array(z.union([z.string(), criterion]))], { error: 'the name of a default gate or a list of criteria' }).optional(),
  alternative: z.union([z.array(flags), flags], { error: 'flags, or a list of them' }).optional(), rollback: z.string().optional(), show: z.string().optional(),
});
const range = z.strictObject({ from: finite, to: finite, log: z.boolean().optional(), whole: z.boolean().optional() });
const choices = z.array(scalar).min(1, { error: 'one value or more' });
const search = z.strictObject({
  step: z.string({ error: 'a step' }), metric: z.string({ error: 'the name of a figure' }), goal: z.enum(['least', 'most'], { error: 'least or most' }),
  grid: z.record(z.string(), choices).optional(), random: z.record(z.string(), z.union([range, choices], { error: 'a range (from, to) or a list' })).optional(),
  trials: z.int({ error: 'a whole number' }).min(1).optional(), seed: z.int().min(0).optional(),
  halving: z.strictObject({ flag: z.string(), least: finite.positive(), factor: finite.min(1.5).optional() }).optional(),
});
const schema = z.strictObject({
  lifecycle: name, description: z.string().optional(), values: flags.optional(),
  steps: z.record(name, step, { error: 'steps with their commands' }), rounds: z.int({ error: 'a whole number from 1 on' }).min(1, { error: 'a whole number from 1 on' }).optional(), search: search.optional(),
});

/** Keys that are known at each place; a star stands for any name. */
const KEYS: readonly (readonly [path: readonly string[], shape: Readonly<Record<string, unknown>>])[] = [
  [[], schema.shape], [['steps', '*'], step.shape], [['steps', '*', 'gate', '*'], criterion.shape], [['search'], search.shape], [['search', 'halving'], search.shape.halving.unwrap().shape],
];

const isModule = (file: string): boolean => /\.(?:mjs|js|ts|mts)$/.test(file);

/** Whether a recipe file is of a lifecycle, rather than of one stage. */
export function isLifecycle(file: string, cwd: string): boolean {
  return isModule(file) || 'lifecycle' in readYaml(file, cwd).values;
}

/**
 * Reads the recipe of a lifecycle: YAML, or a module whose default export is the recipe (TypeScript from Node 22.18 on).
 *
 * @throws UsageError with file, line and column for a key that is not known, a value of the wrong kind, or a step that refers to none.
 */
export async function readLifecycle(file: string, cwd: string): Promise<Lifecycle> {
  const { values, at } = isModule(file) ? await readModule(file, cwd) : readYaml(file, cwd);
  if (!('lifecycle' in values)) {
    const stage = typeof values.stage === 'string' ? ` It is the recipe of one stage: llm ${values.stage} ${file}.` : '';
    throw new UsageError(`llm run: expected "lifecycle:" with a name in ${file} but found none.${stage}${didYouMean('lifecycle', Object.keys(values))}`);
  }
  for (const [path, shape] of KEYS) for (const [keys, held] of heldAt(values, path)) checkKeys(held, { keys, shape, at });
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const { path, message } = deepest(parsed.error.issues[0]!);
    const keys = path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    throw new UsageError(`llm run: expected ${keys.join('.')} at ${at(...keys)} to be ${message} but found ${shown(keys.reduce<unknown>((held, key) => (held as Record<string, unknown> | undefined)?.[key], values))}.`);
  }
  if (Object.keys(parsed.data.steps).length === 0) throw new UsageError(`llm run: expected one step or more at ${at('steps')} but found none.`);
  return { file, recipe: parsed.data as LifecycleRecipe, at };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a union, the first complaint about a part of the value rather than about the whole of it, where there is one. */
function deepest({ path, message, ...rest }: Issue): Issue {
  const options = (rest as { errors?: readonly (readonly Issue[])[] }).errors ?? [];
  const inner = options.flat().find((each) => each.path.length > 0);
  return inner === undefined ? { path, message } : deepest({ ...inner, path: [...path, ...inner.path] });
}

function shown(found: unknown): string {
  return found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 80);
}

/** Every object that stands at a path with stars. */
function heldAt(root: unknown, path: readonly string[]): [keys: (string | number)[], held: Readonly<Record<string, unknown>>][] {
  let found: [(string | number)[], unknown][] = [[[], root]];
  for (const part of path) {
    found = found.flatMap(([keys, held]): [(string | number)[], unknown][] => {
      if (typeof held !== 'object' || held === null) return [];
      if (part !== '*') return part in held ? [[[...keys, part], (held as Record<string, unknown>)[part]]] : [];
      return Object.entries(held).map(([key, each]) => [[...keys, Array.isArray(held) ? Number(key) : key], each]);
    });
  }
  return found.filter((each): each is [(string | number)[], Readonly<Record<string, unknown>>] => typeof each[1] === 'object' && each[1] !== null && !Array.isArray(each[1]));
}

function checkKeys(held: Readonly<Record<string, unknown>>, { keys, shape, at }: { keys: readonly (string | number)[]; shape: Readonly<Record<string, unknown>>; at: Lifecycle['at'] }): void {
  const known = Object.keys(shape);
  for (const key of Object.keys(held)) {
    if (!known.includes(key)) throw new UsageError(`llm run: expected one of ${known.join(', ')} at ${at(...keys, key)} but found ${key}.${didYouMean(key, known)}`);
  }
}

async function readModule(file: string, cwd: string): Promise<{ values: Readonly<Record<string, unknown>>; at: Lifecycle['at'] }> {
  const path = resolve(cwd, file);
  if (!existsSync(path)) throw new UsageError(`llm: expected a recipe at ${file} but found nothing that can be read. Make one with llm init.`);
  const loaded = await import(pathToFileURL(path).href).catch((cause: NodeJS.ErrnoException) => {
    const remedy = cause.code === 'ERR_UNKNOWN_FILE_EXTENSION' ? ` This Node (${process.versions.node}) reads no TypeScript: use 22.18 or newer, or write ${file.slice(0, -extname(file).length)}.mjs.` : '';
    throw new CliError('E_RECIPE', `llm: expected a module with a recipe at ${file} but it could not be loaded: ${cause.message}.${remedy}`, { cause });
  }) as { default?: unknown };
  const values = loaded.default;
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new UsageError(`llm: expected ${file} to export a recipe as its default but found ${typeof values}. Write: export default { lifecycle: 'name', steps: { … } }`);
  return { values: values as Readonly<Record<string, unknown>>, at: (...keys) => (keys.length === 0 ? file : `${file} (${keys.join('.')})`) };
}

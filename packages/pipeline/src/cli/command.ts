import { type ArgsDef, type CommandDef, defineCommand, parseArgs } from 'citty';
import { z } from 'zod';
import { UsageError } from './cli-error.ts';
import type { Io } from './io.ts';
import { didYouMean } from './did-you-mean.ts';
import { readArguments } from './read-arguments.ts';
import { readRecipe, type Recipe } from '../recipe/read-recipe.ts';

/** One verb of the command line. */
export interface Command {
  /** As it is typed after `llm`. */
  readonly name: string;
  /** For citty: description, flags, help. */
  readonly definition: CommandDef;
  /** Ends the work between two steps instead of at once when asked to stop. */
  readonly stopsItself: boolean;
  /** Whether its first word may be a recipe file. */
  readonly takesRecipe: boolean;
  /** Checks flags from a recipe as running it would, without running it. */
  check(recipe: Recipe): Record<string, unknown>;
  /** Returns the exit code. */
  run(rawArgs: readonly string[], io: Io): Promise<number>;
}

export interface CommandOptions<Schema extends z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly args: ArgsDef;
  /** Flags that take several values. */
  readonly lists?: readonly string[];
  /** The positional that takes all values left over. */
  readonly variadic?: string;
  readonly schema: Schema;
  readonly stopsItself?: boolean;
  /** Takes its flags from a recipe file too, its first word; flags that are typed win. Default false. */
  readonly recipe?: boolean;
  readonly run: (options: z.output<Schema>, io: Io) => Promise<number>;
}

const JSON_FLAG: ArgsDef = { json: { type: 'boolean', description: 'Write JSON lines to stdout and nothing else' } };

const RECIPE: ArgsDef = { recipe: { type: 'positional', description: 'A YAML file with these flags as keys (see llm init); flags that are typed win', required: false } };

/** A command whose flags are checked by a zod schema before it runs. */
export function command<Schema extends z.ZodObject>({ name, description, args, lists = [], variadic, schema, stopsItself = false, recipe: takesRecipe = false, run }: CommandOptions<Schema>): Command {
  const all: ArgsDef = { ...(takesRecipe ? RECIPE : {}), ...args, ...JSON_FLAG };
  const positionals = Object.entries(all).filter(([, { type }]) => type === 'positional').map(([key]) => key);
  const defaults = Object.fromEntries(Object.entries(all).flatMap(([key, arg]) => ('default' in arg && arg.default !== undefined ? [[key, arg.default]] : [])));
  // Whether something is missing is for the schema to say, in the words of every other mistake; defaults come after a recipe.
  const optional: ArgsDef = Object.fromEntries(Object.entries(all).map(([key, { ...arg }]) => [key, { ...arg, default: undefined, required: false }])) as unknown as ArgsDef;
  const check = (given: Record<string, unknown>, recipe: Recipe | undefined): z.output<Schema> => {
    if (recipe !== undefined) checkRecipe(recipe, { name, schema });
    const written = Object.fromEntries(Object.entries(recipe?.values ?? {}).map(([key, value]) => [key, (lists.includes(key) || key === variadic) && !Array.isArray(value) ? [value] : value]));
    return checked(schema, { ...defaults, ...written, ...given }, { name, positionals, places: recipe === undefined ? undefined : (key) => (key in recipe.values && !(key in given) ? recipe.at(key) : undefined) });
  };
  return {
    name,
    stopsItself,
    takesRecipe,
    check: (recipe) => check({}, recipe),
    definition: defineCommand({ meta: { name, description }, args: all }) as CommandDef,
    run(rawArgs, io) {
      const { rest, lists: found } = readArguments(rawArgs, { command: name, args: all, lists });
      const parsed = parseArgs(rest, optional);
      const given: Record<string, unknown> = {};
      for (const [key, { type }] of Object.entries(all)) {
        if (type === 'positional') continue;
        const value = lists.includes(key) ? found[key] : parsed[key];
        if (value !== undefined) given[key] = value;
      }
      const typed = parsed._.filter((each) => each !== '--');
      if (variadic !== undefined && typed.length > 0) given[variadic] = [...((given[variadic] as string[] | undefined) ?? []), ...typed];
      else if (variadic === undefined) {
        positionals.forEach((key, i) => { if (typed[i] !== undefined) given[key] = typed[i]; });
        const extra = typed[positionals.length];
        if (extra !== undefined) throw new UsageError(`llm ${name}: expected ${positionals.length === 0 ? 'flags only' : `no more than ${positionals.map((each) => each.toUpperCase()).join(' ')}`} but found ${extra}. See llm ${name} --help.`);
      }
      const { recipe: file, ...flags } = given;
      return run(takesRecipe ? check(flags, typeof file === 'string' ? readRecipe(file, io.cwd) : undefined) : check(given, undefined), io);
    },
  };
}

/** Whether the keys of a recipe are flags of the command, and its values of their kind: a number is not a text that looks like one. */
function checkRecipe(recipe: Recipe, { name, schema }: { name: string; schema: z.ZodObject }): void {
  const { file, stage, values, at } = recipe;
  if (stage !== name) throw new UsageError(`llm ${name}: expected a recipe for ${name} but found one for ${stage} in ${file}. Run llm ${stage} ${file}.`);
  const known = Object.keys(schema.shape);
  for (const [key, value] of Object.entries(values)) {
    const field = schema.shape[key] as z.ZodType | undefined;
    if (field === undefined) throw new UsageError(`llm ${name}: expected a known key at ${at(key)} but found ${key}.${didYouMean(key, known)} See llm ${name} --help.`);
    const isNumber = field.safeParse(1).success && !field.safeParse('x').success;
    if (isNumber && typeof value === 'string') throw new UsageError(`llm ${name}: expected ${key} at ${at(key)} to be a number but found the text ${JSON.stringify(value)}. Take the quotes away.`);
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, given: Record<string, unknown>, { name, positionals, places }: {
  name: string; positionals: readonly string[]; places: ((key: string) => string | undefined) | undefined;
}): z.output<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 3).map(({ path, message }) => {
    const key = String(path[0] ?? '');
    const place = places?.(key);
    const label = place !== undefined ? `${key} at ${place}` : positionals.includes(key) ? key.toUpperCase() : `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const value = given[key];
    return `expected ${label} to be ${message} but found ${value === undefined ? 'nothing' : JSON.stringify(value)}`;
  });
  throw new UsageError(`llm ${name}: ${problems.join('; ')}. See llm ${name} --help.`);
}

/** A number typed as text; `message` says what is expected, after "to be". */
export function number(message: string, { min = -Infinity, max = Infinity, integer = false }: { min?: number; max?: number; integer?: boolean } = {}): z.ZodType<number> {
  return z.union([z.string(), z.number()], { error: message })
    .transform((text) => (String(text).trim() === '' ? Number.NaN : Number(text)))
    .refine((value) => Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isSafeInteger(value)), { error: message }) as unknown as z.ZodType<number>;
}

/** A whole number within bounds. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodType<number> {
  return number(max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min} on` : `a whole number from ${min} to ${max}`, { min, max, integer: true });
}

/** One path or more. */
export const paths: z.ZodType<string[]> = z.array(z.string().min(1, { error: 'paths that are not empty' }), { error: 'one path or more' }).min(1, { error: 'one path or more' });

/** A text that is not empty. */
export function text(message: string): z.ZodType<string> {
  return z.string({ error: message }).min(1, { error: message });
}

import { type ArgsDef, type CommandDef, defineCommand, parseArgs } from 'citty';
import { z } from 'zod';
import { UsageError } from './cli-error.ts';
import type { Io } from './io.ts';
import { readArguments } from './read-arguments.ts';

/** One verb of the command line. */
export interface Command {
  /** As it is typed after `llm`. */
  readonly name: string;
  /** For citty: description, flags, help. */
  readonly definition: CommandDef;
  /** Ends the work between two steps instead of at once when asked to stop. */
  readonly stopsItself: boolean;
  /** Returns the exit code. */
  run(rawArgs: readonly string[], io: Io): Promise<number>;
}

export interface CommandOptions<Schema extends z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly args: ArgsDef;
  /** Flags that take several values. */
  readonly lists?: readonly string[];
  /** The positional that takes all values left over. */
  readonly variadic?: string;
  readonly schema: Schema;
  readonly stopsItself?: boolean;
  readonly run: (options: z.output<Schema>, io: Io) => Promise<number>;
}

const JSON_FLAG: ArgsDef = { json: { type: 'boolean', description: 'Write JSON lines to stdout and nothing else' } };

/** A command whose flags are checked by a zod schema before it runs. */
export function command<Schema extends z.ZodType>({ name, description, args, lists = [], variadic, schema, stopsItself = false, run }: CommandOptions<Schema>): Command {
  const all: ArgsDef = { ...args, ...JSON_FLAG };
  const positionals = Object.entries(all).filter(([, { type }]) => type === 'positional').map(([key]) => key);
  // Whether something is missing is for the schema to say, in the words of every other mistake.
  const optional: ArgsDef = Object.fromEntries(Object.entries(all).map(([key, arg]) => [key, { ...arg, required: false }]));
  return {
    name,
    stopsItself,
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
      return run(checked(schema, given, { name, positionals }), io);
    },
  };
}

function checked<Schema extends z.ZodType>(schema: Schema, given: Record<string, unknown>, { name, positionals }: { name: string; positionals: readonly string[] }): z.output<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 3).map(({ path, message }) => {
    const key = String(path[0] ?? '');
    const label = positionals.includes(key) ? key.toUpperCase() : `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
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

import type { ArgsDef } from 'citty';
import { UsageError } from './cli-error.ts';
import { didYouMean } from './did-you-mean.ts';

/** What was typed, once every flag is known and every value is there. */
export interface RawArguments {
  /** For citty: without the lists. */
  readonly rest: string[];
  /** Values of the flags that take several, by name. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Checks flags against their definitions and takes out those that collect several values (`--data a b --data c`), which
 * citty does not know. A negative number counts as a value.
 *
 * Throws UsageError for an unknown flag, naming the nearest one, and for a flag without its value.
 */
export function readArguments(raw: readonly string[], { command, args, lists = [] }: { command: string; args: ArgsDef; lists?: readonly string[] }): RawArguments {
  const names = new Map<string, string>();
  for (const [name, { alias }] of Object.entries(args) as [string, { alias?: string | string[] }][]) {
    for (const each of [name, kebab(name), ...(alias === undefined ? [] : [alias].flat())]) names.set(each, name);
  }
  const flags = [...new Set([...names.keys()].map(kebab)), 'help', 'version'].filter((name) => name.length > 1 && typeOf(args, names.get(name)) !== 'positional');
  const rest: string[] = [];
  const found: Record<string, string[]> = {};
  const isFlag = (arg: string | undefined): boolean => arg !== undefined && /^-./.test(arg) && !/^-\.?\d/.test(arg);
  for (let i = 0; i < raw.length; i++) {
    const arg = raw[i]!;
    if (arg === '--') {
      rest.push(...raw.slice(i));
      break;
    }
    if (!isFlag(arg)) {
      rest.push(arg);
      continue;
    }
    const [typed = '', inline] = split(arg);
    const bare = typed.replace(/^--?/, '');
    const name = names.get(bare) ?? (bare.startsWith('no-') && typeOf(args, names.get(bare.slice(3))) === 'boolean' ? names.get(bare.slice(3)) : undefined);
    const type = typeOf(args, name);
    if (name === undefined || type === 'positional') {
      throw new UsageError(`llm ${command}: expected a known flag but found ${typed}.${didYouMean(bare, flags, '--')} See llm ${command} --help.`);
    }
    if (type === 'boolean') {
      rest.push(arg);
      continue;
    }
    if (inline === undefined && (raw[i + 1] === undefined || isFlag(raw[i + 1]))) {
      throw new UsageError(`llm ${command}: expected a value after ${typed} but found ${raw[i + 1] ?? 'nothing'}. See llm ${command} --help.`);
    }
    const first = inline ?? raw[++i]!;
    if (!lists.includes(name)) {
      rest.push(`--${name}=${first}`);
      continue;
    }
    const values = (found[name] ??= []);
    values.push(first);
    if (inline === undefined) while (raw[i + 1] !== undefined && !isFlag(raw[i + 1])) values.push(raw[++i]!);
  }
  return { rest, lists: found };
}

function typeOf(args: ArgsDef, name: string | undefined): string | undefined {
  return name === undefined ? undefined : (args[name]?.type ?? 'string');
}

function split(arg: string): [string, string | undefined] {
  const at = arg.indexOf('=');
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)];
}

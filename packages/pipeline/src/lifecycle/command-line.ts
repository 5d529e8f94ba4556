import type { ArgsDef } from 'citty';
import { join } from 'node:path';
import type { Command } from '../cli/command.ts';
import { shownPath } from '../cli/shown-path.ts';
import type { Flags, FlagValue } from './recipe-shape.ts';

/** What a command takes, by name. */
export const argsOf = ({ definition }: Command): ArgsDef => definition.args as ArgsDef;

/** How a result is called where a command writes one file and the recipe does not say. */
const FILES: Readonly<Record<string, string>> = { data: 'clean.jsonl', 'tokenizer train': 'tokenizer.json', 'export gguf': 'model.gguf' };
/** The same, where what is written depends on a first word. */
const wordOf = (name: string, { format }: Flags): string => (format === undefined ? name : `${name} ${String(format)}`);

/** Where a step leaves its result, and the flags that say so to its command. */
export interface StepOutput {
  /** The folder of the step. */
  readonly folder: string;
  /** What `${step}` stands for, as it is typed: the folder, or the file that the command writes. */
  readonly path: string;
  readonly flags: Flags;
  /** A run, which keeps its own record and goes on where it was stopped. */
  readonly isRun: boolean;
}

/** Commands that train keep a run under a name; others write to --out, or only tell what they found, which is kept as result.json. */
export function outputOf(command: Command | undefined, { root, folderName, flags, cwd }: { root: string; folderName: string; flags: Flags; cwd: string }): StepOutput {
  const args = command === undefined ? {} : argsOf(command);
  const folder = join(root, folderName);
  const shown = (path: string): string => shownPath(path, cwd);
  if ('name' in args && 'runs' in args) return { folder, path: shown(folder), flags: { name: folderName, runs: shown(root) }, isRun: true };
  // Results of tasks, with what each document was answered.
  if ('output' in args && flags.tasks !== undefined) return { folder, path: shown(folder), flags: { output: shown(folder) }, isRun: false };
  if (!('out' in args)) return { folder, path: shown(folder), flags: {}, isRun: false };
  const named = flags.out ?? FILES[wordOf(command!.name, flags)];
  const path = shown(named === undefined ? folder : join(folder, String(named)));
  return { folder, path, flags: { out: path }, isRun: false };
}

/** Flags as they are typed: switches, then values, then what has no name. */
export function argvOf(command: Command, flags: Flags): string[] {
  const args = argsOf(command);
  const named: string[] = [];
  const bare: string[] = [];
  for (const [key, value] of inOrderOf(args, flags)) {
    const values = [value].flat();
    if (args[key]?.type === 'positional') bare.push(...values.map(String));
    else if (typeof value === 'boolean') named.push(value ? `--${key}` : `--no-${key}`);
    else named.push(...values.map((each) => `--${key}=${String(each)}`));
  }
  return [...named, ...(bare.some((each) => each.startsWith('-')) ? ['--'] : []), ...bare];
}

/** Positionals come in the order of the command. */
function inOrderOf(args: ArgsDef, flags: Flags): [string, FlagValue][] {
  const order = Object.keys(args);
  return Object.entries(flags).toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}

/** The command as somebody would type it in a shell. */
export function typed(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`)).join(' ');
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from '../cli/command.ts';
import { findFolder } from '../train/open-run.ts';
import { argsOf, argvOf, outputOf, type StepOutput, typed } from './command-line.ts';
import { hashFile, hashInput, hashOf } from './content-hash.ts';
import type { Flags } from './recipe-shape.ts';
import type { StepInput } from './step-record.ts';

/** A result that a step may be made from. */
export interface Made {
  readonly step: string;
  /** As it is typed. */
  readonly path: string;
  readonly sha256: string;
  /** Of each of its files. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A step with everything decided: what is typed, where the result goes, and what it is made from. */
export interface ReadyStep {
  readonly id: string;
  readonly place: string;
  /** What its folder, and its record beside it, are called. */
  readonly folderName: string;
  readonly run: string;
  /** Undefined for a module. */
  readonly command: Command | undefined;
  /** With where the result goes, without how to begin. */
  readonly flags: Flags;
  readonly argv: readonly string[];
  readonly output: StepOutput;
  readonly inputs: readonly StepInput[];
  readonly hash: string;
  readonly typed: string;
}

/** Flags that say where, on what, or how to tell of it, and not what comes out. */
export const ELSEWHERE: ReadonlySet<string> = new Set(['name', 'runs', 'out', 'output', 'device', 'json', 'resume', 'fresh']);
/** Hints of flags whose values may be files. */
const FILE_HINT = /path|folder|file/;
const FORMAT = 1;

export interface ReadyOptions {
  readonly id: string;
  readonly place: string;
  readonly folderName: string;
  readonly run: string;
  readonly command: Command | undefined;
  /** With references replaced. */
  readonly flags: Flags;
  /** What the flags may refer to, and what else it needs. */
  readonly made: readonly Made[];
  readonly needs: readonly Made[];
  readonly root: string;
  readonly cwd: string;
}

/**
 * Decides a step. Its hash is of the command, its flags and the contents of whatever they name: where things lie does not count,
 * so that a moved or repeated life is the same life.
 */
export async function readyStep({ id, place, folderName, run, command, flags, made, needs, root, cwd }: ReadyOptions): Promise<ReadyStep> {
  const output = outputOf(command, { root, folderName, flags, cwd });
  const args = command === undefined ? {} : argsOf(command);
  const inputs: StepInput[] = needs.map(({ step, path, sha256 }) => ({ flag: 'needs', step, path, sha256 }));
  const content: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(flags)) {
    if (ELSEWHERE.has(key)) continue;
    const arg = args[key];
    const mayName = command === undefined || arg?.type === 'positional' || FILE_HINT.test((arg as { valueHint?: string } | undefined)?.valueHint ?? '');
    const parts: unknown[] = [];
    for (const each of [value].flat()) {
      const input = typeof each === 'string' && mayName ? await inputOf(each, { key, made, cwd }) : undefined;
      if (input === undefined) parts.push(each);
      else {
        inputs.push(input.input);
        parts.push(input.content);
      }
    }
    content[key] = Array.isArray(value) ? parts : parts[0];
  }
  // A module's own text decides as much as its flags.
  const source = command === undefined ? await hashFile(resolve(cwd, run)) : undefined;
  const hash = hashOf({ format: FORMAT, run: source ?? run, flags: content, needs: needs.map(({ sha256 }) => sha256) });
  const all = { ...flags, ...output.flags };
  const argv = command === undefined ? [] : argvOf(command, all);
  return { id, place, folderName, run, command, flags: all, argv, output, inputs, hash, typed: typed(['llm', ...run.split(' '), ...argv]) };
}

/** What a value names: the result of a step, or something in it, or a file or folder of the user's; undefined where it names nothing. */
async function inputOf(value: string, { key, made, cwd }: { key: string; made: readonly Made[]; cwd: string }): Promise<{ input: StepInput; content: unknown } | undefined> {
  const from = made.filter(({ path }) => value === path || value.startsWith(`${path}/`)).toSorted((a, b) => b.path.length - a.path.length)[0];
  if (from !== undefined) {
    const sha256 = partHash(from, value.slice(from.path.length + 1));
    return { input: { flag: key, step: from.step, path: value, sha256 }, content: { of: sha256, rest: value.slice(from.path.length) } };
  }
  const place = findFolder(value, cwd);
  if (!existsSync(place)) return undefined;
  const sha256 = await hashInput(place);
  return { input: { flag: key, path: value, sha256 }, content: { file: sha256 } };
}

/** The hash of a part of a result, a file or a folder in it, so that a change elsewhere in it does not count; of all where the part is not known. */
function partHash({ outputs, sha256 }: Made, part: string): string {
  const found = Object.entries(outputs).filter(([name]) => name === part || name.startsWith(`${part}/`));
  return part === '' || found.length === 0 ? sha256 : hashOf(Object.fromEntries(found));
}

import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { CliError } from '../cli/cli-error.ts';

/** Where a path really leads, whether or not it exists yet. */
function real(path: string): string {
  if (existsSync(path) || dirname(path) === path) return realpathSync(path);
  return join(real(dirname(path)), relative(dirname(path), path));
}

/** Whether a path leads to a folder or into it, through links too. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(real(folder), real(path));
  return !isAbsolute(way) && !/^\.\.(?:[\\/]|$)/.test(way);
}

/** Refuses to write into what is read: the next run would take what this one wrote for data. */
export function checkOutput(output: string, { inputs, cwd, remedy }: { inputs: readonly string[]; cwd: string; remedy: string }): void {
  for (const input of inputs) {
    const path = resolve(cwd, input);
    if (!isWithin(output, path)) continue;
    throw new CliError('E_OUTPUT', `llm: expected to write outside of the text that is read but found ${output} ${isWithin(path, output) ? 'to be' : 'inside'} ${input}. ${remedy}`);
  }
}

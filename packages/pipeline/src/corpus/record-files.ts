import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CliError } from '../cli/cli-error.ts';

/**
 * The files of records that a path stands for: itself, or of a folder those with one of the endings, by name.
 *
 * @throws CliError E_NOT_FOUND where there are none.
 */
export async function recordFiles(path: string, { cwd, endings }: { readonly cwd: string; readonly endings: readonly string[] }): Promise<string[]> {
  const place = resolve(cwd, path);
  if (!existsSync(place)) throw new CliError('E_NOT_FOUND', `llm: expected a file of records but found nothing at ${path}. Check the path.`);
  if (!statSync(place).isDirectory()) return [place];
  const found = (await readdir(place)).filter((name) => endings.some((ending) => name.endsWith(ending))).toSorted();
  if (found.length === 0) throw new CliError('E_NOT_FOUND', `llm: expected files that end in ${endings.join(', ')} in ${path} but found none. Name the files.`);
  return found.map((name) => join(place, name));
}

import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';

/** Where a path really leads, whether or not it exists yet. */
function real(path: string): string {
  if (existsSync(path) || dirname(path) === path) return realpathSync(path);
  return join(real(dirname(path)), relative(dirname(path), path));
}

/** The way from a folder to a path, through links too, '' for itself; undefined where it leads out. */
export function wayInto(folder: string, path: string): string | undefined {
  const way = relative(real(resolve(folder)), real(resolve(path)));
  return isAbsolute(way) || /^\.\.(?:[\\/]|$)/.test(way) ? undefined : way;
}

/**
 * Whether a path leads to a folder or into it, through links too; neither has to exist. For checks that what is written does not lie
 * in what is read.
 *
 * @example
 * ```ts
 * import { isWithin } from '@llm/data-quality/node';
 * console.assert(isWithin('data/clean', 'data') && isWithin('data', 'data') && !isWithin('data', 'data/clean') && !isWithin('data2', 'data'));
 * ```
 */
export function isWithin(path: string, folder: string): boolean {
  return wayInto(folder, path) !== undefined;
}

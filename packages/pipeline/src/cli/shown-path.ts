import { existsSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';

/** A path as the user would type it from where they are. */
export function shownPath(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way === '' || way.startsWith('..') || isAbsolute(way) || !existsSync(cwd) ? path : way;
}

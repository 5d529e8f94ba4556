import type { Stats } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../data-error.ts';
import { asDataError, kindOf, notAFile } from './open-regular-file.ts';

export interface WalkOptions {
  readonly followSymlinks: boolean;
  /** Whether to pass over an entry of a folder, by its path. */
  readonly excludes: (path: string, name: string) => boolean;
  /** Called for every entry of a folder that is neither a regular file nor a folder, and for what `excludes` names. */
  readonly onSkip: (reason: string, path: string) => void;
  readonly signal: AbortSignal | undefined;
  /** Report folders that cannot be listed to `onSkip` instead of throwing. */
  readonly skipUnreadable: boolean;
}

export interface FoundFile {
  readonly path: string;
  /** Named by the caller, not met in a folder. */
  readonly named: boolean;
}

const look = (path: string, followSymlinks: boolean): Promise<Stats> =>
  (followSymlinks ? stat : lstat)(path).catch((error: unknown) => {
    throw asDataError(error, path);
  });

async function* walkFolder(folder: string, options: WalkOptions, open: ReadonlySet<string>): AsyncGenerator<FoundFile> {
  const { followSymlinks, excludes, onSkip, signal, skipUnreadable } = options;
  signal?.throwIfAborted();
  const real = await realpath(folder);
  if (open.has(real)) {
    onSkip('link to a folder above', folder);
    return;
  }
  const inside = new Set(open).add(real);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const known = asDataError(error, folder);
    if (!(skipUnreadable && known instanceof DataError && known.code === 'E_UNREADABLE')) throw known;
    onSkip(known.code, folder);
    return;
  }
  // By UTF-16 unit, so that the order does not depend on the locale or on the file system.
  for (const name of names.sort()) {
    const path = join(folder, name);
    if (excludes(path, name)) {
      onSkip('excluded', path);
      continue;
    }
    const stats = await look(path, followSymlinks).catch((error: unknown) => {
      if (error instanceof DataError && error.code === 'E_NOT_FOUND') return undefined;
      throw error;
    });
    if (!stats) onSkip('broken link', path);
    else if (stats.isFile()) yield { path, named: false };
    else if (stats.isDirectory()) yield* walkFolder(path, options, inside);
    else onSkip(kindOf(stats), path);
  }
}

/** Regular files at or below a path, in an order that depends on their names only. */
export async function* walkFiles(path: string, options: WalkOptions): AsyncGenerator<FoundFile> {
  const stats = await look(path, options.followSymlinks);
  if (stats.isFile()) yield { path, named: true };
  else if (stats.isDirectory()) yield* walkFolder(path, options, new Set());
  else throw notAFile(stats.isSymbolicLink() ? `a symbolic link to ${await readlink(path)}` : kindOf(stats), path);
}

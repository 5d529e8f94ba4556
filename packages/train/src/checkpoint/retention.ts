import { dirname } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { findCheckpoints } from './run-folder.ts';

/**
 * Removes all but the newest `keep` checkpoints and the newest `keep` finite ones; damaged ones are told and left alone.
 */
export async function removeOld(
  fs: FileSystem,
  runFolder: string,
  { keep, newest, removed, problems }: { keep: number; newest: string; removed: string[]; problems: string[] },
): Promise<void> {
  const { found, broken } = await findCheckpoints(fs, runFolder);
  for (const { path, why } of broken) problems.push(`damaged checkpoint ${path}: ${why}`);
  // A replaced checkpoint has served once the one that replaced it is verified, so it takes no place.
  const named = found.filter(({ replaced }) => !replaced);
  const kept = new Set([...named.slice(0, keep), ...named.filter(({ manifest }) => manifest.finite).slice(0, keep)].map(({ path }) => path));
  for (const { path } of found.reverse()) {
    if (path === newest || kept.has(path)) continue;
    await removeCheckpoint(fs, path);
    removed.push(path);
  }
}

/** Renames it out of the way for good before anything in it goes, so that no crash leaves half of a checkpoint under its name. */
export async function removeCheckpoint(fs: FileSystem, path: string): Promise<void> {
  const doomed = `${path.replace(/\.replaced-\d+$/, '')}.removed-${process.pid}`;
  await fs.remove(doomed);
  await fs.rename(path, doomed);
  await fs.syncFolder(dirname(path));
  await fs.remove(doomed);
}

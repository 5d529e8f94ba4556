import { join } from 'node:path';
import { reasonOf } from './errors.ts';
import type { FileSystem } from './file-system.ts';
import type { Manifest } from './manifest.ts';
import { isAlive } from './process-alive.ts';
import { checkSizes } from './verify.ts';

/** `step-12` is a checkpoint, `step-12.replaced-71` one that a save of the same step is about to replace. */
const CHECKPOINT = /^step-\d+(\.replaced-\d+)?$/;

/** What a process that died left half written or half removed. */
const LEFTOVER = /^(?:step-\d+|latest|run\.lock)\.(?:tmp|removed)-(\d+)$/;

export interface FoundCheckpoint {
  readonly path: string;
  /** Set aside by a later save of the same step. */
  readonly replaced: boolean;
  readonly manifest: Manifest;
}

export interface Skipped {
  readonly path: string;
  readonly why: string;
}

/** The names in the folder; none when there is no folder. */
export async function namesIn(fs: FileSystem, runFolder: string): Promise<string[]> {
  try {
    return await fs.list(runFolder);
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The checkpoints with a whole manifest and files of the right size, newest first, and what is wrong with the others. */
export async function findCheckpoints(fs: FileSystem, runFolder: string): Promise<{ found: FoundCheckpoint[]; broken: Skipped[] }> {
  const found: FoundCheckpoint[] = [];
  const broken: Skipped[] = [];
  for (const name of await namesIn(fs, runFolder)) {
    const match = CHECKPOINT.exec(name);
    if (match === null) continue;
    const path = join(runFolder, name);
    try {
      found.push({ path, replaced: match[1] !== undefined, manifest: await checkSizes(fs, path) });
    } catch (error) {
      broken.push({ path, why: reasonOf(error) });
    }
  }
  found.sort((a, b) => b.manifest.sequence - a.manifest.sequence || b.manifest.step - a.manifest.step);
  return { found, broken };
}

/** Removes what dead processes, and earlier saves of this one, left behind. What `busy` holds is being written right now. */
export async function sweepLeftovers(fs: FileSystem, runFolder: string, { busy }: { busy: ReadonlySet<string> }): Promise<void> {
  for (const name of await namesIn(fs, runFolder)) {
    const pid = Number(LEFTOVER.exec(name)?.[1]);
    const path = join(runFolder, name);
    if (pid > 0 && !busy.has(path) && (pid === process.pid || !isAlive(pid))) await fs.remove(path);
  }
}

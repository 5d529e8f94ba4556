import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { CheckpointError, reasonOf } from './errors.ts';
import { isAlive } from './process-alive.ts';

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly startedAt: string;
  /** When the process began, in the kernel's ticks: tells it from a later one with the same id. Linux only. */
  readonly processStart?: string;
}

export interface RunLock {
  /** Set when the lock of a dead process was taken over; worth telling the user. */
  readonly note: string | undefined;
  /** Gives the folder free again; safe to call twice. */
  release(): Promise<void>;
}

async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the command in brackets and may hold anything, so fields are counted after the last bracket.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** Appears whole or not at all, and never over another: a link to a finished file. */
async function claim(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.tmp-${process.pid}`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (reasonOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'].includes(reasonOf(error))) throw error;
    return await claimWithoutLinks(path, text); // FAT and some network folders know no links
  } finally {
    await rm(temporary, { force: true });
  }
}

async function claimWithoutLinks(path: string, text: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    await handle.writeFile(text).finally(() => handle.close());
    return true;
  } catch (error) {
    if (reasonOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function ownerOf(text: string, path: string): Owner {
  let owner: Partial<Owner> | null = null;
  try {
    owner = JSON.parse(text) as Partial<Owner> | null;
  } catch {
    // told below
  }
  if (owner === null || typeof owner !== 'object' || !Number.isSafeInteger(owner.pid) || owner.pid! <= 0 || typeof owner.host !== 'string') {
    throw new CheckpointError('E_LOCKED', `lockRun: expected the owner's process in ${path} but found something else. Delete the file if no run uses this folder.`);
  }
  return owner as Owner;
}

async function isStale({ pid, host, processStart: start }: Owner): Promise<boolean> {
  if (host !== hostname()) return false; // cannot be known from here
  if (!isAlive(pid)) return true;
  return start !== undefined && start !== await processStart(pid);
}

/** Moves a stale lock aside; false when it turned out to be a fresh one, taken over by somebody quicker, which is put back. */
async function moveAside(path: string, stale: string): Promise<boolean> {
  const aside = `${path}.removed-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return true;
    throw error;
  }
  const moved = await readFile(aside, 'utf8');
  if (moved !== stale) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
  return moved === stale;
}

/**
 * Takes a run folder for this process, by a file `run.lock` with process, machine and time in it.
 *
 * A lock that a dead process of this machine left is taken over, with a note. One from another machine is respected.
 *
 * @throws CheckpointError E_LOCKED naming the process and machine that hold it.
 *
 * @example
 * ```ts
 * import { lockRun } from '@llm/train/node';
 * const lock = await lockRun('run');
 * await lock.release();
 * ```
 */
export async function lockRun(runFolder: string): Promise<RunLock> {
  const path = resolve(join(runFolder, 'run.lock'));
  if (ours.has(path)) throw new CheckpointError('E_LOCKED', `lockRun: expected ${runFolder} to be free but found this process itself at work on it. Release the first lock.`);
  ours.add(path);
  try {
    await mkdir(runFolder, { recursive: true });
    const { text, note } = await take(path, runFolder);
    return {
      note,
      async release() {
        if (await readFile(path, 'utf8').catch(() => '') === text) await rm(path, { force: true });
        ours.delete(path);
      },
    };
  } catch (error) {
    ours.delete(path);
    throw error;
  }
}

/** Locks that this process holds or is about to. */
const ours = new Set<string>();

async function take(path: string, runFolder: string): Promise<{ text: string; note: string | undefined }> {
  const start = await processStart(process.pid);
  const owner: Owner = { pid: process.pid, host: hostname(), startedAt: new Date().toISOString(), ...(start === undefined ? {} : { processStart: start }) };
  const text = `${JSON.stringify(owner)}\n`;
  let note: string | undefined;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await claim(path, text)) return { text, note };
    const held = await readFile(path, 'utf8').catch((error: unknown) => {
      if (reasonOf(error) === 'ENOENT') return undefined; // released this moment
      throw error;
    });
    if (held === undefined) continue;
    const other = ownerOf(held, path);
    if (!await isStale(other)) {
      throw new CheckpointError('E_LOCKED', `lockRun: expected ${runFolder} to be free but found process ${other.pid} on ${other.host} at work on it since ${other.startedAt}. Wait for it, use another folder, or delete ${path} if that process is gone.`);
    }
    if (await moveAside(path, held)) note = `took over ${runFolder} from process ${other.pid}, which ended without releasing it`;
  }
  throw new CheckpointError('E_LOCKED', `lockRun: expected to take ${runFolder} but found other processes quicker three times. Start one run per folder.`);
}

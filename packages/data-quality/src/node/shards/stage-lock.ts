import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { sleep } from '../../sleep.ts';

export interface StageLockOptions {
  readonly signal: AbortSignal | undefined;
  /** How often the owner says that it lives. */
  readonly beatMs?: number;
  /** So long the file may stay the same until it counts as left behind. */
  readonly staleMs?: number;
  /** Ends the wait: somebody else has done the work. */
  readonly isDone: () => Promise<boolean>;
}

interface Owner {
  readonly owner: string;
  readonly beat: number;
}

const read = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

/**
 * Does some work while holding a lock file, or waits until another process has done it. A lock whose beat does not change for
 * `staleMs` of our own clock is taken over; the clocks of other machines do not matter.
 *
 * It saves work and guards nothing: should two do the work after all, both write the same files, whole and in one move.
 */
export async function withStageLock(path: string, work: () => Promise<void>, { signal, beatMs = 2000, staleMs = 30_000, isDone }: StageLockOptions): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const me = `${process.pid}@${hostname()}~${randomUUID()}`;
  let [seen, since] = [undefined as string | undefined, performance.now()];
  for (;;) {
    signal?.throwIfAborted();
    if (await isDone()) return;
    const handle = await open(path, 'wx').catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 'EEXIST') return undefined;
      throw error;
    });
    if (handle) {
      await handle.writeFile(JSON.stringify({ owner: me, beat: 0 } satisfies Owner));
      await handle.close();
      break;
    }
    const now = await read(path);
    if (now !== seen) [seen, since] = [now, performance.now()];
    else if (performance.now() - since > staleMs) {
      // Of all that see it stale, one moves it away; should it have come to life meanwhile, both work, which does no harm.
      await rename(path, `${path}.${randomUUID()}.stale`).then(() => undefined, () => undefined);
      [seen, since] = [undefined, performance.now()];
      continue;
    }
    await sleep(Math.min(beatMs, 500), signal);
  }
  let beat = 0;
  let beating: Promise<unknown> = Promise.resolve();
  // Never makes the file: it may have been taken away.
  const write = (): Promise<unknown> => writeFile(path, JSON.stringify({ owner: me, beat: ++beat } satisfies Owner), { flag: 'r+' }).catch(() => undefined);
  const timer = setInterval(() => { beating = beating.then(write); }, beatMs);
  try {
    if (!(await isDone())) await work();
  } finally {
    clearInterval(timer);
    await beating;
    const last = await read(path);
    if (last?.includes(me)) await rm(path, { force: true });
  }
}

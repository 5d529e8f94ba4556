import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; throws the reason of the signal when it is given. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined);
  signal?.throwIfAborted();
}

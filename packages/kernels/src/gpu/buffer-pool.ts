import type { GpuMemory } from './program.ts';

/** A buffer with what the device keeps of it. */
export interface PooledMemory extends GpuMemory {
  readonly id: number;
  readonly size: number;
  bytes: number;
  /** In use, as opposed to waiting in a pool. */
  live: boolean;
  /** Counts its uses, so that who remembers it can tell whether it has been given to another. */
  generation: number;
  /** The batch of commands that last touched it. */
  epoch: number;
  /** The recording whose memory it is, if any. */
  owner: object | undefined;
  /** Never shared out again within its recording: it holds what each replay needs unchanged. */
  pinned: boolean;
}

/** What has been allocated. */
export interface PoolStats {
  /** Bytes of tensors and temporaries alive, the most there ever were, and bytes of all buffers, free ones included. */
  readonly usedBytes: number;
  readonly peakBytes: number;
  readonly bufferBytes: number;
  readonly buffersCreated: number;
}

/** Memory that waits by size class, newest last. */
export type FreeList = Map<number, PooledMemory[]>;

const LEAST = 256;

/** The size of the buffer for so many bytes: at most an eighth more, so that close sizes share buffers. */
export function sizeClass(bytes: number): number {
  if (bytes <= LEAST) return LEAST;
  const step = Math.max(LEAST, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / step) * step;
}

/** Takes a waiting buffer of the class, if there is one. */
export function takeFree(list: FreeList, size: number): PooledMemory | undefined {
  return list.get(size)?.pop();
}

/** Leaves a buffer for the next who wants one of its class. */
export function giveFree(list: FreeList, memory: PooledMemory): void {
  const waiting = list.get(memory.size);
  if (waiting === undefined) list.set(memory.size, [memory]);
  else waiting.push(memory);
}

import type { Arena } from './arena.ts';
import { type FreeList, giveFree, type PooledMemory } from './buffer-pool.ts';
import type { Command, CommandQueue } from './command-queue.ts';
import type { GpuMemory } from './program.ts';

/** Values from the host that a recording uses, and where they lie. */
export interface RecordedWrite {
  readonly memory: PooledMemory;
  readonly source: ArrayBufferView;
}

/**
 * What is collected while something is recorded. All memory that is allocated meanwhile belongs to the recording and is
 * shared out again within it alone, so that replaying the commands in the same order does the same.
 */
export interface Recording {
  readonly commands: Command[];
  readonly arenas: Arena[];
  readonly writes: RecordedWrite[];
  readonly owned: Set<PooledMemory>;
  readonly free: FreeList;
  /** Memory from outside that commands use, with its generation then. */
  readonly external: Map<PooledMemory, number>;
}

/** A recording of nothing yet. */
export function startRecording(): Recording {
  return { commands: [], arenas: [], writes: [], owned: new Set(), free: new Map(), external: new Map() };
}

/** Recorded commands, ready to run again. */
export interface Plan {
  readonly dispatches: number;
  /** What came from the host while recording, in order: give newer values with `write`. */
  readonly writes: readonly RecordedWrite[];
  /** Whether the memory belongs to the plan, so that each replay writes it anew. */
  owns(memory: GpuMemory): boolean;
  /** Names the results. Other memory that is still in use after the recording belongs to whoever uses it, and must stay for the plan to be valid. */
  keep(results: readonly GpuMemory[]): void;
  /** Whether all memory from outside that the commands use is still what it was. */
  valid(): boolean;
  /** Runs the commands once more. */
  replay(): void;
  /** Gives the memory back. Tensors that still lie in it keep it. */
  dispose(): void;
}

/** A plan of what was recorded. */
export function planOf(recorded: Recording, { queue, pool, check }: { queue: CommandQueue; pool: FreeList; check: () => void }): Plan {
  const { commands, arenas, writes, external, owned } = recorded;
  for (const arena of arenas) arena.upload();
  return {
    dispatches: commands.filter(({ kind }) => kind === 'dispatch').length,
    writes,
    owns: (memory) => owned.has(memory as PooledMemory),
    keep(results) {
      for (const memory of owned) {
        if (!memory.live || results.includes(memory)) continue;
        owned.delete(memory);
        memory.owner = undefined;
        memory.pinned = false;
        external.set(memory, memory.generation);
      }
    },
    valid: () => [...external].every(([memory, generation]) => memory.live && memory.generation === generation),
    replay() {
      check();
      for (const command of commands) queue.add(command);
      for (const memories of [external.keys(), owned]) for (const memory of memories) memory.epoch = queue.epoch;
      queue.submit();
    },
    dispose() {
      queue.submit();
      discard(recorded, pool);
    },
  };
}

/** Gives up a recording: memory that nobody uses goes to the pool. */
export function discard({ owned, arenas }: Recording, pool: FreeList): void {
  for (const memory of owned) {
    memory.owner = undefined;
    memory.pinned = false;
    if (!memory.live) giveFree(pool, memory);
  }
  owned.clear();
  for (const { buffer } of arenas) buffer.destroy();
}

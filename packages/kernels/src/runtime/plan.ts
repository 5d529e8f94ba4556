import type { Heap } from './heap.ts';

/** Values from the host that a recording uses, and where they lie. */
export interface PlannedWrite {
  readonly address: number;
  readonly source: ArrayBufferView;
}

/** Recorded dispatches, ready to run again. */
export interface WasmPlan {
  readonly dispatches: number;
  /** What came from the host while recording, in order: newer values may be written there. */
  readonly writes: readonly PlannedWrite[];
  /** Whether the memory belongs to the plan, so that each replay writes it anew. */
  owns(address: number): boolean;
  /** Takes memory of a result into use again, after it was freed. */
  revive(address: number): void;
  /** Runs the dispatches once more. */
  replay(): void;
  /** Gives the memory back; what is still in use is freed by whoever uses it. */
  dispose(): void;
}

type Dispatch = (fn: string, total: number, grain: number, args: readonly number[]) => void;

interface Block { readonly size: number; live: boolean; pinned: boolean }

/** Blocks of one size are exchangeable. */
const sizeOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / 64));

interface Recording {
  readonly commands: Parameters<Dispatch>[];
  readonly writes: PlannedWrite[];
  readonly blocks: Map<number, Block>;
  readonly free: Map<number, number[]>;
  /** Nothing but dispatches and values from the host has touched memory so far. */
  whole: boolean;
}

/** What a device records: its heap and its dispatches go through here. */
export interface Recorder {
  readonly heap: Heap;
  readonly dispatch: Dispatch;
  readonly recording: boolean;
  /** Memory was read or written by something that no replay repeats. */
  touched(): void;
  /** Memory for values from the host, of which `source` are to be put there; no dispatch of the recording comes over them but by intent. */
  place(bytes: number, source: ArrayBufferView | undefined): number;
  /** Runs `fn` and remembers what it dispatches; the plan is undefined where `fn` did more than that. */
  record<T>(fn: () => T): { readonly result: T; readonly plan: WasmPlan | undefined };
}

/**
 * Records what runs on a heap. All memory that is allocated meanwhile belongs to the recording and is shared out again within it
 * alone, so that running the same dispatches in the same order does the same again.
 */
export function createRecorder(heap: Heap, run: Dispatch): Recorder {
  let current: Recording | undefined;
  const owners = new Map<number, Recording>();

  const own = (recording: Recording, bytes: number): number => {
    const address = heap.alloc(bytes);
    owners.set(address, recording);
    recording.blocks.set(address, { size: sizeOf(bytes), live: true, pinned: false });
    return address;
  };
  const reuse = (recording: Recording, address: number): number => {
    recording.blocks.get(address)!.live = true;
    return address;
  };
  const giveUp = (recording: Recording): void => {
    for (const [address, { live }] of recording.blocks) {
      owners.delete(address);
      if (!live) heap.free(address);
    }
    recording.blocks.clear();
  };
  const planOf = (recording: Recording): WasmPlan => ({
    dispatches: recording.commands.length,
    writes: recording.writes,
    owns: (address) => recording.blocks.has(address),
    revive: (address) => { recording.blocks.get(address)!.live = true; },
    replay: () => { for (const command of recording.commands) run(...command); },
    dispose: () => giveUp(recording),
  });

  return {
    heap: {
      stats: heap.stats,
      alloc(bytes) {
        if (current === undefined) return heap.alloc(bytes);
        const size = sizeOf(bytes);
        const known = current.free.get(size)?.pop();
        return known === undefined ? own(current, bytes) : reuse(current, known);
      },
      free(address) {
        const owner = owners.get(address);
        if (owner === undefined) {
          heap.free(address);
          return;
        }
        const block = owner.blocks.get(address)!;
        if (block.live && owner === current && !block.pinned) {
          const free = owner.free.get(block.size);
          if (free === undefined) owner.free.set(block.size, [address]);
          else free.push(address);
        }
        block.live = false;
      },
    },
    dispatch(fn, total, grain, args) {
      run(fn, total, grain, args);
      current?.commands.push([fn, total, grain, args]);
    },
    get recording() {
      return current !== undefined;
    },
    touched() {
      if (current !== undefined) current.whole = false;
    },
    place(bytes, source) {
      if (current === undefined) return heap.alloc(bytes);
      const address = own(current, bytes);
      current.blocks.get(address)!.pinned = true;
      if (source !== undefined) current.writes.push({ address, source });
      return address;
    },
    record(fn) {
      if (current !== undefined) throw new Error('record: expected one recording at a time but found one in another.');
      const recording: Recording = { commands: [], writes: [], blocks: new Map(), free: new Map(), whole: true };
      current = recording;
      let result;
      try {
        result = fn();
      } catch (error) {
        current = undefined;
        giveUp(recording);
        throw error;
      }
      current = undefined;
      if (recording.whole) return { result, plan: planOf(recording) };
      giveUp(recording);
      return { result, plan: undefined };
    },
  };
}

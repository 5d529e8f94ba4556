import { createArena } from './arena.ts';
import type { Faults } from './faults.ts';

/** One entry of a batch of commands. */
export type Command =
  | { readonly kind: 'dispatch'; readonly pipeline: GPUComputePipeline; readonly group: GPUBindGroup; readonly offsets: readonly number[]; readonly grid: readonly [number, number, number] }
  | { readonly kind: 'copy'; readonly from: GPUBuffer; readonly fromOffset: number; readonly to: GPUBuffer; readonly toOffset: number; readonly bytes: number };

/** Commands on their way to the device. */
export interface CommandQueue {
  /** Numbers the batch that is being collected: what carries it has not been handed over yet. */
  readonly epoch: number;
  readonly arena: GPUBuffer;
  /** Keeps scalars for a dispatch of this batch and returns where they lie. */
  place(bytes: ArrayBuffer): number;
  add(command: Command): void;
  submit(): void;
  readonly counts: { dispatches: number; submits: number };
}

/** Dispatches handed over at a time, so that the device starts while more are prepared. */
const BATCH = 384;

/** The number of slots for scalars in one arena. */
export const ARENA_SLOTS = 512;

/** An empty queue. */
export function createQueue(device: GPUDevice, { check }: Faults): CommandQueue {
  const arena = createArena(device, ARENA_SLOTS);
  const counts = { dispatches: 0, submits: 0 };
  let encoder: GPUCommandEncoder | undefined;
  let pass: GPUComputePassEncoder | undefined;
  let pipeline: GPUComputePipeline | undefined;
  let waiting = 0;
  let epoch = 1;
  const endPass = (): void => {
    pass?.end();
    pass = undefined;
    pipeline = undefined;
  };
  const submit = (): void => {
    if (encoder === undefined) return;
    endPass();
    arena.upload();
    device.queue.submit([encoder.finish()]);
    arena.reset();
    encoder = undefined;
    waiting = 0;
    epoch++;
    counts.submits++;
    check();
  };
  return {
    get epoch() {
      return epoch;
    },
    arena: arena.buffer,
    counts,
    submit,
    place(bytes) {
      const at = arena.add(bytes);
      if (at !== undefined) return at;
      submit();
      return arena.add(bytes)!;
    },
    add(command) {
      encoder ??= device.createCommandEncoder();
      waiting++;
      if (command.kind === 'copy') {
        endPass();
        encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, command.toOffset, command.bytes);
        return;
      }
      pass ??= encoder.beginComputePass();
      if (pipeline !== command.pipeline) pass.setPipeline(pipeline = command.pipeline);
      // Nothing is made here: a replayed step of hundreds of dispatches comes by each time.
      pass.setBindGroup(0, command.group, command.offsets as number[]);
      const { grid } = command;
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
      counts.dispatches++;
      if (waiting >= BATCH) submit();
    },
  };
}

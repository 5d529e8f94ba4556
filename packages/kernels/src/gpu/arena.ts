import { BUFFER } from './flags.ts';

/** Scalars of many dispatches in one uniform buffer, uploaded once before they run. */
export interface Arena {
  readonly buffer: GPUBuffer;
  /** Copies scalars in and returns where they lie, or undefined when the arena is full. */
  add(bytes: ArrayBuffer): number | undefined;
  /** Uploads what was added. */
  upload(): void;
  /** Starts again from the beginning. */
  reset(): void;
}

/** An arena for `slots` dispatches; a slot is what the device demands as the distance of two offsets. */
export function createArena(device: GPUDevice, slots: number): Arena {
  const slot = Math.max(256, device.limits.minUniformBufferOffsetAlignment);
  const words = new Uint8Array(slots * slot);
  const buffer = device.createBuffer({ label: 'scalars', size: words.length, usage: BUFFER.UNIFORM | BUFFER.COPY_DST });
  let used = 0;
  return {
    buffer,
    add(bytes) {
      const room = Math.ceil(bytes.byteLength / slot) * slot;
      if (used + room > words.length) return undefined;
      words.set(new Uint8Array(bytes), used);
      used += room;
      return used - room;
    },
    upload() {
      if (used > 0) device.queue.writeBuffer(buffer, 0, words, 0, used);
    },
    reset() {
      used = 0;
    },
  };
}

import { type FreeList, giveFree, type PooledMemory, sizeClass, takeFree } from './buffer-pool.ts';
import type { Command, CommandQueue } from './command-queue.ts';
import type { Faults } from './faults.ts';
import { BUFFER } from './flags.ts';
import { GpuError } from './gpu-error.ts';
import type { GpuMemory } from './program.ts';
import type { Recording } from './recording.ts';

/** Owns the memory that others made. */
const FOREIGN = {};
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 1 : 0);

/** The most that one binding holds, in whole words of four as everything is bound. */
export function bindableBytes({ maxBufferSize, maxStorageBufferBindingSize }: GPUSupportedLimits): number {
  return Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / 16) * 16;
}

/** The memory of a device: who has which buffer, while something is recorded and otherwise. */
export interface DeviceMemory {
  readonly pool: FreeList;
  /** The most bytes of one tensor: what the card binds at once, or less where that was asked for. */
  mostBytes: number;
  readonly counts: { usedBytes: number; peakBytes: number; bufferBytes: number; buffersCreated: number };
  /** What is being recorded, if anything: allocations then belong to it. */
  recording: Recording | undefined;
  createBuffer(size: number, usage: number): GPUBuffer;
  /** Memory that no tensor has, for the device's own use. */
  fresh(size: number): PooledMemory;
  /** Takes note that a command of the present batch uses it. */
  touch(memory: GpuMemory): void;
  alloc(bytes: number): GpuMemory;
  place(values: ArrayBufferView): GpuMemory;
  free(memory: GpuMemory): void;
  revive(memory: GpuMemory): void;
  adopt(buffer: GPUBuffer, bytes: number): GpuMemory;
  write(memory: GpuMemory, values: ArrayBufferView): void;
  copy(from: GpuMemory, to: GpuMemory, range?: { readonly from?: number; readonly to?: number; readonly bytes?: number }): void;
}

/** A device's memory, with nothing in it. `add` takes commands to the queue or to the recording. */
export function createMemory(device: GPUDevice, { faults, queue, add }: { faults: Faults; queue: CommandQueue; add: (command: Command) => void }): DeviceMemory {
  const { check } = faults;
  const pool: FreeList = new Map();
  const counts = { usedBytes: 0, peakBytes: 0, bufferBytes: 0, buffersCreated: 0 };
  const bindable = bindableBytes(device.limits);
  let nextId = 0;

  const createBuffer = (size: number, usage: number): GPUBuffer => {
    check();
    counts.bufferBytes += size;
    counts.buffersCreated++;
    return faults.within('out-of-memory', () => device.createBuffer({ size, usage }), () => new GpuError(
      'E_GPU_OUT_OF_MEMORY',
      `expected ${mebibytes(size)} MiB on the graphics card beside ${mebibytes(counts.usedBytes)} MiB in use but found no room. Use a smaller batch, shorter rows with accumulation, or activation checkpointing.`,
    ));
  };
  const bufferSize = (bytes: number): number => {
    if (bytes > memory.mostBytes) {
      throw new GpuError(
        'E_GPU_OUT_OF_MEMORY',
        `expected tensors of at most ${mebibytes(memory.mostBytes)} MiB, what this graphics card binds at once, but found ${mebibytes(bytes)} MiB. Use a smaller batch or shorter rows, or hold a matrix of that size as rowBlocks.`,
      );
    }
    return Math.min(sizeClass(bytes), bindable);
  };
  const fresh = (size: number): PooledMemory => ({
    id: nextId++, buffer: createBuffer(size, BUFFER.STORAGE | BUFFER.COPY_SRC | BUFFER.COPY_DST), size, bytes: size,
    live: false, generation: 0, epoch: 0, owner: undefined, pinned: false,
  });
  const use = (memory: PooledMemory): PooledMemory => {
    memory.live = true;
    counts.usedBytes += memory.size;
    counts.peakBytes = Math.max(counts.peakBytes, counts.usedBytes);
    return memory;
  };
  const upload = (memory: PooledMemory, values: ArrayBufferView): void => {
    if (memory.epoch === queue.epoch) queue.submit();
    const { buffer, byteOffset, byteLength } = values;
    const source = byteLength % 4 === 0 ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(Math.ceil(byteLength / 4) * 4);
    if (byteLength % 4 !== 0) source.set(new Uint8Array(buffer, byteOffset, byteLength));
    if (source.length > 0) device.queue.writeBuffer(memory.buffer, 0, source as BufferSource);
  };
  /** A place of their own for values that a recording uses, where nothing else of it may come. */
  const placeFor = (recording: Recording, values: ArrayBufferView): PooledMemory => {
    const memory = Object.assign(takeFree(pool, bufferSize(values.byteLength)) ?? fresh(bufferSize(values.byteLength)), { bytes: values.byteLength, owner: recording, pinned: true });
    recording.owned.add(memory);
    recording.writes.push({ memory, source: values });
    upload(memory, values);
    return memory;
  };

  const memory: DeviceMemory = {
    pool, counts, createBuffer, fresh,
    mostBytes: bindable,
    recording: undefined,
    touch(given) {
      const touched = given as PooledMemory;
      const { recording } = memory;
      touched.epoch = queue.epoch;
      if (recording !== undefined && touched.owner !== recording && !recording.external.has(touched)) recording.external.set(touched, touched.generation);
    },
    alloc(bytes) {
      check();
      const { recording } = memory;
      const size = bufferSize(bytes);
      const taken = (recording && takeFree(recording.free, size)) ?? takeFree(pool, size) ?? fresh(size);
      if (recording !== undefined) {
        taken.owner = recording;
        recording.owned.add(taken);
      }
      taken.bytes = bytes;
      taken.generation++;
      return use(taken);
    },
    place(values) {
      const { recording } = memory;
      if (recording !== undefined) {
        check();
        const placed = placeFor(recording, values);
        placed.generation++;
        return use(placed);
      }
      const placed = memory.alloc(values.byteLength);
      upload(placed as PooledMemory, values);
      return placed;
    },
    free(given) {
      const freed = given as PooledMemory;
      if (!freed.live) return;
      const { recording } = memory;
      freed.live = false;
      if (freed.owner === FOREIGN) return;
      counts.usedBytes -= freed.size;
      if (freed.owner === undefined && recording === undefined) giveFree(pool, freed);
      else if (freed.owner === undefined) {
        // The recording may read it: it stays as it is for the replays.
        Object.assign(freed, { owner: recording, pinned: true });
        recording!.owned.add(freed);
      } else if (freed.owner === recording && !freed.pinned) giveFree(recording!.free, freed);
    },
    revive(given) {
      if (!(given as PooledMemory).live) use(given as PooledMemory);
    },
    adopt: (buffer, bytes): PooledMemory => ({ id: nextId++, buffer, size: buffer.size, bytes, live: true, generation: 0, epoch: 0, owner: FOREIGN, pinned: true }),
    write(given, values) {
      check();
      const { recording } = memory;
      if (recording === undefined) upload(given as PooledMemory, values);
      else memory.copy(placeFor(recording, values), given, { bytes: values.byteLength });
    },
    copy(from, to, { from: fromOffset = 0, to: toOffset = 0, bytes = from.bytes } = {}) {
      if (bytes === 0) return;
      memory.touch(from);
      memory.touch(to);
      add({ kind: 'copy', from: from.buffer, fromOffset, to: to.buffer, toOffset, bytes: Math.ceil(bytes / 4) * 4 });
    },
  };
  return memory;
}

import { createArena } from './arena.ts';
import { ARENA_SLOTS, type Command, createQueue } from './command-queue.ts';
import { listen } from './faults.ts';
import { type FreeList, giveFree, type PooledMemory, type PoolStats, sizeClass, takeFree } from './buffer-pool.ts';
import { featuresOf, findAdapter, type FoundAdapter, type GpuFeatures, requestDevice } from './find-adapter.ts';
import { BUFFER, MAP_READ } from './flags.ts';
import { GpuError } from './gpu-error.ts';
import { createPipelines, packParams } from './pipelines.ts';
import type { GpuMemory, GpuProgram, ProgramCall, RawCall, Scalar } from './program.ts';
import { discard, type Plan, planOf, type Recording, startRecording } from './recording.ts';

export interface GpuStats extends PoolStats {
  readonly dispatches: number;
  readonly submits: number;
}

/** A graphics card with a pool of memory, a queue of commands and the programs it has compiled. */
export interface GpuDevice {
  readonly device: GPUDevice;
  readonly adapter: FoundAdapter;
  readonly features: GpuFeatures;
  readonly limits: GPUSupportedLimits;
  /** Memory of undefined content. */
  alloc(bytes: number): GpuMemory;
  free(memory: GpuMemory): void;
  /** Takes memory of a plan's result into use again, after it was freed. */
  revive(memory: GpuMemory): void;
  /** Memory that somebody else made and will destroy. */
  adopt(buffer: GPUBuffer, bytes: number): GpuMemory;
  /** Sets the first bytes of the memory. */
  write(memory: GpuMemory, values: ArrayBufferView): void;
  copy(from: GpuMemory, to: GpuMemory, range?: { readonly from?: number; readonly to?: number; readonly bytes?: number }): void;
  /** The values, once everything before has run. Throws what has gone wrong on the card up to then. */
  read(memory: GpuMemory): Promise<ArrayBuffer>;
  run(program: GpuProgram, call: ProgramCall): void;
  runRaw(call: RawCall): void;
  /** Hands everything so far to the card. */
  submit(): void;
  /** Collects what `fn` runs instead of running it, and then runs it once as a plan. */
  record<T>(fn: () => T): { readonly result: T; readonly plan: Plan };
  stats(): GpuStats;
  /** Resolves when the card is lost other than by `close`. */
  readonly lost: Promise<GpuError>;
  close(): void;
}

/** Owns the memory that others made. */
const FOREIGN = {};
const MOST_GROUPS = 65_535;
/** Bindings that are kept for the next call with the same memory. */
const MOST_GROUPS_KEPT = 8192;
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 1 : 0);

/**
 * Opens the graphics card through WebGPU: of the page, or of the package `webgpu` in Node. `halfPrecision: false` leaves its
 * half precision alone.
 *
 * @throws GpuError E_NO_GPU where there is none.
 */
export async function createGpuDevice(options: { readonly halfPrecision?: boolean } = {}): Promise<GpuDevice> {
  const adapter = await findAdapter();
  const device = await requestDevice(adapter.adapter, options);
  const { limits } = device;
  const faults = listen(device);
  const { check } = faults;
  const queue = createQueue(device, faults);
  const { submit } = queue;
  const compile = createPipelines(device, faults);

  const pool: FreeList = new Map();
  const staging: Map<number, GPUBuffer[]> = new Map();
  const groups = new Map<string, GPUBindGroup>();
  const nothing: PooledMemory[] = [];
  let nextId = 0;
  let recording: Recording | undefined;
  const counts = { usedBytes: 0, peakBytes: 0, bufferBytes: 0, buffersCreated: 0 };

  const createBuffer = (size: number, usage: number): GPUBuffer => {
    check();
    counts.bufferBytes += size;
    counts.buffersCreated++;
    return faults.within('out-of-memory', () => device.createBuffer({ size, usage }), () => new GpuError(
      'E_GPU_OUT_OF_MEMORY',
      `expected ${mebibytes(size)} MiB on the graphics card beside ${mebibytes(counts.usedBytes)} MiB in use but found no room. Use a smaller batch, shorter rows with accumulation, or activation checkpointing.`,
    ));
  };
  const fresh = (size: number): PooledMemory => ({
    id: nextId++, buffer: createBuffer(size, BUFFER.STORAGE | BUFFER.COPY_SRC | BUFFER.COPY_DST), size, bytes: size,
    live: false, generation: 0, epoch: 0, owner: undefined, pinned: false,
  });
  const touch = (memory: PooledMemory): void => {
    memory.epoch = queue.epoch;
    if (recording === undefined) return;
    recording.touched.add(memory);
    if (memory.owner !== recording && !recording.external.has(memory)) recording.external.set(memory, memory.generation);
  };

  const add = (command: Command): void => {
    if (recording === undefined) queue.add(command);
    else recording.commands.push(command);
  };
  /** Where the scalars of the next dispatch lie. */
  const place = (bytes: ArrayBuffer): { buffer: GPUBuffer; offset: number } => {
    if (recording === undefined) {
      const offset = queue.place(bytes);
      return { buffer: queue.arena, offset };
    }
    const last = recording.arenas.at(-1);
    const at = last?.add(bytes);
    if (last !== undefined && at !== undefined) return { buffer: last.buffer, offset: at };
    const another = createArena(device, ARENA_SLOTS);
    counts.buffersCreated++;
    recording.arenas.push(another);
    return { buffer: another.buffer, offset: another.add(bytes)! };
  };
  const whole = (memory: GpuMemory): GPUBufferBinding => ({ buffer: memory.buffer, size: Math.max(16, Math.ceil(memory.bytes / 16) * 16) });

  const run = (program: GpuProgram, { bind, params, grid: [x, y = 1, z = 1], constants = {} }: ProgramCall): void => {
    check();
    if (x === 0 || y === 0 || z === 0) return;
    if (Math.max(x, y, z) > MOST_GROUPS) throw new RangeError(`${program.name}: expected at most ${MOST_GROUPS} workgroups in each direction but found ${x} × ${y} × ${z}. Use a smaller tensor.`);
    const compiled = compile(program, constants);
    const memories = program.bindings.map((access, i): PooledMemory => {
      const given = bind[i] as PooledMemory | undefined;
      // Memory for an absent port: what is written must not be bound twice, so each place has its own.
      if (given === undefined) return nothing[access === 'read' ? 0 : i + 1] ??= fresh(256);
      touch(given);
      return given;
    });
    memories.forEach((memory, i) => {
      if (program.bindings[i] !== 'write') return;
      const twin = memories.findIndex((other, j) => j !== i && other === memory);
      if (twin >= 0) throw new RangeError(`${program.name}: expected what it writes (binding ${i + 1}) to share no memory with binding ${twin + 1}. Copy the tensor first.`);
    });
    const { buffer, offset } = place(packParams(program.name, program.params as Readonly<Record<string, Scalar>>, params));
    const make = (): GPUBindGroup => device.createBindGroup({
      label: program.name, layout: compiled.layout,
      entries: [{ binding: 0, resource: { buffer, size: 256 } }, ...memories.map((memory, i) => ({ binding: i + 1, resource: whole(memory) }))],
    });
    let group: GPUBindGroup | undefined;
    if (recording === undefined) {
      const key = `${compiled.id};${memories.map(({ id, bytes }) => `${id},${bytes}`).join(';')}`;
      group = groups.get(key);
      if (group === undefined) {
        if (groups.size >= MOST_GROUPS_KEPT) groups.clear();
        groups.set(key, group = make());
      }
    } else group = make();
    add({ kind: 'dispatch', pipeline: compiled.pipeline, group, offset, grid: [x, y, z] });
  };
  const runRaw = ({ pipeline, storage, uniforms, grid }: RawCall): void => {
    check();
    for (const memory of storage) touch(memory as PooledMemory);
    const { buffer, offset } = place(uniforms);
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [...storage.map(whole), { buffer, offset, size: Math.ceil(uniforms.byteLength / 16) * 16 }].map((resource, binding) => ({ binding, resource })),
    });
    add({ kind: 'dispatch', pipeline, group, offset: undefined, grid });
  };

  const alloc = (bytes: number): GpuMemory => {
    check();
    const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
    if (bytes > most) throw new GpuError('E_GPU_OUT_OF_MEMORY', `expected tensors of at most ${mebibytes(most)} MiB, what this graphics card binds at once, but found ${mebibytes(bytes)} MiB. Use a smaller batch or shorter rows.`);
    const size = Math.min(sizeClass(bytes), Math.ceil(most / 16) * 16);
    const memory = takeFree(recording?.free ?? pool, size) ?? fresh(size);
    if (recording !== undefined) {
      memory.owner = recording;
      recording.owned.add(memory);
    }
    memory.bytes = bytes;
    memory.live = true;
    memory.generation++;
    counts.usedBytes += size;
    counts.peakBytes = Math.max(counts.peakBytes, counts.usedBytes);
    return memory;
  };
  const revive = (given: GpuMemory): void => {
    const memory = given as PooledMemory;
    if (memory.live) return;
    memory.live = true;
    counts.usedBytes += memory.size;
    counts.peakBytes = Math.max(counts.peakBytes, counts.usedBytes);
  };
  const adopt = (buffer: GPUBuffer, bytes: number): PooledMemory => ({
    id: nextId++, buffer, size: buffer.size, bytes, live: true, generation: 0, epoch: 0, owner: FOREIGN, pinned: true,
  });
  const free = (given: GpuMemory): void => {
    const memory = given as PooledMemory;
    if (!memory.live) return;
    memory.live = false;
    if (memory.owner === FOREIGN) return;
    counts.usedBytes -= memory.size;
    if (memory.owner === undefined && recording === undefined) giveFree(pool, memory);
    else if (memory.owner === undefined) {
      // The recording may read it: it stays as it is for the replays.
      memory.owner = recording;
      memory.pinned = true;
      recording!.owned.add(memory);
    } else if (memory.owner === recording && !memory.pinned) giveFree(recording!.free, memory);
  };

  const copy: GpuDevice['copy'] = (from, to, { from: fromOffset = 0, to: toOffset = 0, bytes = from.bytes } = {}) => {
    if (bytes === 0) return;
    touch(from as PooledMemory);
    touch(to as PooledMemory);
    add({ kind: 'copy', from: from.buffer, fromOffset, to: to.buffer, toOffset, bytes: Math.ceil(bytes / 4) * 4 });
  };
  const upload = (memory: PooledMemory, values: ArrayBufferView): void => {
    if (memory.epoch === queue.epoch) submit();
    const { buffer, byteOffset, byteLength } = values;
    const source = byteLength % 4 === 0 ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(Math.ceil(byteLength / 4) * 4);
    if (byteLength % 4 !== 0) source.set(new Uint8Array(buffer, byteOffset, byteLength));
    if (source.length > 0) device.queue.writeBuffer(memory.buffer, 0, source as BufferSource);
  };
  const write = (given: GpuMemory, values: ArrayBufferView): void => {
    check();
    const memory = given as PooledMemory;
    if (recording === undefined) {
      upload(memory, values);
      return;
    }
    // Its place must hold these values at every replay, so nothing else may use it.
    let target = memory;
    if (memory.owner !== recording || recording.touched.has(memory)) {
      target = fresh(sizeClass(values.byteLength));
      target.bytes = values.byteLength;
      target.owner = recording;
      recording.owned.add(target);
    }
    target.pinned = true;
    recording.writes.push({ memory: target, source: values });
    upload(target, values);
    if (target !== memory) copy(target, memory, { bytes: values.byteLength });
    else touch(memory);
  };

  const read = async (given: GpuMemory): Promise<ArrayBuffer> => {
    if (recording !== undefined) throw new Error('read: expected no reading while a step is recorded. Return the tensor and read it afterwards.');
    const { bytes, buffer } = given;
    const size = sizeClass(bytes);
    const waiting = staging.get(size) ?? [];
    staging.set(size, waiting);
    const stage = waiting.pop() ?? createBuffer(size, BUFFER.MAP_READ | BUFFER.COPY_DST);
    const length = Math.max(4, Math.ceil(bytes / 4) * 4);
    try {
      queue.add({ kind: 'copy', from: buffer, fromOffset: 0, to: stage, toOffset: 0, bytes: length });
      submit();
      await faults.settle();
      check();
      await stage.mapAsync(MAP_READ, 0, length);
      const values = stage.getMappedRange(0, length).slice(0, bytes);
      stage.unmap();
      check();
      waiting.push(stage);
      return values;
    } catch (cause) {
      // A lost card rejects the mapping before it says that it is lost.
      await Promise.race([faults.lost, new Promise((resolve) => { setTimeout(resolve, 50); })]);
      check();
      throw cause;
    }
  };

  const record: GpuDevice['record'] = (fn) => {
    check();
    if (recording !== undefined) throw new Error('record: expected one recording at a time but found one in another.');
    submit();
    const recorded = startRecording();
    recording = recorded;
    let result;
    try {
      result = fn();
    } catch (error) {
      recording = undefined;
      discard(recorded, pool);
      throw error;
    }
    recording = undefined;
    const plan = planOf(recorded, { queue, pool, check });
    plan.replay();
    return { result, plan };
  };

  return {
    device, adapter, limits, lost: faults.lost,
    features: featuresOf(device, adapter),
    alloc, free, revive, adopt, write, copy, read, run, runRaw, submit, record,
    stats: () => ({ ...counts, ...queue.counts }),
    close() {
      faults.closing();
      device.destroy();
    },
  };
}

import { createArena } from './arena.ts';
import { ARENA_SLOTS, type Command, createQueue } from './command-queue.ts';
import { bindableBytes, createMemory } from './device-memory.ts';
import { listen } from './faults.ts';
import { type PooledMemory, type PoolStats, sizeClass } from './buffer-pool.ts';
import { featuresOf, findAdapter, type FoundAdapter, type GpuFeatures, requestDevice } from './find-adapter.ts';
import { BUFFER, MAP_READ } from './flags.ts';
import type { GpuError } from './gpu-error.ts';
import { createPipelines, packParams } from './pipelines.ts';
import type { GpuMemory, GpuProgram, ProgramCall, RawCall, Scalar } from './program.ts';
import { discard, type Plan, planOf, startRecording } from './recording.ts';

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
  /** The most bytes of one tensor: what the card binds at once, or less where that was asked for. */
  mostTensorBytes(): number;
  /** Refuses larger tensors from now on, as a card that binds no more would. */
  limitTensors(bytes: number): void;
  /** Memory of undefined content. */
  alloc(bytes: number): GpuMemory;
  free(memory: GpuMemory): void;
  /** Takes memory of a plan's result into use again, after it was freed. */
  revive(memory: GpuMemory): void;
  /** Memory that somebody else made and will destroy. */
  adopt(buffer: GPUBuffer, bytes: number): GpuMemory;
  /** Memory that holds these values. What is recorded finds them there at every replay, unless it changes them itself. */
  place(values: ArrayBufferView): GpuMemory;
  /** Sets the first bytes of the memory; recorded, at every replay. */
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

const MOST_GROUPS = 65_535;
/** Bindings that are kept for the next call with the same memory. */
const MOST_GROUPS_KEPT = 8192;

/**
 * Opens the graphics card through WebGPU: of the page, or of the package `webgpu` in Node. `halfPrecision: false` leaves its
 * half precision alone.
 *
 * @throws GpuError E_NO_GPU where there is none.
 */
export async function createGpuDevice(options: { readonly halfPrecision?: boolean } = {}): Promise<GpuDevice> {
  const adapter = await findAdapter();
  const device = await requestDevice(adapter.adapter, options);
  const faults = listen(device);
  const { check } = faults;
  const queue = createQueue(device, faults);
  const add = (command: Command): void => {
    if (memory.recording === undefined) queue.add(command);
    else memory.recording.commands.push(command);
  };
  const memory = createMemory(device, { faults, queue, add });
  const compile = createPipelines(device, faults);
  const staging: Map<number, GPUBuffer[]> = new Map();
  const groups = new Map<string, GPUBindGroup>();
  const nothing: PooledMemory[] = [];

  /** Where the scalars of the next dispatch lie. */
  const placeScalars = (bytes: ArrayBuffer): { buffer: GPUBuffer; offset: number } => {
    const { recording } = memory;
    if (recording === undefined) return { offset: queue.place(bytes), buffer: queue.arena };
    const last = recording.arenas.at(-1);
    const at = last?.add(bytes);
    if (last !== undefined && at !== undefined) return { buffer: last.buffer, offset: at };
    const another = createArena(device, ARENA_SLOTS);
    memory.counts.buffersCreated++;
    recording.arenas.push(another);
    return { buffer: another.buffer, offset: another.add(bytes)! };
  };
  const whole = ({ buffer, bytes }: GpuMemory): GPUBufferBinding => ({ buffer, size: Math.max(16, Math.ceil(bytes / 16) * 16) });
  /** The memory behind each binding; an absent port has a few bytes of nothing, one for each place, since what is written must not be bound twice. */
  const boundMemory = ({ name, bindings }: GpuProgram, bind: ProgramCall['bind']): PooledMemory[] => {
    const memories = bindings.map((access, i) => (bind[i] as PooledMemory | undefined) ?? (nothing[access === 'read' ? 0 : i + 1] ??= Object.assign(memory.fresh(256), { live: true })));
    bindings.forEach((access, i) => {
      const twin = access === 'write' ? memories.findIndex((other, j) => j !== i && other === memories[i]) : -1;
      if (twin >= 0) throw new RangeError(`${name}: expected what it writes (binding ${i + 1}) to share no memory with binding ${twin + 1}. Copy the tensor first.`);
    });
    return memories;
  };

  const run = (program: GpuProgram, { bind, params, grid: [x, y = 1, z = 1], constants = {} }: ProgramCall): void => {
    check();
    if (x === 0 || y === 0 || z === 0) return;
    if (Math.max(x, y, z) > MOST_GROUPS) throw new RangeError(`${program.name}: expected at most ${MOST_GROUPS} workgroups in each direction but found ${x} × ${y} × ${z}. Use a smaller tensor.`);
    const compiled = compile(program, constants);
    const memories = boundMemory(program, bind);
    const { buffer, offset } = placeScalars(packParams(program.name, program.params as Readonly<Record<string, Scalar>>, params));
    for (const each of memories) memory.touch(each);
    const make = (): GPUBindGroup => device.createBindGroup({
      label: program.name, layout: compiled.layout,
      entries: [{ binding: 0, resource: { buffer, size: 256 } }, ...memories.map((each, i) => ({ binding: i + 1, resource: whole(each) }))],
    });
    let group: GPUBindGroup | undefined;
    if (memory.recording === undefined) {
      const key = `${compiled.id};${memories.map(({ id, bytes }) => `${id},${bytes}`).join(';')}`;
      group = groups.get(key);
      if (group === undefined) {
        if (groups.size >= MOST_GROUPS_KEPT) groups.clear();
        groups.set(key, group = make());
      }
    } else group = make();
    add({ kind: 'dispatch', pipeline: compiled.pipeline, group, offsets: [offset], grid: [x, y, z] });
  };
  const runRaw = ({ pipeline, storage, uniforms, grid }: RawCall): void => {
    check();
    const { buffer, offset } = placeScalars(uniforms);
    for (const each of storage) memory.touch(each);
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [...storage.map(whole), { buffer, offset, size: Math.ceil(uniforms.byteLength / 16) * 16 }].map((resource, binding) => ({ binding, resource })),
    });
    add({ kind: 'dispatch', pipeline, group, offsets: [], grid });
  };

  const read = async ({ bytes, buffer }: GpuMemory): Promise<ArrayBuffer> => {
    if (memory.recording !== undefined) throw new Error('read: expected no reading while a step is recorded. Return the tensor and read it afterwards.');
    const size = sizeClass(bytes);
    const waiting = staging.get(size) ?? [];
    staging.set(size, waiting);
    const stage = waiting.pop() ?? memory.createBuffer(size, BUFFER.MAP_READ | BUFFER.COPY_DST);
    const length = Math.max(4, Math.ceil(bytes / 4) * 4);
    try {
      queue.add({ kind: 'copy', from: buffer, fromOffset: 0, to: stage, toOffset: 0, bytes: length });
      queue.submit();
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
    if (memory.recording !== undefined) throw new Error('record: expected one recording at a time but found one in another.');
    queue.submit();
    const recorded = startRecording();
    memory.recording = recorded;
    let result;
    try {
      result = fn();
    } catch (error) {
      memory.recording = undefined;
      discard(recorded, memory.pool);
      throw error;
    }
    memory.recording = undefined;
    const plan = planOf(recorded, { queue, pool: memory.pool, check });
    plan.replay();
    return { result, plan };
  };

  const { alloc, place, free, revive, adopt, write, copy } = memory;
  return {
    device, adapter, limits: device.limits, lost: faults.lost,
    features: featuresOf(device, adapter),
    mostTensorBytes: () => memory.mostBytes,
    limitTensors(bytes) { memory.mostBytes = Math.min(bytes, bindableBytes(device.limits)); },
    alloc, place, free, revive, adopt, write, copy, read, run, runRaw, submit: queue.submit, record,
    stats: () => ({ ...memory.counts, ...queue.counts }),
    close() {
      faults.closing();
      device.destroy();
    },
  };
}

import { relaxed, simd } from '../generated/wasm.ts';
import { createHeap, type Heap } from './heap.ts';
import { createRecorder, type Recorder } from './plan.ts';
import { createPool, type Exports, type Pool } from './pool.ts';

/** One WebAssembly memory with the kernels over it. */
export interface WasmDevice {
  readonly heap: Heap;
  readonly threads: number;
  /** Whether multiply-add is one instruction here: relaxed SIMD, which V8 fuses from Node 24 on. */
  readonly relaxedSimd: boolean;
  /** What was looked for and not found, in sentences for the user; empty where everything is there. */
  readonly notes: readonly string[];
  /** A view of `length` floats at `address`; take a new one after every allocation, since the memory may have moved. */
  f32(address: number, length: number): Float32Array;
  i32(address: number, length: number): Int32Array;
  u8(address: number, length: number): Uint8Array;
  dispatch: Pool['dispatch'];
  /** Memory that holds these values, `bytes` of them, or zeros. What is recorded finds them there at every replay, unless it changes them itself. */
  place(bytes: number, values: ArrayBufferView | undefined): number;
  /** Runs `fn` and remembers what it dispatches; without a plan where views of memory were taken meanwhile, as something no replay repeats. */
  record: Recorder['record'];
  /** Whether something is being recorded. */
  readonly recording: boolean;
  /** Says that memory is used by other means than dispatches and views. */
  touched(): void;
  /** Instantiates a module over this memory, on this thread; it may import `env.memory`, what the kernels export, and `imports`. */
  link(bytes: Uint8Array, imports?: WebAssembly.ModuleImports): WebAssembly.Exports;
  close(): Promise<void>;
}

export interface WasmDeviceOptions {
  /** Threads to use, this one included; default: the processors that the machine offers, at most 16. */
  readonly threads?: number;
  /** False forces the binary without relaxed SIMD. */
  readonly relaxedSimd?: boolean;
  /** The most that the memory may grow to, in bytes; default 4 GiB, less where the engine grants less. */
  readonly maxBytes?: number;
}

const NO_SIMD = 'createWasmDevice: expected an engine with WebAssembly SIMD but found none. '
  + 'Use a browser of 2023 or later with WebAssembly switched on, or Node 20.19 or later.';
const PAGE = 65536;
const SCRATCH_BYTES = 2 ** 20;
/** Below this not even the scratch of a few threads has room. */
const LEAST_BYTES = 2 ** 22;

// (module (func (result v128) f32x4.relaxed_madd of three zero vectors))
const RELAXED_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0,
  65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11,
];

// (module (func (result v128) a vector of zeros))
const SIMD_PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 17, 11];

/** Whether this engine runs WebAssembly with SIMD, without which there are no kernels. */
export function hasSimd(): boolean {
  return typeof WebAssembly !== 'undefined' && WebAssembly.validate(Uint8Array.from(SIMD_PROBE));
}

/** Whether this engine accepts relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(Uint8Array.from(RELAXED_PROBE));
}

/** The processors that may be used for kernels. */
function availableThreads(): number {
  const { process, navigator } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
    navigator?: { hardwareConcurrency?: number };
  };
  const os = process?.getBuiltinModule?.('node:os') as { availableParallelism(): number } | undefined;
  return Math.min(16, os?.availableParallelism() ?? navigator?.hardwareConcurrency ?? 1);
}

/** The bytes of a module whose imported memory is declared shared: the flag behind the import "env" "memory" is 3, not 1. */
function withSharedMemory(bytes: Uint8Array): Uint8Array {
  const name = [3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 1];
  for (let at = 8; at + name.length < bytes.length; at++) {
    if (!name.every((byte, i) => bytes[at + i] === byte)) continue;
    const copy = bytes.slice();
    copy[at + name.length - 1] = 3;
    return copy;
  }
  throw new Error('withSharedMemory: expected the import of env.memory but found none. Build the kernels again.');
}

/** A memory as large as the engine grants, trying the wanted maximum first. */
function createMemory(shared: boolean, maxPages: number): WebAssembly.Memory {
  for (let maximum = maxPages; ; maximum = Math.floor(maximum / 2)) {
    try {
      return new WebAssembly.Memory({ initial: Math.min(256, maximum), maximum, shared });
    } catch (error) {
      if (maximum < 512) throw error;
    }
  }
}

/** A shared memory, or undefined where the engine grants none. */
function createSharedMemory(maxPages: number): WebAssembly.Memory | undefined {
  try {
    return createMemory(true, maxPages);
  } catch {
    return undefined;
  }
}

/**
 * Compiles the kernels and starts the threads. Falls back, and says so in `notes`: to one thread where memory cannot be
 * shared, to plain SIMD where the engine has no relaxed SIMD.
 *
 * @example
 * ```ts
 * import { createWasmDevice } from '@llm/kernels';
 * const device = await createWasmDevice({ threads: 1 });
 * const address = device.heap.alloc(16);
 * device.f32(address, 4).set([1, 2, 3, 4]);
 * await device.close();
 * ```
 */
export async function createWasmDevice(options: WasmDeviceOptions = {}): Promise<WasmDevice> {
  if (!hasSimd()) throw new Error(NO_SIMD);
  const { threads = availableThreads(), relaxedSimd = hasRelaxedSimd(), maxBytes = 2 ** 32 } = options;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`createWasmDevice: expected threads to be a whole number from 1 on but found ${threads}`);
  }
  if (!(maxBytes >= LEAST_BYTES)) {
    throw new RangeError(`createWasmDevice: expected maxBytes to be at least ${LEAST_BYTES} but found ${maxBytes}`);
  }
  const notes: string[] = [];
  if (!relaxedSimd) notes.push('This engine has no relaxed SIMD (Node 22 and newer have it; from Node 24 on it is twice as fast).');
  const isolated = typeof SharedArrayBuffer !== 'undefined' && (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;
  const maxPages = Math.min(65536, Math.floor(maxBytes / PAGE));
  // Shared even for one thread: views of a shared memory stay valid when it grows.
  const sharedMemory = isolated ? createSharedMemory(maxPages) : undefined;
  const shared = sharedMemory !== undefined;
  if (threads > 1 && !shared) {
    notes.push('One thread: memory cannot be shared here. Serve the page with COOP: same-origin and COEP: require-corp for more.');
  }
  const binary = Uint8Array.from(atob(relaxedSimd ? relaxed : simd), (character) => character.charCodeAt(0));
  const module = await WebAssembly.compile((shared ? withSharedMemory(binary) : binary) as BufferSource);
  const memory = sharedMemory ?? createMemory(false, maxPages);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = instance.exports as Exports;
  const base = (exports as unknown as { __heap_base?: WebAssembly.Global }).__heap_base?.value as number | undefined;
  const heap = createHeap(memory, Math.max(PAGE, base ?? PAGE));
  exports.setScratch!(heap.alloc(SCRATCH_BYTES));
  const scratch = (): number => heap.alloc(SCRATCH_BYTES);
  let pool: Pool;
  try {
    pool = await createPool(module, memory, exports, { threads: shared ? threads : 1, scratch });
  } catch (error) {
    notes.push(`One thread: helper threads could not start (${error instanceof Error ? error.message : String(error)}).`);
    pool = await createPool(module, memory, exports, { threads: 1, scratch });
  }
  const recorder = createRecorder(heap, pool.dispatch);
  const u8 = (address: number, length: number): Uint8Array => new Uint8Array(memory.buffer, address, length);
  const viewed = <T>(view: T): T => {
    recorder.touched();
    return view;
  };
  return {
    heap: recorder.heap,
    threads: pool.threads,
    relaxedSimd,
    notes,
    f32: (address, length) => viewed(new Float32Array(memory.buffer, address, length)),
    i32: (address, length) => viewed(new Int32Array(memory.buffer, address, length)),
    u8: (address, length) => viewed(u8(address, length)),
    dispatch: recorder.dispatch,
    record: recorder.record,
    get recording() {
      return recorder.recording;
    },
    touched: recorder.touched,
    place(bytes, values) {
      // Memory that cannot be shared moves when it grows, and leaves views of it empty: values that lie in it are copied first.
      const bytesOf = values === undefined ? undefined : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const source = bytesOf?.buffer === memory.buffer && !shared ? bytesOf.slice() : bytesOf;
      const address = recorder.place(bytes, values);
      if (source === undefined) u8(address, bytes).fill(0);
      else u8(address, source.length).set(source);
      return address;
    },
    link(bytes, imports = {}) {
      const module = new WebAssembly.Module((shared ? withSharedMemory(bytes) : bytes) as BufferSource);
      return new WebAssembly.Instance(module, { env: { ...imports, ...instance.exports, memory } }).exports;
    },
    close: pool.close,
  };
}

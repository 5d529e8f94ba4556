import { copy, type GpuMemory, type WasmPlan } from '@llm/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { dataOf, type Info } from './own-backend.ts';
import { wasmBackend, webgpuBackend } from './use-device.ts';
import type { WasmBackend } from './wasm-backend.ts';
import type { WebgpuBackend } from './webgpu-backend.ts';

/** What was recorded, over a device's kind of memory. */
export interface RecordedPlan<M> {
  /** What came from the host while recording, in order. */
  readonly writes: readonly { readonly memory: M; readonly source: ArrayBufferView }[];
  owns(memory: M): boolean;
  /** Names the results; other memory that is still in use belongs to whoever uses it. */
  keep(results: readonly M[]): void;
  /** Whether all memory from outside is still what it was. */
  valid(): boolean;
  replay(): void;
  dispose(): void;
}

/** How a device records and replays. */
export interface Recorder<M = unknown> {
  /** A plan holds as long as this is the same. */
  readonly owner: object;
  memoryOf(tensor: Tensor): M;
  /** Brings the values of a tensor into a copy of it. */
  refresh(copy: Tensor, source: Tensor): void;
  /** Runs `fn`; without a plan where it did what cannot be replayed. */
  record<T>(fn: () => T): { readonly result: T; readonly plan: RecordedPlan<M> | undefined };
  write(memory: M, values: ArrayBufferView): void;
  /** A tensor in memory of a plan's result, like the one that was there when it was recorded. */
  adopt(plan: RecordedPlan<M>, memory: M, like: Tensor): Info;
}

/** How the device in use records, or undefined where it does not; `wasm` only where it is asked for. */
export function recorderOf({ wasm }: { wasm: boolean }): Recorder | undefined {
  const card = webgpuBackend();
  if (card !== undefined) return onCard(card) as Recorder;
  const backend = wasm ? wasmBackend() : undefined;
  return backend === undefined ? undefined : onHost(backend) as Recorder;
}

function onCard(backend: WebgpuBackend): Recorder<GpuMemory> {
  const { gpu } = backend;
  return {
    owner: gpu,
    memoryOf: (tensor) => backend.memoryOf(dataOf(tensor)),
    refresh(target, source) {
      const values = backend.hostValues(dataOf(source));
      if (values === undefined) gpu.copy(backend.memoryOf(source.dataId), backend.memoryOf(target.dataId));
      else backend.overwrite(target.dataId, values);
    },
    record: gpu.record,
    write: gpu.write,
    adopt(_plan, memory, { shape, dtype }) {
      gpu.revive(memory);
      return backend.adopt(memory, shape, dtype);
    },
  };
}

/** Memory is an address here, and what is recorded has run. */
function onHost(backend: WasmBackend): Recorder<number> {
  return {
    owner: backend,
    memoryOf: (tensor) => backend.address(dataOf(tensor)),
    refresh: (target, source) => backend.launch(copy, { at: { x: dataOf(source), y: dataOf(target) }, dims: { size: target.size }, uniforms: {} }),
    record(fn) {
      const { result, plan: recorded } = backend.record(fn);
      if (recorded === undefined) return { result, plan: undefined };
      const plan = { ...recorded, writes: recorded.writes.map(({ address, source }) => ({ memory: address, source })), keep: () => {} };
      return { result, plan };
    },
    write: (address, { buffer, byteOffset, byteLength }) => backend.device.u8(address, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength)),
    adopt(plan, address, { shape, dtype }) {
      (plan as RecordedPlan<number> & Pick<WasmPlan, 'revive'>).revive(address);
      return backend.adopt(address, shape, dtype);
    },
  };
}

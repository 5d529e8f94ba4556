import { createGpuDevice } from './gpu/gpu-device.ts';
import type { GpuMemory } from './gpu/program.ts';
import { type Kernel, launch, launchGpu, type Sizes } from './kernel.ts';
import { createWasmDevice, hasRelaxedSimd } from './runtime/wasm-device.ts';

export type Values = Float32Array | Int32Array;

/** One call: every port that takes part with its values, in-place outputs as copies of their inputs. */
interface CheckCall {
  readonly io: Readonly<Record<string, Float64Array>>;
  readonly dims: Sizes;
  readonly uniforms: Readonly<Record<string, number>>;
}

/** Something that runs a kernel and returns its outputs by name. */
interface CheckDevice {
  readonly name: string;
  /** The device checked just before this one with which its results must agree to the bit. */
  readonly sameBitsAs?: string;
  readonly tolerant?: true;
  run(kernel: Kernel, call: CheckCall): Promise<Record<string, Values>>;
}

const filled = (values: ArrayLike<number>, dtype: string | undefined): Values => (dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values));

async function wasmDevice(threads: number, relaxedSimd: boolean): Promise<CheckDevice> {
  const device = await createWasmDevice({ threads, relaxedSimd });
  const binary = `wasm ${relaxedSimd ? 'relaxed ' : ''}simd`;
  return {
    name: `${binary}, ${threads} thread${threads === 1 ? '' : 's'}`,
    ...(threads === 1 ? {} : { sameBitsAs: `${binary}, 1 thread` }),
    async run(kernel, { io, dims, uniforms }) {
      const at: Record<string, number> = {};
      const own: number[] = [];
      const place = (name: string, values: Values): void => {
        const address = device.heap.alloc(Math.max(4, values.byteLength));
        own.push(address);
        at[name] = address;
        if (values instanceof Int32Array) device.i32(address, values.length).set(values);
        else device.f32(address, values.length).set(values);
      };
      for (const [name, port] of Object.entries(kernel.inputs)) if (io[name] !== undefined) place(name, filled(io[name], port.dtype));
      const outputs = Object.entries(kernel.outputs).filter(([name]) => io[name] !== undefined);
      for (const [name, port] of outputs) {
        if (port.inPlace !== undefined) at[name] = at[port.inPlace]!;
        else place(name, new Float32Array(io[name]!.length).fill(NaN));
      }
      const before = device.heap.stats().blocks;
      launch(device, kernel, { at, dims, uniforms });
      if (device.heap.stats().blocks !== before) throw new Error(`${kernel.name}: expected its temporaries to be given back but found some left`);
      const results = Object.fromEntries(outputs.map(([name, port]) => {
        const view = port.dtype === 'int32' ? device.i32(at[name]!, io[name]!.length) : device.f32(at[name]!, io[name]!.length);
        return [name, view.slice()];
      }));
      for (const address of own) device.heap.free(address);
      return results;
    },
  };
}

/** The graphics card twice over, since two runs must agree to the bit. */
async function gpuDevices(): Promise<CheckDevice[]> {
  const device = await createGpuDevice();
  const run: CheckDevice['run'] = async (kernel, { io, dims, uniforms }) => {
    const at: Record<string, GpuMemory> = {};
    const own: GpuMemory[] = [];
    const place = (name: string, values: Values): void => {
      const memory = device.alloc(values.byteLength);
      own.push(memory);
      at[name] = memory;
      device.write(memory, values);
    };
    for (const [name, port] of Object.entries(kernel.inputs)) if (io[name] !== undefined) place(name, filled(io[name], port.dtype));
    const outputs = Object.entries(kernel.outputs).filter(([name]) => io[name] !== undefined);
    for (const [name, port] of outputs) {
      if (port.inPlace !== undefined) at[name] = at[port.inPlace]!;
      else place(name, new Float32Array(io[name]!.length).fill(NaN));
    }
    const before = device.stats().usedBytes;
    launchGpu(device, kernel, { at, dims, uniforms });
    if (device.stats().usedBytes !== before) throw new Error(`${kernel.name}: expected its temporaries to be given back but found some left`);
    const results: Record<string, Values> = {};
    for (const [name, port] of outputs) {
      const bytes = await device.read(at[name]!);
      results[name] = port.dtype === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes);
    }
    for (const memory of own) device.free(memory);
    return results;
  };
  return [{ name: 'webgpu', tolerant: true, run }, { name: 'webgpu, again', sameBitsAs: 'webgpu', tolerant: true, run }];
}

/** The devices that tests were asked to run on: those that LLM_DEVICES names, of the process or the global scope; default wasm. */
export function askedDevices(): readonly string[] {
  const scope = globalThis as { LLM_DEVICES?: string; process?: { env?: Record<string, string | undefined> } };
  const names = (scope.LLM_DEVICES ?? scope.process?.env?.['LLM_DEVICES'] ?? 'wasm').split(',');
  const unknown = names.find((name) => name !== 'wasm' && name !== 'webgpu');
  if (unknown !== undefined) throw new RangeError(`LLM_DEVICES: expected wasm and webgpu, separated by commas, but found ${unknown}.`);
  return names;
}

let devices: Promise<readonly CheckDevice[]> | undefined;

/** The devices that checks run on: each wasm binary that the engine accepts on one thread and on two, and the graphics card where it is asked for. */
export async function checkDevices(): Promise<readonly CheckDevice[]> {
  devices ??= (async () => {
    const names = askedDevices();
    return [
      ...(names.includes('wasm') ? [await wasmDevice(1, false), await wasmDevice(2, false)] : []),
      ...(names.includes('wasm') && hasRelaxedSimd() ? [await wasmDevice(1, true), await wasmDevice(2, true)] : []),
      ...(names.includes('webgpu') ? await gpuDevices() : []),
    ];
  })();
  return devices;
}

/** Counts a case that ran, where whoever reports on tests finds it: a record of counts by device under a well-known symbol. */
export function countCase(device: string): void {
  const counts = ((globalThis as Record<symbol, unknown>)[Symbol.for('llm.kernelCases')] ??= {}) as Record<string, number>;
  counts[device] = (counts[device] ?? 0) + 1;
}

import { createGpuDevice, createWasmDevice, findAdapter, GpuError, hasSimd, type GpuDevice, type WasmDevice } from '@llm/kernels';
import '@tensorflow/tfjs-backend-cpu';
import { copyRegisteredKernels, engine, env, findBackend, findBackendFactory, getBackend, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import '../generated/gradients.ts';
import { overrideKernels } from './override-kernels.ts';
import { WasmBackend } from './wasm-backend.ts';
import { probeHalf } from './probe-half.ts';
import type { WebgpuBackend } from './webgpu-backend.ts';

export type DeviceName = 'webgpu' | 'wasm' | 'cpu';

/** What was picked, and why. */
export interface Device {
  readonly name: DeviceName;
  readonly description: string;
  readonly threads: number;
  /** What was looked for and not found, in sentences for the user. */
  readonly notes: readonly string[];
}

export interface DeviceOptions {
  /** Threads of the wasm device; default: the processors that the machine offers, at most 16. */
  readonly threads?: number;
  /** False forces the wasm binary without relaxed SIMD. */
  readonly relaxedSimd?: boolean;
  /** The most memory that the wasm device may take; default 4 GiB. */
  readonly maxBytes?: number;
  /** The most bytes of one tensor on the webgpu device; default, and at most, what the card binds at once. Larger matrices are held as `rowBlocks`. */
  readonly maxTensorBytes?: number;
}

const NO_SIMD = 'This engine has no WebAssembly SIMD, so everything runs in plain TypeScript and far slower. Use a browser of 2023 or later with WebAssembly switched on.';

let wasm: { readonly options: string; readonly device: WasmDevice } | undefined;
let hardware: Promise<true | string> | undefined;
let webgpu: { readonly gpu: GpuDevice; readonly backend: WebgpuBackend; lost: boolean } | undefined;

/**
 * Makes a device the one that tensors live on. By default `webgpu` where there is a graphics card, else `wasm` (WebAssembly SIMD
 * on all processors); `cpu` (plain TypeScript, slow, the oracle of the tests) when named, or, saying so, where there is no
 * WebAssembly SIMD. In Node the variable LLM_DEVICE of the process names another default. A software imitation of a graphics card
 * is taken only when `webgpu` is named. Calling it again with the same options changes nothing, unless the graphics card was lost:
 * then it is opened anew. Tensors that came from the host unchanged come back by themselves, others once they are overwritten.
 *
 * @throws GpuError E_NO_GPU where `webgpu` is named and there is none.
 *
 * @example
 * ```ts
 * import { useDevice } from '@llm/tensor';
 * const { name, description } = await useDevice('wasm');
 * if (name !== 'wasm' || description === '') throw new Error('no device');
 * ```
 */
export async function useDevice(named?: DeviceName, options: DeviceOptions = {}): Promise<Device> {
  const asked = named ?? deviceOfEnvironment();
  if (asked !== undefined && asked !== 'webgpu' && asked !== 'wasm' && asked !== 'cpu') {
    throw new RangeError(`useDevice: expected 'webgpu', 'wasm' or 'cpu' but found ${JSON.stringify(asked)}`);
  }
  if (asked === 'webgpu') return useWebgpu(options);
  const found = asked === undefined ? await (hardware ??= hardwareAdapter()) : undefined;
  if (found === true) return useWebgpu(options);
  const notes = found === undefined ? [] : [found];
  if (asked === 'wasm' || (asked === undefined && hasSimd())) return useWasm(options, notes);
  await setBackend('cpu');
  // It would advise to install another package.
  (engine().backend as unknown as { firstUse: boolean }).firstUse = false;
  return { name: 'cpu', description: 'plain TypeScript, one thread: for checking, not for training', threads: 1, notes: asked === undefined ? [...notes, NO_SIMD] : [] };
}

/** The device that the variable LLM_DEVICE of the process names. */
function deviceOfEnvironment(): DeviceName | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const name = process?.env?.['LLM_DEVICE'];
  return name === undefined || name === '' ? undefined : name as DeviceName;
}

/** Whether there is a graphics card, or why it is not used. */
async function hardwareAdapter(): Promise<true | string> {
  try {
    const { software, description } = await findAdapter();
    return software ? `WebGPU is imitated in software here (${description}), which is slower than WebAssembly: not used unless named.` : true;
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    return `No graphics card is used. ${error.message.replace(/^\w+: /, '').replace(/^./, (letter) => letter.toUpperCase())}`;
  }
}

async function useWebgpu({ maxTensorBytes = Infinity }: DeviceOptions): Promise<Device> {
  if (!(maxTensorBytes > 0)) throw new RangeError(`useDevice: expected maxTensorBytes above 0 but found ${maxTensorBytes}. Leave it out for what the card binds.`);
  if (webgpu === undefined || webgpu.lost) {
    const { gpu, halfPrecision } = await openCard();
    const { openWebgpuBackend } = await import('./webgpu-backend.ts');
    if (webgpu === undefined) {
      // Small tensors would be computed on the host, where no recording sees them.
      env().set('WEBGPU_CPU_FORWARD', false);
      overrideKernels('webgpu');
    }
    if (webgpu !== undefined) webgpu.backend.reopen(gpu);
    // In a page tfjs has registered its own by now.
    else if (findBackendFactory('webgpu') !== null) removeBackend('webgpu');
    const backend = webgpu?.backend ?? openWebgpuBackend(gpu);
    if (webgpu === undefined) registerBackend('webgpu', () => backend as never, 3);
    backend.halfPrecision = halfPrecision;
    const opened = { gpu, backend, lost: false };
    void gpu.lost.then(() => { opened.lost = true; });
    webgpu = opened;
  }
  webgpu.gpu.limitTensors(maxTensorBytes);
  await setBackend('webgpu');
  const { gpu: { adapter, features }, backend: { halfPrecision } } = webgpu;
  const extras = [...(halfPrecision ? ['f16'] : []), ...(features.subgroups ? ['subgroups'] : []), ...(features.matrixUnits.length > 0 ? ['matrix units'] : [])];
  return {
    name: 'webgpu',
    description: `WebGPU, ${adapter.description}${extras.length === 0 ? '' : ` (${extras.join(', ')})`}`,
    threads: 1,
    notes: [
      ...(adapter.software ? ['This WebGPU is an imitation in software: right, and slow.'] : []),
      ...(adapter.adapter.features.has('shader-f16') && !halfPrecision ? ['This card offers half precision and multiplies wrongly with it: float32 is used everywhere.'] : []),
    ],
  };
}

/** The card, without its half precision where that does not work. */
async function openCard(): Promise<{ gpu: GpuDevice; halfPrecision: boolean }> {
  const gpu = await createGpuDevice();
  try {
    return { gpu, halfPrecision: await probeHalf(gpu) };
  } catch (error) {
    if (!(error instanceof GpuError) || error.code !== 'E_GPU_VALIDATION') throw error;
    gpu.close();
    return { gpu: await createGpuDevice({ halfPrecision: false }), halfPrecision: false };
  }
}

async function useWasm(options: DeviceOptions, notes: readonly string[]): Promise<Device> {
  const key = JSON.stringify(options);
  if (wasm?.options !== key) {
    const device = await createWasmDevice(options);
    if (findBackend('wasm') !== null) {
      removeBackend('wasm');
      await wasm?.device.close();
    } else {
      copyRegisteredKernels('cpu', 'wasm');
      overrideKernels('wasm');
    }
    registerBackend('wasm', () => new WasmBackend(device), 2);
    wasm = { options: key, device };
  }
  await setBackend('wasm');
  const { device } = wasm!;
  const simd = device.relaxedSimd ? 'relaxed SIMD' : 'SIMD';
  return {
    name: 'wasm',
    description: `WebAssembly ${simd}, ${device.threads} thread${device.threads === 1 ? '' : 's'}`,
    threads: device.threads,
    notes: [...notes, ...device.notes],
  };
}

/** The device that tensors live on now. */
export function deviceInUse(): DeviceName {
  const name = getBackend();
  return name === 'webgpu' || name === 'wasm' ? name : 'cpu';
}

/** The backend in use when it is that of the wasm device, or undefined where tensors live elsewhere. */
export function wasmBackend(): WasmBackend | undefined {
  return getBackend() === 'wasm' ? (engine().backend as unknown as WasmBackend) : undefined;
}

/** The backend in use when it is that of a graphics card, or undefined where tensors live elsewhere. */
export function webgpuBackend(): WebgpuBackend | undefined {
  return getBackend() === 'webgpu' ? (engine().backend as unknown as WebgpuBackend) : undefined;
}

/** The most bytes of one tensor on the device in use. */
export function mostTensorBytes(): number {
  return webgpuBackend()?.gpu.mostTensorBytes() ?? Infinity;
}

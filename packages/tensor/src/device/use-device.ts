import { createWasmDevice, hasSimd, type WasmDevice } from '@llm/kernels';
import '@tensorflow/tfjs-backend-cpu';
import { copyRegisteredKernels, engine, findBackend, getBackend, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import '../generated/gradients.ts';
import { overrideKernels } from './override-kernels.ts';
import { WasmBackend } from './wasm-backend.ts';

export type DeviceName = 'wasm' | 'cpu';

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
}

const NO_SIMD = 'This engine has no WebAssembly SIMD, so everything runs in plain TypeScript and far slower. Use a browser of 2023 or later with WebAssembly switched on.';

let wasm: { readonly options: string; readonly device: WasmDevice } | undefined;

/**
 * Makes a device the one that tensors live on: `wasm` (WebAssembly SIMD on all processors) by default, `cpu` (plain
 * TypeScript, slow, the oracle of the tests) when named, or, saying so, where there is no WebAssembly SIMD. Calling it again
 * with the same options changes nothing.
 *
 * @example
 * ```ts
 * import { useDevice } from '@llm/tensor';
 * const { name, description } = await useDevice();
 * if (name !== 'wasm' || description === '') throw new Error('no device');
 * ```
 */
export async function useDevice(asked?: DeviceName, options: DeviceOptions = {}): Promise<Device> {
  const name = asked ?? (hasSimd() ? 'wasm' : 'cpu');
  if (name !== 'wasm' && name !== 'cpu') {
    throw new RangeError(`useDevice: expected 'wasm' or 'cpu' but found ${JSON.stringify(name)}`);
  }
  if (name === 'cpu') {
    await setBackend('cpu');
    // It would advise to install another package.
    (engine().backend as unknown as { firstUse: boolean }).firstUse = false;
    return { name, description: 'plain TypeScript, one thread: for checking, not for training', threads: 1, notes: asked === undefined ? [NO_SIMD] : [] };
  }
  const key = JSON.stringify(options);
  if (wasm?.options !== key) {
    const device = await createWasmDevice(options);
    if (findBackend('wasm') !== null) {
      removeBackend('wasm');
      await wasm?.device.close();
    } else {
      copyRegisteredKernels('cpu', 'wasm');
      overrideKernels();
    }
    registerBackend('wasm', () => new WasmBackend(device), 2);
    wasm = { options: key, device };
  }
  await setBackend('wasm');
  const { device } = wasm!;
  const simd = device.relaxedSimd ? 'relaxed SIMD' : 'SIMD';
  return {
    name,
    description: `WebAssembly ${simd}, ${device.threads} thread${device.threads === 1 ? '' : 's'}`,
    threads: device.threads,
    notes: device.notes,
  };
}

/** The backend in use when it is ours, or undefined where tensors live elsewhere. */
export function wasmBackend(): WasmBackend | undefined {
  return getBackend() === 'wasm' ? (engine().backend as unknown as WasmBackend) : undefined;
}

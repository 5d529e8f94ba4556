import { hasSimd } from '@llm/kernels';
import { type Device, useDevice } from '@llm/tensor';
import { CliError } from '../cli/cli-error.ts';
import { askGpu, type GpuAnswer } from './ask-gpu.ts';
import type { GpuFacts } from './gpu-facts.ts';

/** What `--device` may say. */
export const DEVICE_CHOICES = ['auto', 'webgpu', 'wasm', 'cpu'] as const;
export type DeviceChoice = (typeof DEVICE_CHOICES)[number];

/** The device that is in use from now on. */
export interface PickedDevice extends Device {
  /** Of the graphics card, where it is in use. */
  readonly gpu?: GpuFacts;
}

/** Asks for the graphics card; tests answer themselves. */
export type Ask = () => Promise<GpuAnswer>;

/**
 * Makes a device the one in use as `useDevice` does: without a choice the graphics card where there is one, otherwise WebAssembly.
 * The card is first opened in a process of its own: what its driver does there, it cannot do to us.
 *
 * @throws CliError E_NO_GPU where `webgpu` is named and there is none.
 */
export async function pickDevice(choice: DeviceChoice = 'auto', { ask = askGpu }: { ask?: Ask } = {}): Promise<PickedDevice> {
  if (choice === 'wasm' || choice === 'cpu') return useDevice(choice);
  const { facts, fault } = await ask();
  if (facts !== undefined && (choice === 'webgpu' || !facts.software)) return { ...await useDevice('webgpu'), gpu: facts };
  if (choice === 'webgpu') throw new CliError('E_NO_GPU', `llm: expected a graphics card for --device webgpu but found ${fault!.found}. ${fault!.remedy} See llm doctor.`);
  const device = hasSimd() ? await useDevice('wasm') : await useDevice();
  return { ...device, notes: [whyNoGpu({ facts, fault }), ...device.notes] };
}

/** Why no graphics card is used by itself, as a sentence or two. */
export function whyNoGpu({ facts, fault }: GpuAnswer): string {
  if (facts !== undefined) return `The only graphics card is imitated in software (${facts.description}), slower than WebAssembly: it is used with --device webgpu alone.`;
  return `No graphics card is used: found ${fault!.found}. ${fault!.remedy}`;
}

import { hasSimd } from '@llm/kernels';
import { type Device, useDevice } from '@llm/tensor';
import { CliError, UsageError } from '../cli/cli-error.ts';
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

const NO_SIMD = 'This engine has no WebAssembly SIMD, so everything runs in plain TypeScript and far slower. Use Node 24.';

/** Asks for the graphics card; tests answer themselves. */
export type Ask = () => Promise<GpuAnswer>;

/**
 * Makes a device the one in use as `useDevice` does: without a choice that of the variable LLM_DEVICE, the graphics card where there is one, or WebAssembly.
 * The card is first opened in a process of its own: what its driver does there, it cannot do to us.
 *
 * @throws CliError E_NO_GPU where `webgpu` is named and there is none.
 */
export async function pickDevice(choice: DeviceChoice = 'auto', { ask = askGpu }: { ask?: Ask } = {}): Promise<PickedDevice> {
  if (choice === 'auto' && process.env.LLM_DEVICE) return pickDevice(fromEnvironment(process.env.LLM_DEVICE), { ask });
  if (choice === 'wasm' || choice === 'cpu') return useDevice(choice);
  const { facts, fault } = await ask();
  if (facts !== undefined && (choice === 'webgpu' || !facts.software)) return { ...await useDevice('webgpu'), gpu: facts };
  if (choice === 'webgpu') throw new CliError('E_NO_GPU', `llm: expected a graphics card for --device webgpu but found ${fault!.found}. ${fault!.remedy} See llm doctor.`);
  const device = await useDevice(hasSimd() ? 'wasm' : 'cpu');
  return { ...device, notes: [whyNoGpu({ facts, fault }), ...(device.name === 'cpu' ? [NO_SIMD] : []), ...device.notes] };
}

/** The variable names a device: `auto` is what it would be without. */
function fromEnvironment(name: string): DeviceChoice {
  const named = DEVICE_CHOICES.find((each) => each === name && each !== 'auto');
  if (named === undefined) throw new UsageError(`llm: expected LLM_DEVICE to be one of ${DEVICE_CHOICES.slice(1).join(', ')} but found ${name}. Correct or unset it.`);
  return named;
}

/** Why no graphics card is used by itself, as a sentence or two. */
export function whyNoGpu({ facts, fault }: GpuAnswer): string {
  if (facts !== undefined) return `The only graphics card is imitated in software (${facts.description}), slower than WebAssembly: it is used with --device webgpu alone.`;
  return `No graphics card is used: found ${fault!.found}. ${fault!.remedy}`;
}

import { freemem } from 'node:os';
import { type Model, trainingMemory, type TrainingMemoryOptions } from '@llm/model';
import { CliError } from '../cli/cli-error.ts';
import { bytes } from '../cli/format.ts';
import { mostTensorBytes } from '../device/gpu-facts.ts';
import type { PickedDevice } from '../device/pick-device.ts';
import { largestTensor } from './largest-tensor.ts';

/** WebAssembly addresses 32 bits. */
const WASM_BYTES = 2 ** 32;
/** Threads keep stacks and scratch of their own. */
const THREAD_BYTES = 24 * 2 ** 20;
/** The program itself, the text and the tokens. */
const PROCESS_BYTES = 200 * 2 ** 20;

/** What this process may still take, as the system or its container says. */
export function freeMemoryBytes(): number {
  const asked = (process as { availableMemory?: () => number }).availableMemory?.();
  return asked === undefined || asked === 0 ? freemem() : asked;
}

/** What a device has room for. */
export interface MemoryLimits {
  /** For all tensors; Infinity for a graphics card, which does not say. */
  readonly deviceBytes: number;
  readonly tensorBytes: number;
  /** Beside a graphics card, for the copy of parameters and state from which a lost card is made good. */
  readonly hostBytes: number;
  /** What the process needs beside the tensors. */
  readonly extraBytes: number;
}

/** The limits of a device on a machine with so much free memory. */
export function memoryLimits({ name, threads, gpu }: Pick<PickedDevice, 'name' | 'threads' | 'gpu'>, freeBytes: number = freeMemoryBytes()): MemoryLimits {
  const extraBytes = PROCESS_BYTES + THREAD_BYTES * threads;
  const ownBytes = Math.max(0, freeBytes - extraBytes);
  if (name === 'webgpu') return { deviceBytes: gpu?.software ? ownBytes : Infinity, tensorBytes: gpu === undefined ? Infinity : mostTensorBytes(gpu), hostBytes: ownBytes, extraBytes };
  return { deviceBytes: name === 'wasm' ? Math.min(WASM_BYTES, ownBytes) : ownBytes, tensorBytes: Infinity, hostBytes: Infinity, extraBytes };
}

/** What a run needs: in all, of its largest tensor, and of what a copy on the host would hold. */
function needsOf(model: Pick<Model, 'parameters' | 'shape'>, options: TrainingMemoryOptions): { peak: number; tensor: number; copy: number } {
  const { peak, parameters, optimizer } = trainingMemory(model, options);
  return { peak, tensor: largestTensor(model, options), copy: parameters + optimizer };
}

/** Whether training fits. */
export function fitsTraining(model: Pick<Model, 'parameters' | 'shape'>, options: TrainingMemoryOptions, { deviceBytes, tensorBytes, hostBytes }: MemoryLimits): boolean {
  const { peak, tensor, copy } = needsOf(model, options);
  return peak <= deviceBytes && tensor <= tensorBytes && copy <= hostBytes;
}

/** Refuses a run that would not fit, before anything is allocated, and names the three remedies that cost least. */
export function checkMemory(model: Pick<Model, 'parameters' | 'shape'>, options: TrainingMemoryOptions, limits: MemoryLimits): { readonly neededBytes: number } {
  const needs = (changed: Partial<TrainingMemoryOptions>): ReturnType<typeof needsOf> => needsOf(model, { ...options, ...changed });
  const { peak, tensor, copy } = needs({});
  if (fitsTraining(model, options, limits)) return { neededBytes: peak + limits.extraBytes };
  const { batch, length, accumulate = 1 } = options;
  const half = Math.max(1, Math.floor(batch / 2));
  // In order of what they cost: nothing but a little speed, a third more time, a shorter view.
  const remedies: { text: string; change?: Partial<TrainingMemoryOptions> }[] = [
    ...(batch > 1 ? [{ text: `--batch ${half} --accumulate ${accumulate * Math.ceil(batch / half)} (the same steps, a little slower)`, change: { batch: half, accumulate: 2 } }] : []),
    ...(batch > 2 ? [{ text: `--batch 1 --accumulate ${accumulate * batch} (the same steps, slower)`, change: { batch: 1, accumulate: 2 } }] : []),
    ...(options.checkpointed ? [] : [{ text: '--checkpointed (the same result, a third more time)', change: { checkpointed: true } }]),
    ...(length > 32 ? [{ text: `--length ${Math.floor(length / 2)} (the model sees less at once)`, change: { length: Math.floor(length / 2) } }] : []),
    { text: '--config tiny (a smaller model)' },
  ];
  const fits = ({ change }: (typeof remedies)[0]): boolean => change === undefined || fitsTraining(model, { ...options, ...change }, limits);
  const shown = [...remedies.filter(fits), ...remedies.filter((remedy) => !fits(remedy))].slice(0, 3);
  const oneTooLarge = tensor > limits.tensorBytes;
  const problem = oneTooLarge
    ? `expected tensors of at most ${bytes(limits.tensorBytes)}, what this graphics card binds at once, but found an estimate of ${bytes(tensor)} for the largest`
    : peak > limits.deviceBytes
      ? `expected training to need at most ${bytes(limits.deviceBytes)} of memory but found an estimate of ${bytes(peak)}`
      : `expected room for a copy of parameters and optimizer in ${bytes(limits.hostBytes)} of memory beside the graphics card but found an estimate of ${bytes(copy)}`;
  const size = (change: Partial<TrainingMemoryOptions>): string => bytes(needs(change)[oneTooLarge ? 'tensor' : 'peak']);
  throw new CliError('E_MEMORY', `llm: ${problem}. Try one of:\n${shown.map(({ text, change }) => `  ${text}${change === undefined ? '' : `: ${size(change)}`}`).join('\n')}`);
}

import { availableParallelism } from 'node:os';
import { type Device, useDevice } from '@llm/tensor';
import { askGpu, type GpuAnswer } from '../device/ask-gpu.ts';
import { measureRates, type Rates } from '../device/measure-rates.ts';
import type { Ask } from '../device/pick-device.ts';
import { type Environment, environment } from '../run/environment.ts';
import { freeMemoryBytes, memoryLimits } from '../train/check-memory.ts';
import { type Check, checkDisk, checkEngine, checkFreeMemory, checkGpu, checkThreads } from './checks.ts';
import { largestModel, type LargestModel, type LargestModelOptions } from './largest-model.ts';

/** The largest models for so much memory; on a graphics card, which does not say how much it has, for several amounts. */
export interface Room extends LargestModel {
  readonly memoryBytes: number;
}

/** What is known of a machine. */
export interface Examination {
  readonly environment: Environment;
  readonly freeMemoryBytes: number;
  readonly webgpu: GpuAnswer & { readonly room: readonly Room[] };
  readonly wasm: { readonly device?: Device; readonly rates?: Rates; readonly room: readonly Room[] };
  readonly batch: number;
  readonly length: number;
  readonly checks: readonly Check[];
  readonly canTrain: boolean;
}

const CARD_BYTES = [8, 24, 80].map((gibibytes) => gibibytes * 2 ** 30);
const WASM_MEBIBYTES = 32;
const WASM_SECONDS = 0.3;

/** Looks at everything that decides what can be trained here and how fast. */
export async function examine({ cwd, batch, length, ask = () => askGpu({ measure: true }) }: LargestModelOptions & { readonly cwd: string; readonly ask?: Ask }): Promise<Examination> {
  const machine = environment();
  const free = freeMemoryBytes();
  const answer = await ask();
  const wasm = await examineWasm();
  const checks = [
    checkGpu(answer), checkEngine(), ...wasm.checks, checkFreeMemory(free), await checkDisk(cwd),
  ];
  return {
    environment: machine, freeMemoryBytes: free, batch, length, checks, canTrain: !checks.some(({ blocks }) => blocks),
    webgpu: { ...answer, room: cardRoom(answer, { free, batch, length }) },
    wasm: {
      ...wasm.found,
      room: wasm.found.device === undefined ? [] : [roomOf({ name: 'wasm', threads: wasm.found.device.threads }, { free, batch, length })],
    },
  };
}

async function examineWasm(): Promise<{ found: { device?: Device; rates?: Rates }; checks: Check[] }> {
  let device: Device | undefined;
  try {
    device = await useDevice('wasm');
    const threads = checkThreads({ threads: device.threads, processors: availableParallelism(), notes: device.notes });
    return { found: { device, rates: await measureRates({ mebibytes: WASM_MEBIBYTES, seconds: WASM_SECONDS }) }, checks: [threads] };
  } catch (error) {
    const found = `The device wasm failed: ${error instanceof Error ? error.message : String(error)}`;
    return { found: device === undefined ? {} : { device }, checks: [{ name: 'WebAssembly', state: 'problem', found, remedy: 'Report it with this output; --device cpu is slow and needs none.' }] };
  }
}

function roomOf(device: Parameters<typeof memoryLimits>[0], { free, batch, length }: LargestModelOptions & { free: number }): Room {
  const limits = memoryLimits(device, free);
  return { memoryBytes: limits.deviceBytes, ...largestModel(limits, { batch, length }) };
}

/** An imitation shares the machine's memory; a real card does not say how much it has, so some usual amounts are shown. */
function cardRoom({ facts }: GpuAnswer, { free, batch, length }: LargestModelOptions & { free: number }): Room[] {
  if (facts === undefined) return [];
  const device = { name: 'webgpu', threads: 1, gpu: facts } as const;
  if (facts.software) return [roomOf(device, { free, batch, length })];
  const limits = memoryLimits(device, free);
  return CARD_BYTES.map((memoryBytes) => ({ memoryBytes, ...largestModel({ ...limits, deviceBytes: memoryBytes }, { batch, length }) }));
}

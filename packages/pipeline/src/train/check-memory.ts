import { availableParallelism, freemem } from 'node:os';
import { type Model, trainingMemory, type TrainingMemoryOptions } from '@llm/model';
import { CliError } from '../cli/cli-error.ts';
import { bytes } from '../cli/format.ts';

/** WebAssembly addresses 32 bits. */
const DEVICE_BYTES = 2 ** 32;
/** Threads keep stacks and scratch of their own. */
const THREAD_BYTES = 24 * 2 ** 20;
/** The program itself, the text and the tokens. */
const PROCESS_BYTES = 200 * 2 ** 20;

/** What this process may still take, as the system or its container says. */
export function freeMemoryBytes(): number {
  const asked = (process as { availableMemory?: () => number }).availableMemory?.();
  return asked === undefined || asked === 0 ? freemem() : asked;
}

export interface MemoryCheck {
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** Refuses a run that would not fit, before anything is allocated, and names the three remedies that cost least. */
export function checkMemory(model: Pick<Model, 'parameters' | 'shape'>, options: TrainingMemoryOptions, { freeBytes = freeMemoryBytes(), threads = availableParallelism() }: { freeBytes?: number; threads?: number } = {}): MemoryCheck {
  const extra = PROCESS_BYTES + THREAD_BYTES * threads;
  const needs = (changed: Partial<TrainingMemoryOptions>): number => trainingMemory(model, { ...options, ...changed }).peak;
  const limit = Math.min(DEVICE_BYTES, freeBytes - extra);
  const needed = needs({});
  if (needed <= limit) return { neededBytes: needed + extra, freeBytes };
  const { batch, length, accumulate = 1 } = options;
  const half = Math.max(1, Math.floor(batch / 2));
  const remedies = [
    // In order of what they cost: nothing but a little speed, a third more time, a shorter view.
    ...(batch > 1 ? [{ text: `--batch ${half} --accumulate ${accumulate * Math.ceil(batch / half)} (the same steps, a little slower)`, bytes: needs({ batch: half, accumulate: 2 }) }] : []),
    ...(batch > 2 ? [{ text: `--batch 1 --accumulate ${accumulate * batch} (the same steps, slower)`, bytes: needs({ batch: 1, accumulate: 2 }) }] : []),
    ...(options.checkpointed ? [] : [{ text: '--checkpointed (the same result, a third more time)', bytes: needs({ checkpointed: true }) }]),
    ...(length > 32 ? [{ text: `--length ${Math.floor(length / 2)} (the model sees less at once)`, bytes: needs({ length: Math.floor(length / 2) }) }] : []),
    { text: '--config tiny (a smaller model)', bytes: 0 },
  ];
  const fitting = remedies.filter((remedy) => remedy.bytes <= limit);
  const shown = [...fitting, ...remedies.filter((remedy) => remedy.bytes > limit)].slice(0, 3);
  throw new CliError('E_MEMORY', `llm: expected training to need at most ${bytes(Math.max(0, limit))} of memory but found an estimate of ${bytes(needed)}. Try one of:\n${shown.map(({ text, bytes: size }) => `  ${text}${size === 0 ? '' : `: ${bytes(size)}`}`).join('\n')}`);
}

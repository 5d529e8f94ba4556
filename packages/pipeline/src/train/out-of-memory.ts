import { GpuError } from '@llm/tensor';
import { CliError } from '../cli/cli-error.ts';

/** Whether the engine, or the device inside it, had no room left. */
export function ranOutOfMemory(error: unknown): error is RangeError | GpuError {
  if (error instanceof GpuError) return error.code === 'E_GPU_OUT_OF_MEMORY';
  return error instanceof RangeError && /^heap\.alloc: expected room|^Array buffer allocation failed/.test(error.message);
}

/** What to do about it. A run that goes on keeps its settings, so other ones begin a new run; before there is a step, there is no run. */
export function memoryError(cause: Error, { step }: { step?: number } = {}): CliError {
  const goOn = step === undefined ? 'Try one of:' : 'The checkpoints are whole: free some memory and go on with --resume, or begin again with --fresh and one of:';
  return new CliError('E_MEMORY', `llm: expected room for ${step === undefined ? 'a step' : `step ${step + 1}`} but found that memory ran out. ${goOn}
  a smaller --batch with more --accumulate (the same steps, slower)
  --checkpointed (the same result, a third more time)
  a shorter --length (the model sees less at once)
${cause.message}`, { cause });
}

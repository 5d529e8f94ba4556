import { CliError } from '../cli/cli-error.ts';

/** Whether the engine, or the device inside it, had no room left. */
export function ranOutOfMemory(error: unknown): error is RangeError {
  return error instanceof RangeError && /^heap\.alloc: expected room|^Array buffer allocation failed/.test(error.message);
}

/** What to do about it. A run that goes on keeps its settings, so other ones begin a new run. */
export function memoryError(cause: RangeError, { step }: { step: number }): CliError {
  return new CliError('E_MEMORY', `llm: expected room for step ${step + 1} but found that memory ran out. The checkpoints are whole: free some memory and go on with --resume, or begin again with --fresh and one of:
  a smaller --batch with more --accumulate (the same steps, slower)
  --checkpointed (the same result, a third more time)
  a shorter --length (the model sees less at once)
${cause.message}`, { cause });
}

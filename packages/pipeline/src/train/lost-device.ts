import { GpuError } from '@llm/tensor';
import { CliError } from '../cli/cli-error.ts';

/** Whether the graphics card was lost, and more often than training makes good. */
export function wasLost(error: unknown): error is GpuError {
  return error instanceof GpuError && error.code === 'E_GPU_LOST';
}

/** How the run goes on. */
export function lostError(cause: GpuError, { step }: { step: number }): CliError {
  return new CliError('E_GPU_LOST', `llm: expected the graphics card to stay for step ${step + 1} but found it lost again and again. The checkpoints are whole: go on with --resume, or without the card with --resume --device wasm, where the last digits of the numbers differ. With --fresh, a smaller --batch asks less of the card.
${cause.message}`, { cause });
}

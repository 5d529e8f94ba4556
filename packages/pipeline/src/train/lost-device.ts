import { GpuError } from '@llm/tensor';
import { CliError } from '../cli/cli-error.ts';

/** The loss of the graphics card that led to an error, if one did. */
export function lossBehind(error: unknown): GpuError | undefined {
  if (error instanceof GpuError && error.code === 'E_GPU_LOST') return error;
  return error instanceof Error && error.cause !== undefined ? lossBehind(error.cause) : undefined;
}

/** How a run goes on whose graphics card was lost more often than training makes good. */
export function lostError(cause: GpuError, { step }: { step: number }): CliError {
  return new CliError('E_GPU_LOST', `llm: expected the graphics card to stay for step ${step + 1} but it was lost. The checkpoints are whole: go on with --resume, or without the card with --resume --device wasm, where the last digits of the numbers differ. With --fresh, a smaller --batch asks less of the card.
${cause.message}`, { cause });
}

/** What lies between two steps is left out when the card is lost meanwhile: the next step opens it again and makes good what was lost. */
export async function unlessLost<T>(act: () => Promise<T>, onLost: () => void): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (lossBehind(error) === undefined) throw error;
    onLost();
    return undefined;
  }
}

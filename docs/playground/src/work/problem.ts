import type { Problem } from '../protocol.ts';

/** An error that already says what to do. */
export class PlaygroundError extends Error {
  override readonly name = 'PlaygroundError';
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, text: string, remedy: string) {
    super(text);
    this.code = code;
    this.remedy = remedy;
  }
}

const SMALLER = 'Choose a smaller model, batch or context, close other tabs, and start again.';

/** Whether the engine, or the device inside it, had no room left. */
function ranOutOfMemory(error: Error): boolean {
  return /heap\.alloc: expected room|GPU_OUT_OF_MEMORY|array buffer allocation failed|out of memory|allocation (size|fail)|could not allocate|invalid (typed )?array length/i.test(`${String((error as { code?: unknown }).code)} ${error.message}`);
}

export function isQuota(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError';
}

/** Any error as a sentence about what happened and one about what to do. */
export function problemOf(thrown: unknown): Problem {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error instanceof PlaygroundError) return { code: error.code, text: error.message, remedy: error.remedy };
  const code = (error as { code?: unknown }).code;
  if (ranOutOfMemory(error)) return { code: 'E_MEMORY', text: 'The memory of this tab ran out.', remedy: SMALLER };
  if (isQuota(error)) return { code: 'E_QUOTA', text: 'The browser\'s storage for this page is full.', remedy: 'Free some disk space or delete the saved run, and try again.' };
  if (code === 'E_NON_FINITE') return { code, text: 'The loss was no number for several steps in a row, so training ended at the last good step.', remedy: 'Lower the learning rate in the advanced settings and start again.' };
  if (code === 'E_CONFIG_CHANGED' || code === 'E_STATE') {
    return { code, text: `The saved run does not fit together. ${error.message}`, remedy: 'Delete the saved run and start a new one.' };
  }
  if (code === 'E_NO_GPU') return { code, text: `WebGPU is not to be had here. ${sentence(error.message)}`, remedy: 'Or choose WebAssembly as the device.' };
  if (code === 'E_GPU_LOST') return { code, text: 'The graphics card was taken away in the middle of the work.', remedy: 'Reload the page to go on from the last saved step, or choose WebAssembly as the device.' };
  if (/gpu/i.test(`${String(code)} ${error.message}`)) return { code: 'E_DEVICE', text: sentence(error.message), remedy: 'Choose WebAssembly as the device and start again.' };
  return { code: typeof code === 'string' ? code : 'E_UNKNOWN', text: sentence(error.message), remedy: 'Start again; if it comes back, reload the page and choose a smaller model.' };
}

/** A message of ours begins with the name of a function, which tells the visitor nothing. */
function sentence(text: string): string {
  const trimmed = text.trim().replace(/^[\w.]+: (?=expected)/, '').replace(/^e/, 'E') || 'Something failed without saying why';
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

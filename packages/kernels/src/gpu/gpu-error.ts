/** What can go wrong with a graphics card, as a code that does not change. */
export type GpuErrorCode = 'E_NO_GPU' | 'E_GPU_LOST' | 'E_GPU_OUT_OF_MEMORY' | 'E_GPU_VALIDATION';

/** A failure of the graphics card or its driver: what was expected, what was found, and what to do. */
export class GpuError extends Error {
  override readonly name = 'GpuError';
  readonly code: GpuErrorCode;

  constructor(code: GpuErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The first lines of a driver's message, which may be long. */
export function briefly(message: string): string {
  const lines = message.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.slice(0, 3).join(' ').slice(0, 400);
}

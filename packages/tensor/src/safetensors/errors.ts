/** Why a safetensors file, index or folder was refused; stable across releases. */
export type SafetensorsErrorCode =
  | 'E_HEADER_TOO_SMALL' | 'E_HEADER_TOO_LARGE' | 'E_HEADER_LENGTH' | 'E_HEADER_UTF8' | 'E_HEADER_START' | 'E_HEADER_JSON'
  | 'E_DUPLICATE_KEY' | 'E_METADATA' | 'E_NAME' | 'E_TENSOR_INFO' | 'E_DTYPE' | 'E_SHAPE' | 'E_OVERFLOW' | 'E_MISALIGNED'
  | 'E_OFFSETS' | 'E_TENSOR_SIZE' | 'E_INCOMPLETE' | 'E_ALLOCATION' | 'E_NO_TENSOR' | 'E_PICKLE' | 'E_NOT_A_FILE'
  | 'E_NOT_FOUND' | 'E_INDEX' | 'E_SHARD_NAME' | 'E_SHARD_MISSING' | 'E_SHARD_EXTRA' | 'E_SHARD_DUPLICATE' | 'E_SHARD_TENSOR';

/**
 * A safetensors file that breaks a rule of the format, with a stable `code` to branch on.
 *
 * @example
 * ```ts
 * import { readSafetensors, SafetensorsError } from '@llm/tensor';
 * try {
 *   readSafetensors(new Uint8Array(3));
 * } catch (error) {
 *   if (!(error instanceof SafetensorsError) || error.code !== 'E_HEADER_TOO_SMALL') throw error;
 * }
 * ```
 */
export class SafetensorsError extends Error {
  override readonly name: string = 'SafetensorsError';
  readonly code: SafetensorsErrorCode;

  constructor(code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A name from an untrusted file, quoted and cut so that it cannot flood or forge a message. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}…` : name);
}

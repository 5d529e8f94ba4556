/** Why a GGUF file was refused; stable across releases. */
export type GgufErrorCode =
  | 'E_MAGIC' | 'E_VERSION' | 'E_BIG_ENDIAN' | 'E_TRUNCATED' | 'E_COUNT' | 'E_STRING' | 'E_UTF8' | 'E_VALUE_TYPE' | 'E_NESTED_ARRAY' | 'E_VALUE'
  | 'E_ALIGNMENT' | 'E_DUPLICATE_KEY' | 'E_DUPLICATE_NAME' | 'E_NAME' | 'E_DIMS' | 'E_SHAPE' | 'E_OVERFLOW' | 'E_TYPE' | 'E_BLOCK' | 'E_OFFSETS'
  | 'E_TENSOR_SIZE' | 'E_NO_TENSOR' | 'E_NOT_FOUND' | 'E_NOT_A_FILE' | 'E_ALLOCATION';

/**
 * A GGUF file that breaks a rule of the format, with a stable `code` to branch on.
 *
 * @example
 * ```ts
 * import { GgufError, readGguf } from '@llm/tensor';
 * try {
 *   readGguf(new TextEncoder().encode('no such file'));
 * } catch (error) {
 *   if (!(error instanceof GgufError) || error.code !== 'E_MAGIC') throw error;
 * }
 * ```
 */
export class GgufError extends Error {
  override readonly name: string = 'GgufError';
  readonly code: GgufErrorCode;

  constructor(code: GgufErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

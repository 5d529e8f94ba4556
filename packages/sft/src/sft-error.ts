/** Stable names of what can be wrong with data for fine-tuning. */
export type SftErrorCode =
  | 'E_CONTEXT'
  | 'E_EMPTY'
  | 'E_FORMAT'
  | 'E_MASK'
  | 'E_RECORD'
  | 'E_TEMPLATE'
  | 'E_TOO_FEW';

/**
 * Something is wrong with the data, as opposed to with how a function was called.
 *
 * `code` is stable and meant for programs; `record` is the number of the record in its file, from 0, where one is to blame.
 *
 * @example
 * ```ts
 * import { readExample, SftError } from '@llm/sft';
 * try {
 *   readExample({ prompt: 'Why?' }, { index: 7 });
 * } catch (error) {
 *   if (!(error instanceof SftError) || error.code !== 'E_FORMAT' || error.record !== 7) throw error;
 * }
 * ```
 */
export class SftError extends Error {
  readonly code: SftErrorCode;
  readonly record: number | undefined;

  constructor(code: SftErrorCode, message: string, { record }: { readonly record?: number | undefined } = {}) {
    super(record === undefined ? message : `${message} (record ${record})`);
    this.name = 'SftError';
    this.code = code;
    this.record = record;
  }
}

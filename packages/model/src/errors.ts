/** Why a configuration, a checkpoint or a folder was refused; stable across releases. */
export type ModelErrorCode =
  | 'E_JSON' | 'E_CONFIG' | 'E_ARCHITECTURE' | 'E_ROPE' | 'E_ACTIVATION' | 'E_MEMORY'
  | 'E_WEIGHTS' | 'E_WEIGHT_LEAF' | 'E_TOKENIZER' | 'E_NOT_FOUND';

/**
 * A model that cannot be built, read or written as asked, with a stable `code` to branch on.
 *
 * @example
 * ```ts
 * import { ModelError, readConfig } from '@llm/model';
 * try {
 *   readConfig({ model_type: 'mamba' });
 * } catch (error) {
 *   if (!(error instanceof ModelError) || error.code !== 'E_ARCHITECTURE') throw error;
 * }
 * ```
 */
export class ModelError extends Error {
  override readonly name: string = 'ModelError';
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A value from an untrusted file, cut so that it cannot flood a message. */
export function shown(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}` : JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

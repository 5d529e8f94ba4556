/** What went wrong, stable across versions. */
export type SafetyErrorCode = 'E_AUDIT' | 'E_ROLLBACK';

/**
 * Something that safety cannot be had with, with a `code` to branch on.
 *
 * | code | meaning |
 * |---|---|
 * | `E_AUDIT` | an audit log that was changed, or cannot be gone on with |
 * | `E_ROLLBACK` | no checkpoint that passes |
 */
export class SafetyError extends Error {
  override readonly name = 'SafetyError';
  readonly code: SafetyErrorCode;

  constructor(code: SafetyErrorCode, message: string, options?: ErrorOptions) {
    super(`${message} [${code}]`, options);
    this.code = code;
  }
}

/** Why a run cannot go on from what was saved; stable across releases. */
export type ResumeErrorCode = 'E_CONFIG_CHANGED' | 'E_STATE';

/** What was saved does not fit what is to go on. */
export class ResumeError extends Error {
  override readonly name = 'ResumeError';
  readonly code: ResumeErrorCode;

  constructor(code: ResumeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Why an endpoint cannot teach: it gives no log-probabilities, or tokens that the student has not. */
export type TeacherErrorCode = 'no-logprobs' | 'other-tokens';

/** A teacher behind an endpoint that taught nothing. */
export class TeacherError extends Error {
  readonly code: TeacherErrorCode;

  constructor(message: string, { code }: { readonly code: TeacherErrorCode }) {
    super(message);
    this.name = 'TeacherError';
    this.code = code;
  }
}

/** Why an endpoint could not be asked (it refused, or failed every time), or could not be used: no log-probabilities, or tokens that the student has not. */
export type TeacherErrorCode = 'refused' | 'unreachable' | 'no-logprobs' | 'other-tokens';

/** A teacher behind an endpoint that taught nothing. */
export class TeacherError extends Error {
  readonly code: TeacherErrorCode;
  readonly status: number | undefined;

  constructor(message: string, { code, status }: { code: TeacherErrorCode; status?: number | undefined }) {
    super(message);
    this.name = 'TeacherError';
    this.code = code;
    this.status = status;
  }
}

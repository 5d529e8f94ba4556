/** What is wrong with a cache: not there, not finished, of something else, or not of this version. */
export type TeacherCacheErrorCode = 'E_NOT_FOUND' | 'E_INCOMPLETE' | 'E_OTHER_KEY' | 'E_FORMAT' | 'E_COUNT';

/** A cache of a teacher that cannot be used. */
export class TeacherCacheError extends Error {
  readonly code: TeacherCacheErrorCode;

  constructor(code: TeacherCacheErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TeacherCacheError';
    this.code = code;
  }
}

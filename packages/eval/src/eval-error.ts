/** What went wrong with an evaluation, stable across versions. */
export type EvalErrorCode =
  | 'E_TASK_CONFIG'
  | 'E_TASK_DATA'
  | 'E_TASK_FUNCTION'
  | 'E_TASK_YAML'
  | 'E_REGEX'
  | 'E_SCORER';

/**
 * An evaluation that cannot be done, with a `code` to branch on.
 *
 * | code | meaning |
 * |---|---|
 * | `E_TASK_CONFIG` | a task says something that cannot be, or nothing where it must |
 * | `E_TASK_DATA` | a document lacks what the task reads of it, or a split is missing |
 * | `E_TASK_FUNCTION` | a task names a function that nobody gave |
 * | `E_TASK_YAML` | a file that is no YAML, goes round in circles, or holds what no task has |
 * | `E_REGEX` | a regular expression that Python would not compile, or that is not supported |
 * | `E_SCORER` | a model or an endpoint that cannot answer such requests |
 */
export class EvalError extends Error {
  override readonly name = 'EvalError';
  readonly code: EvalErrorCode;

  constructor(code: EvalErrorCode, message: string, options?: ErrorOptions) {
    super(`${message} [${code}]`, options);
    this.code = code;
  }
}

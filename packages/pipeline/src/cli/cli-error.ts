/** A mistake in what was typed: told without a stack, exit code 2. */
export class UsageError extends Error {
  readonly code = 'E_USAGE';
  override readonly name = 'UsageError';
}

/** Something that went wrong and that the user can do something about; exit code 1. `code` is stable across releases. */
export class CliError extends Error {
  readonly code: string;
  override readonly name = 'CliError';

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a command ends with; `gate` where a model did not pass what a recipe asks for. */
export const EXIT = { ok: 0, failure: 1, usage: 2, gate: 3, interrupted: 130, terminated: 143 } as const;

/** Why a checkpoint could not be saved, found or read; stable across releases. */
export type CheckpointErrorCode =
  | 'E_SAVE' | 'E_VERIFY' | 'E_MANIFEST' | 'E_VERSION' | 'E_FILE_MISSING' | 'E_FILE_SIZE' | 'E_FILE_HASH' | 'E_NONE_WHOLE' | 'E_LOCKED';

/** A checkpoint that cannot be saved or trusted, with a stable `code` to branch on and the system's error as `cause`. */
export class CheckpointError extends Error {
  override readonly name: string = 'CheckpointError';
  readonly code: CheckpointErrorCode;

  constructor(code: CheckpointErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The system's own code (ENOSPC, EIO …) where there is one, the message otherwise. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' && !(error instanceof CheckpointError) ? code : String(message ?? error);
}

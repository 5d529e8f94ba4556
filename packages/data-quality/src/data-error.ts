/** Stable names of everything that can be wrong with input data. */
export type DataErrorCode =
  | 'E_CHANGED'
  | 'E_CLASSIFIER'
  | 'E_CSV'
  | 'E_EMPTY'
  | 'E_ENCODING'
  | 'E_FEEDBACK'
  | 'E_FILE_TOO_LARGE'
  | 'E_FORMAT'
  | 'E_GZIP_BOMB'
  | 'E_GZIP_CORRUPT'
  | 'E_GZIP_MAGIC'
  | 'E_GZIP_TRUNCATED'
  | 'E_HUB'
  | 'E_HUB_ACCESS'
  | 'E_INCOMPLETE'
  | 'E_JSON'
  | 'E_JSONL'
  | 'E_LINE_TOO_LONG'
  | 'E_MANIFEST'
  | 'E_MINHASH_SHARD'
  | 'E_NOT_A_FILE'
  | 'E_NOT_EMPTY'
  | 'E_NOT_FOUND'
  | 'E_OUTPUT'
  | 'E_PARQUET'
  | 'E_PARQUET_TOO_LARGE'
  | 'E_REVIEW'
  | 'E_SFT'
  | 'E_SUMMARY'
  | 'E_TOKENS'
  | 'E_UNREADABLE'
  | 'E_VERSIONS'
  | 'E_ZSTD_BOMB'
  | 'E_ZSTD_CORRUPT'
  | 'E_ZSTD_UNSUPPORTED';

export interface DataErrorOptions {
  /** What was expected and what was found: `expected … but found …`. */
  readonly problem: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
  readonly file?: string | undefined;
  /** 1-based. */
  readonly line?: number | undefined;
  readonly cause?: unknown;
}

// Names come from the data and are shown on terminals: an escape sequence in one must not be obeyed.
function printable(name: string): string {
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/**
 * Something is wrong with the data itself, as opposed to with how a function was called.
 *
 * `code` is stable and meant for programs; `file`, `line` (1-based) and `remedy` say where and what to do.
 *
 * @example
 * ```ts
 * import { DataError } from '@llm/data-quality';
 * const error = new DataError('E_JSONL', { problem: 'readJsonl: expected an object but found 3', remedy: 'Fix the line.', file: 'a.jsonl', line: 7 });
 * console.assert(error.message === 'readJsonl: expected an object but found 3 (a.jsonl, line 7). Fix the line.');
 * ```
 */
export class DataError extends Error {
  readonly code: DataErrorCode;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly remedy: string;

  constructor(code: DataErrorCode, { problem, remedy, file, line, cause }: DataErrorOptions) {
    const where = [file === undefined ? '' : printable(file), line === undefined ? '' : `line ${line}`].filter(Boolean).join(', ');
    super(`${problem}${where === '' ? '' : ` (${where})`}. ${remedy}`, cause === undefined ? undefined : { cause });
    this.name = 'DataError';
    this.code = code;
    this.file = file;
    this.line = line;
    this.remedy = remedy;
  }
}

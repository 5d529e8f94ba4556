/** What went wrong with a tokenizer file, stable across versions. */
export type TokenizerErrorCode =
  | 'E_TOKENIZER_JSON'
  | 'E_TOKENIZER_UNSUPPORTED'
  | 'E_TOKENIZER_REGEX'
  | 'E_TOKENIZER_VOCAB'
  | 'E_TOKENIZER_MERGE'
  | 'E_TOKENIZER_LIMIT'
  | 'E_TOKENIZER_MODEL'
  | 'E_TOKENIZER_POOL';

/**
 * A tokenizer file that cannot be used, with a `code` to branch on and a message that says what to do.
 *
 * | code | meaning |
 * |---|---|
 * | `E_TOKENIZER_JSON` | a field is missing or has the wrong type |
 * | `E_TOKENIZER_UNSUPPORTED` | a component that this package does not run |
 * | `E_TOKENIZER_REGEX` | a pattern that is no regular expression, or that takes more steps than any real one |
 * | `E_TOKENIZER_VOCAB` | ids repeat or leave gaps |
 * | `E_TOKENIZER_MERGE` | a merge names a token that does not exist |
 * | `E_TOKENIZER_LIMIT` | larger than any real tokenizer |
 * | `E_TOKENIZER_MODEL` | bytes that are no SentencePiece model |
 * | `E_TOKENIZER_POOL` | a thread of a pool can't start or has ended, or the pool is closed |
 */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
  readonly code: TokenizerErrorCode;

  constructor(code: TokenizerErrorCode, message: string) {
    super(`${message} [${code}]`);
    this.code = code;
  }
}

/** A short rendering of any value for an error message, bounded in size and never throwing. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** Throws unless what is to be encoded is a string. */
export function checkText(name: string, text: unknown): void {
  if (typeof text === 'string') return;
  throw new TypeError(`${name}: expected a string but found ${text === null ? 'null' : typeof text}. Pass text.`);
}

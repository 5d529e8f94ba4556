import { TokenizerError } from '../tokenizer-error.ts';

/** The error for a part of a tokenizer that no `.model` file can hold. */
export function inTheWay(expected: string, found: string, remedy: string): TokenizerError {
  return new TokenizerError('E_TOKENIZER_UNSUPPORTED', `writeSentencePiece: expected ${expected} but found ${found}. ${remedy}.`);
}

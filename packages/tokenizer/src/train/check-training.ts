import { MAX_ADDED_TOKEN_LENGTH } from '../added-tokens.ts';
import { shown } from '../tokenizer-error.ts';

/** Refuses an option that is no integer from `least` to `most`. */
export function checkNumber(caller: string, name: string, value: number, { least, most, why }: { least: number; most: number; why: string }): void {
  if ((Number.isInteger(value) || value === most) && value >= least && value <= most) return;
  const range = most === Infinity ? `${least} or more` : `from ${least} to ${most}`;
  throw new RangeError(`${caller}: expected ${name} to be an integer ${range} but found ${String(value)}. Note that ${why}.`);
}

/** Refuses special tokens that no file could hold. */
export function checkSpecialTokens(caller: string, tokens: readonly string[]): void {
  for (const token of tokens) {
    const valid = typeof token === 'string' && token !== '' && token.length <= MAX_ADDED_TOKEN_LENGTH && !/[\ud800-\udfff]/u.test(token);
    if (!valid) {
      throw new RangeError(
        `${caller}: expected special tokens to be strings of 1 to ${MAX_ADDED_TOKEN_LENGTH} characters but found ${shown(token)}. Use a name such as "<|endoftext|>".`,
      );
    }
  }
}

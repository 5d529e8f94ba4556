import type { EncodeOptions, Tokenizer } from '../tokenizer.ts';

/**
 * How many ids `text` has: `tokenizer.encode(text, options).length`. With `maxTokens` it stops counting there.
 *
 * @example
 * ```ts
 * import { countTokens, trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['low lower'], { vocabSize: 256 });
 * if (countTokens(tokenizer, 'lowest') !== 6) throw new Error('a token for each byte');
 * ```
 */
export function countTokens(tokenizer: Tokenizer, text: string, options: EncodeOptions = {}): number {
  return tokenizer.encode(text, options).length;
}

/**
 * Whether `text` has at most `limit` ids. It stops at the first id too many: byte-level BPE reads little more of a text than `limit` tokens,
 * other kinds normalize and cut a text whole before they stop, and one without a pre-tokenizer, such as Llama 2's, encodes it whole.
 *
 * @throws RangeError for a limit that is no whole number.
 *
 * @example
 * ```ts
 * import { isWithinTokenLimit, trainBpe } from '@llm/tokenizer';
 * const tokenizer = await trainBpe(['low lower'], { vocabSize: 256 });
 * if (!isWithinTokenLimit(tokenizer, 'lowest', { limit: 6 })) throw new Error('six are enough');
 * if (isWithinTokenLimit(tokenizer, 'low '.repeat(1e6), { limit: 6 })) throw new Error('far too many');
 * ```
 */
export function isWithinTokenLimit(tokenizer: Tokenizer, text: string, { limit, ...options }: { readonly limit: number } & Omit<EncodeOptions, 'maxTokens'>): boolean {
  if (!(Number.isInteger(limit) && limit >= 0)) throw new RangeError(`isWithinTokenLimit: expected limit to be a whole number of ids but found ${String(limit)}. Pass the context length of the model.`);
  return tokenizer.encode(text, { ...options, maxTokens: limit + 1 }).length <= limit;
}

import { stripEnd } from '../python/text.ts';

/** A context and the tokens that are to be predicted after it. */
export interface TokenPair {
  readonly context: readonly number[];
  readonly continuation: readonly number[];
}

/** How texts become ids. */
export interface PairEncoder {
  /** The ids of a text, with the special tokens that the tokenizer puts around one, unless they are left out. */
  encode(text: string, options?: { readonly bare?: boolean }): readonly number[];
  /** What stands before a text without a context. */
  readonly prefixId: number;
}

/**
 * The ids of a context and its continuation, as lm-evaluation-harness has them: whitespace at the end of the context goes to the
 * continuation, and the continuation is what the ids of both together have more than those of the context. Without a context the prefix
 * token stands in for it, or the continuation's own first token where that is the prefix.
 *
 * @example
 * ```ts
 * import { encodePair } from '@llm/eval';
 * const letters = { encode: (text: string) => [...text].map((letter) => letter.charCodeAt(0)), prefixId: 0 };
 * const { context, continuation } = encodePair({ context: 'ab ', continuation: 'c' }, letters);
 * if (context.length !== 2 || continuation.join() !== '32,99') throw new Error('the space belongs to the continuation');
 * ```
 */
export function encodePair(pair: { readonly context: string; readonly continuation: string }, { encode, prefixId }: PairEncoder): TokenPair {
  const context = stripEnd(pair.context);
  if (context === '') {
    // lm-evaluation-harness stops at a context of whitespace alone; here it goes to the continuation as any other does.
    const ids = encode(pair.context + pair.continuation, { bare: true });
    return ids[0] === prefixId ? { context: ids.slice(0, 1), continuation: ids.slice(1) } : { context: [prefixId], continuation: ids };
  }
  const whole = encode(pair.context + pair.continuation);
  const before = encode(context);
  return { context: before, continuation: whole.slice(before.length) };
}

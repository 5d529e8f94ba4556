import type { TokenizedPair } from '../offline/pair-batch.ts';
import type { TokenizedCompletion } from '../offline/unpaired-batch.ts';
import type { Message, PreferenceExample, TextOrMessages, UnpairedExample } from './examples.ts';
import { extractPrompt } from './extract-prompt.ts';
import { keepStart, type Truncation } from './truncate.ts';

/** What is needed of a tokenizer. */
export interface PreferenceTokenizer {
  /** The ids of a text, with those that begin every text where the model has them. */
  encode(text: string): ArrayLike<number>;
  /** The id that ends a text: put behind every completion that lacks it. Conversations end as their template has it. */
  readonly endId: number;
  /** The ids of a conversation by the model's chat template; `generationPrompt` adds what stands before the next answer. */
  encodeMessages?(messages: readonly Message[], options: { readonly generationPrompt: boolean }): ArrayLike<number>;
}

export interface TokenizeOptions {
  readonly tokenizer: PreferenceTokenizer;
  /** How long examples are made to fit; default `keepStart()`, 1024 tokens. */
  readonly truncation?: Truncation;
}

/** Examples as ids, and what happened to those that are not among them as they were. */
export interface Tokenized<T> {
  readonly examples: T[];
  /** Which were left out, as nothing of their completions would be left. */
  readonly dropped: number[];
  /**
   * Examples whose prompt has other ids before a completion than alone, by the tokens that were lost at its end: the completion then starts
   * where they part. End prompts on the border of a token to avoid it.
   */
  readonly cutPrompts: { readonly example: number; readonly tokens: number }[];
}

function idsOf(tokenizer: PreferenceTokenizer, prompt: TextOrMessages, completion?: TextOrMessages): number[] {
  if (typeof prompt === 'string') {
    if (completion === undefined) return Array.from(tokenizer.encode(prompt));
    const ids = Array.from(tokenizer.encode(prompt + (completion as string)));
    return ids.at(-1) === tokenizer.endId ? ids : [...ids, tokenizer.endId];
  }
  if (tokenizer.encodeMessages === undefined) throw new TypeError('tokenizePairs: expected a tokenizer with encodeMessages for conversations but found one without. Give it the chat template of the model.');
  const messages = completion === undefined ? prompt : [...prompt, ...completion as readonly Message[]];
  return Array.from(tokenizer.encodeMessages(messages, { generationPrompt: completion === undefined }));
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/**
 * Pairs of text or messages as ids, in the way of TRL's DPOTrainer: prompt and completion are encoded together, and the completion is what
 * follows the ids that the prompt alone has; where there is no prompt it is taken out of the completions first.
 *
 * @example
 * ```ts
 * import { tokenizePairs } from '@llm/preference';
 * const tokenizer = { encode: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0)), endId: 0 };
 * const { examples } = tokenizePairs([{ prompt: 'ab', chosen: 'c', rejected: 'dd' }], { tokenizer });
 * if (examples[0]!.rejected.join() !== '100,100,0') throw new Error('two letters and the end');
 * ```
 */
export function tokenizePairs(examples: readonly PreferenceExample[], { tokenizer, truncation = keepStart() }: TokenizeOptions): Tokenized<TokenizedPair & { chosen: number[]; rejected: number[] }> {
  const found: Tokenized<TokenizedPair & { chosen: number[]; rejected: number[] }> = { examples: [], dropped: [], cutPrompts: [] };
  for (const [example, given] of examples.entries()) {
    const { prompt, chosen, rejected, margin } = extractPrompt(given);
    const alone = idsOf(tokenizer, prompt);
    const [whole, other] = [idsOf(tokenizer, prompt, chosen), idsOf(tokenizer, prompt, rejected)];
    const shared = Math.min(commonPrefix(alone, whole), commonPrefix(alone, other));
    if (shared < alone.length) found.cutPrompts.push({ example, tokens: alone.length - shared });
    const pair = truncation({ prompt: alone.slice(0, shared), chosen: whole.slice(shared), rejected: other.slice(shared), ...(margin === undefined ? {} : { margin }) });
    if (pair === undefined) found.dropped.push(example);
    else found.examples.push(pair);
  }
  return found;
}

/** Single completions of text or messages as ids, in the way of TRL's KTOTrainer: like `tokenizePairs`, cut at the end. */
export function tokenizeCompletions(
  examples: readonly UnpairedExample[], { tokenizer, maxTokens = 1024 }: { readonly tokenizer: PreferenceTokenizer; readonly maxTokens?: number },
): Tokenized<TokenizedCompletion> {
  const found: Tokenized<TokenizedCompletion> = { examples: [], dropped: [], cutPrompts: [] };
  const truncation = keepStart({ maxTokens });
  for (const [example, { prompt, completion, label }] of examples.entries()) {
    const alone = idsOf(tokenizer, prompt);
    const whole = idsOf(tokenizer, prompt, completion);
    const shared = commonPrefix(alone, whole);
    if (shared < alone.length) found.cutPrompts.push({ example, tokens: alone.length - shared });
    const cut = truncation({ prompt: alone.slice(0, shared), chosen: whole.slice(shared), rejected: whole.slice(shared) });
    if (cut === undefined) found.dropped.push(example);
    else found.examples.push({ prompt: cut.prompt, completion: cut.chosen, desirable: label });
  }
  return found;
}

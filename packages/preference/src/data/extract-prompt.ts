import type { Message, PreferenceExample, TextOrMessages } from './examples.ts';

/** Equal as JSON, whatever the order of the keys. */
function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => equal((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

/**
 * Takes what both completions of an example begin with out as its prompt: message by message, or character by character. One space before the
 * place where texts part goes to the completions. Where one is the beginning of the other, its last item stays a completion.
 *
 * It is TRL's extract_prompt, but where texts differ from the first character on: the prompt is then empty, also where the chosen text ends
 * with a space. An example that has a prompt already is given back.
 *
 * @throws TypeError where one completion is text and the other messages; RangeError where one is empty.
 *
 * @example
 * ```ts
 * import { extractPrompt } from '@llm/preference';
 * const { prompt, chosen } = extractPrompt({ chosen: 'The sky is blue.', rejected: 'The sky is green.' });
 * if (prompt !== 'The sky is' || chosen !== ' blue.') throw new Error('the space belongs to the completion');
 * ```
 */
export function extractPrompt<E extends PreferenceExample>(example: E): E & { readonly prompt: TextOrMessages } {
  const { chosen, rejected } = example;
  if (example.prompt !== undefined) return example as E & { readonly prompt: TextOrMessages };
  if (typeof chosen !== typeof rejected) throw new TypeError('extractPrompt: expected chosen and rejected to be both text or both messages but found one of each');
  // Characters are code points, as in Python.
  const first: readonly (string | Message)[] = typeof chosen === 'string' ? Array.from(chosen) : chosen;
  const second: readonly (string | Message)[] = typeof rejected === 'string' ? Array.from(rejected) : rejected as readonly Message[];
  const least = Math.min(first.length, second.length);
  if (least === 0) throw new RangeError(`extractPrompt: expected two completions but found an empty ${first.length === 0 ? 'chosen' : 'rejected'} one. Leave the example out.`);
  let at = 0;
  while (at < least && equal(first[at], second[at])) at++;
  if (at === least) at = least - 1;
  else if (at > 0 && first[at - 1] === ' ') at--;
  const part = (items: readonly (string | Message)[], from: number, to?: number): TextOrMessages => {
    const taken = items.slice(from, to);
    return typeof chosen === 'string' ? taken.join('') : taken as Message[];
  };
  return { ...example, prompt: part(first, 0, at), chosen: part(first, at), rejected: part(second, at) };
}

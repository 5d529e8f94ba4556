import { STOP_WORDS } from '../language/stop-words.ts';
import { wordTokens } from '../sft/word-tokens.ts';
import type { Document } from '../types.ts';

const IGNORED = new Set(Object.values(STOP_WORDS).flatMap((words) => words.split(' ')));

/**
 * How near a text is to a list of terms: the cosine between the terms, each 1 (or its weight), and the words of the text, each
 * ln(1 + its count), without stop words that are no terms,
 *
 *   cos = Σₜ wₜ xₜ / (‖w‖ ‖x‖).
 *
 * A term of several words counts as its words. Long texts that treat of much else come near 0.1; compare sources, not absolute values.
 *
 * Throws RangeError for no terms.
 *
 * @example
 * ```ts
 * import { relevanceTo } from '@llm/data-quality';
 * const relevance = relevanceTo(['harbour', 'boat', 'tide']);
 * const near = relevance({ id: 'a', text: 'The boat left the harbour with the tide.' });
 * console.assert(near > 0.8 && relevance({ id: 'b', text: 'A recipe for soup.' }) === 0);
 * ```
 */
export function relevanceTo(terms: readonly string[] | Readonly<Record<string, number>>): (document: Document) => number {
  const given: [string, number][] = Array.isArray(terms) ? terms.map((term: string) => [term, 1]) : Object.entries(terms as Readonly<Record<string, number>>);
  const weights = new Map(given.flatMap(([term, weight]) => wordTokens(term).map((word) => [word, weight] as const)));
  const norm = Math.hypot(...weights.values());
  if (!(norm > 0)) throw new RangeError(`relevanceTo: expected terms with letters or digits but found ${JSON.stringify(terms)}. Give some words that the texts wanted are about.`);
  return ({ text }) => {
    const counts = new Map<string, number>();
    for (const word of wordTokens(text)) if (weights.has(word) || !IGNORED.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    let dot = 0;
    let squares = 0;
    for (const [word, count] of counts) {
      const x = Math.log1p(count);
      squares += x * x;
      dot += x * (weights.get(word) ?? 0);
    }
    return squares === 0 ? 0 : dot / (norm * Math.sqrt(squares));
  };
}

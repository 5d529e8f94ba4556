import type { Document, Filter } from './types.ts';

export interface C4BadWordsOptions {
  /** The words to look for, by language; this package comes with none. */
  readonly words: Readonly<Record<string, readonly string[]>>;
  /** Language of a document. Default: `meta.language`, else `en`. */
  readonly language?: (document: Document) => string;
  /** Share of documents with such a word that stay all the same. Default 0. */
  readonly keepFraction?: number;
  /** Uniform random numbers in [0, 1) for `keepFraction`. */
  readonly random?: () => number;
  /** A document in a language without a list is an error (true, the default) or kept (false). */
  readonly failOnMissingLanguage?: boolean;
}

/** Written without spaces: a word counts wherever it stands. */
const UNSPACED: ReadonlySet<string> = new Set(['ja', 'th', 'zh']);
/** Parts of so many harmless words that the C4 authors took them off the lists. */
const ALLOWED: ReadonlySet<string> = new Set(['sm', 'グロ', '女の子', '性']);
const WORD_CHARACTER = /[\p{L}\p{N}_]/u;

const isWordAt = (text: string, at: number): boolean => at < text.length && WORD_CHARACTER.test(String.fromCodePoint(text.codePointAt(at) as number));

function isWordBefore(text: string, at: number): boolean {
  if (at === 0) return false;
  const pair = at > 1 && (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00;
  return isWordAt(text, pair ? at - 2 : at - 1);
}

function holdsAny(text: string, words: ReadonlyMap<string, readonly string[]>, flanked: boolean): boolean {
  for (let at = 0; at < text.length; at++) {
    const candidates = words.get(text[at] as string);
    if (!candidates || (flanked && isWordBefore(text, at))) continue;
    if (candidates.some((word) => text.startsWith(word, at) && !(flanked && isWordAt(text, at + word.length)))) return true;
  }
  return false;
}

function byFirstUnit(words: readonly string[]): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const word of words) {
    const first = word[0];
    if (first === undefined) throw new RangeError('c4BadWords: expected words but found an empty one. Take empty lines out of the list.');
    if (ALLOWED.has(word)) continue;
    const list = map.get(first);
    if (list) list.push(word);
    else map.set(first, [word]);
  }
  return map;
}

/**
 * Drops a document that holds a word of the caller's list: between characters that belong to no word, or anywhere in
 * Chinese, Japanese and Thai. The text is looked at in lower case, the list is taken as it is.
 * Raffel et al. 2020, section 2.2. https://jmlr.org/papers/volume21/20-074/20-074.pdf
 *
 * @throws RangeError for an empty word, and while checking for a language without a list.
 *
 * @example
 * ```ts
 * import { c4BadWords } from '@llm/data-quality';
 * const filter = c4BadWords({ words: { en: ['drat'] } });
 * console.assert(!filter.check({ id: 'a', text: 'Oh DRAT!' }).keep && filter.check({ id: 'b', text: 'hydrated' }).keep);
 * ```
 */
export function c4BadWords({ words, language = ({ meta }) => (typeof meta?.['language'] === 'string' ? meta['language'] : 'en'), keepFraction = 0, random = Math.random, failOnMissingLanguage = true }: C4BadWordsOptions): Filter {
  const rule = { reason: 'document_removed_with_badwords', threshold: 0, comparison: 'max' } as const;
  const lists = new Map(Object.entries(words).map(([code, list]) => [code, byFirstUnit(list)]));
  return {
    name: 'c4BadWords',
    rules: [rule],
    check: (document) => {
      const code = language(document);
      const list = lists.get(code);
      if (!list) {
        if (failOnMissingLanguage) throw new RangeError(`c4BadWords: expected a list for each language but found none for ${code}. Add one, or pass failOnMissingLanguage: false.`);
        return { keep: true };
      }
      if (!holdsAny(document.text.toLowerCase(), list, !UNSPACED.has(code))) return { keep: true };
      if (keepFraction > 0 && random() < keepFraction) return { keep: true };
      return { keep: false, ...rule, measured: 1 };
    },
  };
}

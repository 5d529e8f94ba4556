import { brokenRule, optionalRule } from '../broken-rule.ts';
import { englishWords, numberEnglishWords } from '../english-words.ts';
import { countEnglishSentences, englishSentences, splitEnglishSentences } from '../english-sentences.ts';
import { createHashSet128 } from '../hash-set-128.ts';
import { simplifyText } from '../minhash/simplify-text.ts';
import { forEachLine, isPythonSpace } from '../python-text.ts';
import { textUnits } from '../text-units.ts';
import type { Document, Filter } from '../types.ts';

export interface SentenceDedupOptions {
  /** Sentences in a span. Default 3. */
  readonly sentences?: number;
  /** Spans of sentences (true, the default) or of lines. */
  readonly splitSentences?: boolean;
  /** A document that lost something needs as many words. Default 50; null for no such rule, as for the next. */
  readonly minDocWords?: number | null;
  /** Default 3. */
  readonly minNumSentences?: number | null;
  /** What is done to sentences before they are compared. Default `simplifyText`. */
  readonly simplify?: (text: string) => string;
  /** Counts words. Default `englishWords`. */
  readonly words?: (text: string) => readonly string[];
  /** Called with each document that lost something, and the numbers of the sentences that it lost. */
  readonly onRemove?: (document: Document, sentences: readonly number[]) => void;
}

/** The sentences with the white space before each; one space behind the last is nobody's. */
function piecesOf(text: string): string[] {
  const { length } = text;
  const lone = text.endsWith(' ') && length > 1 && !isPythonSpace(text.charCodeAt(length - 2));
  return splitEnglishSentences(lone ? text.slice(0, -1) : text);
}

function linesOf(text: string): string[] {
  const lines: string[] = [];
  forEachLine(text, (start, end) => lines.push(text.slice(start, end)));
  return lines;
}

function trimStart(text: string): string {
  let start = 0;
  while (start < text.length && isPythonSpace(text.charCodeAt(start))) start++;
  return text.slice(start);
}

/**
 * Takes spans of three sentences out of a document that came before, in it or in an earlier one; the first stays. A document
 * that lost something is dropped where fewer than 50 words (`sentence_dedup_short_doc`) or 3 sentences
 * (`sentence_dedup_too_few_sentences`) are left, and an empty one always (`empty`). What is left and what goes is
 * datatrove's for one file of documents. Keeps 23 to 46 bytes in memory for each span, so make a new filter for each run.
 * Raffel et al. 2020, section 2.2. https://jmlr.org/papers/volume21/20-074/20-074.pdf
 *
 * @throws RangeError for `sentences` that is no whole number above 0.
 *
 * @example
 * ```ts
 * import { sentenceDedup } from '@llm/data-quality';
 * const filter = sentenceDedup({ sentences: 1, minDocWords: null, minNumSentences: null });
 * filter.check({ id: 'a', text: 'All rights reserved.' });
 * const verdict = filter.check({ id: 'b', text: 'It rained. All rights reserved! We left.' });
 * console.assert(verdict.keep && verdict.document?.text === 'It rained. We left.');
 * ```
 */
export function sentenceDedup(options: SentenceDedupOptions = {}): Filter {
  const { sentences: span = 3, splitSentences = true, minDocWords = 50, minNumSentences = 3, simplify = simplifyText, words = englishWords, onRemove } = options;
  if (!(Number.isInteger(span) && span >= 1)) throw new RangeError(`sentenceDedup: expected spans of a whole number of sentences but found ${span}. Use 3.`);
  const short = optionalRule('sentence_dedup_short_doc', 'min', minDocWords);
  const few = optionalRule('sentence_dedup_too_few_sentences', 'min', minNumSentences);
  const empty = { reason: 'empty', threshold: 1, comparison: 'min' } as const;
  const seen = createHashSet128();

  const isNew = (text: string): boolean => seen.add({ units: textUnits(text), length: text.length });

  /** Numbers of the sentences in spans that came before. */
  const repeated = (text: string): Set<number> => {
    const gone = new Set<number>();
    const parts = (splitSentences ? englishSentences(text) : linesOf(text)).map(simplify);
    for (let i = 0; i + span <= parts.length; i++) {
      const joined = parts.slice(i, i + span).join(' ');
      // Empty lines come again everywhere.
      if (joined.trim() === '' || isNew(joined)) continue;
      for (let k = i; k < i + span; k++) gone.add(k);
    }
    return gone;
  };

  return {
    name: 'sentenceDedup',
    rules: [short, few, empty].filter((rule) => rule !== undefined),
    check: (document) => {
      if (document.text === '') return { keep: false, ...empty, measured: 0 };
      const gone = repeated(document.text);
      if (gone.size === 0) return { keep: true };
      const text = trimStart((splitSentences ? piecesOf : linesOf)(document.text).filter((_, i) => !gone.has(i)).join(splitSentences ? '' : '\n'));
      if (text === document.text) return { keep: true };
      onRemove?.(document, [...gone]);
      return (
        (short && brokenRule(short, words === englishWords ? numberEnglishWords(text).count : words(text).length)) ??
        (few && brokenRule(few, countEnglishSentences(text))) ??
        (text === '' ? { keep: false, ...empty, measured: 0 } : { keep: true, document: { ...document, text } })
      );
    },
  };
}

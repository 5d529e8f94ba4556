import { optionalRule } from './broken-rule.ts';
import { countEnglishSentences, splitEnglishSentences } from './english-sentences.ts';
import { measuredFilter } from './measured-filter.ts';
import { forEachLine, pythonWords, strip } from './python-text.ts';
import { codePoints } from './text-length.ts';
import type { Document, Filter, Rule } from './types.ts';

/** Why a line was left out. */
export type C4LineReason = 'too_long_word' | 'no_terminal_punc' | 'too_few_words' | 'javascript' | 'policy';

export interface C4QualityOptions {
  /** Judge lines (true, the default) or sentences (false), which are then joined by spaces. */
  readonly splitParagraph?: boolean;
  /** Takes out `[1]`, `[]`, `[edit]` and `[citation needed]`. Default true. */
  readonly removeCitations?: boolean;
  /** Leaves out lines that do not end in `.`, `?`, `!`, `"` or `'`, or that end in `...`. Default true; FineWeb says false. */
  readonly filterNoTerminalPunct?: boolean;
  /** Fewest sentences in what is left. Default 5; null for no such rule, as for the next two. */
  readonly minNumSentences?: number | null;
  /** Lines of fewer words are left out. Default 3. */
  readonly minWordsPerLine?: number | null;
  /** Lines with a word of more code points are left out. Default 1000. */
  readonly maxWordLength?: number | null;
  readonly filterLoremIpsum?: boolean;
  readonly filterJavascript?: boolean;
  readonly filterCurlyBracket?: boolean;
  /** Leaves out lines that speak of cookies, terms of use or a privacy policy. Default true, as for the three before. */
  readonly filterPolicy?: boolean;
  /** Cuts a text into sentences. Default: spaCy's rules for English. */
  readonly sentences?: (text: string) => readonly string[];
  /** Called for each line left out. */
  readonly onDropLine?: (reason: C4LineReason, line: string) => void;
}

const CITATION = /\[\p{Nd}*\]|\[edit\]|\[citation needed\]/gu;
const TERMINAL = /[.?!"']$/;
const POLICY = ['terms of use', 'privacy policy', 'cookie policy', 'uses cookies', 'use of cookies', 'use cookies'] as const;

interface JudgedLine {
  readonly kept?: string;
  readonly left?: C4LineReason;
  readonly lorem?: boolean;
  readonly bracket?: boolean;
}

interface C4Statistics {
  readonly kept: readonly string[];
  /** Sentences in them. */
  readonly found: number;
  readonly lorem: number;
  readonly bracket: number;
}

function linesOf(text: string): string[] {
  const lines: string[] = [];
  forEachLine(text, (start, end) => lines.push(text.slice(start, end)));
  return lines;
}

/**
 * The quality rules of C4. They judge line by line, so a document that stays may lose lines and citations on the way: the
 * verdict carries the new document. In this order, for each line with the white space at its ends taken off:
 *
 *   left out     a word of more than 1000 code points; then citations are taken out; no terminal mark at the end, or `...`;
 *                fewer than 3 words, counted before citations went; "javascript"; a phrase about cookies or terms of use
 *   lorem_ipsum, curly_bracket   drop the whole document, where a line that came so far holds "lorem ipsum" or `{`
 *   too_few_sentences            sentences in the lines that are left ≥ 5
 *
 * Reasons, order and the text that comes out are those of datatrove.
 * Raffel et al. 2020, section 2.2. https://jmlr.org/papers/volume21/20-074/20-074.pdf
 *
 * @example
 * ```ts
 * import { c4Quality } from '@llm/data-quality';
 * const verdict = c4Quality({ minNumSentences: 1 }).check({ id: 'a', text: 'It rained all day.[2]\nRead more\n' });
 * console.assert(verdict.keep && verdict.document?.text === 'It rained all day.');
 * ```
 */
export function c4Quality(options: C4QualityOptions = {}): Filter {
  const {
    splitParagraph = true,
    removeCitations = true,
    filterNoTerminalPunct = true,
    minNumSentences = 5,
    minWordsPerLine = 3,
    maxWordLength = 1000,
    filterLoremIpsum = true,
    filterJavascript = true,
    filterCurlyBracket = true,
    filterPolicy = true,
    sentences,
    onDropLine,
  } = options;
  const present = (reason: string, wanted: boolean): Rule | undefined => optionalRule(reason, 'max', wanted ? 0 : null);
  const loremIpsum = present('lorem_ipsum', filterLoremIpsum);
  const curlyBracket = present('curly_bracket', filterCurlyBracket);
  const tooFew = optionalRule('too_few_sentences', 'min', minNumSentences);
  const countSentences = (line: string): number => (sentences ? sentences(line).length : countEnglishSentences(line));

  /** The line as it is kept, or why it is left out; and whether it speaks against the whole document. */
  const judge = (text: string): JudgedLine => {
    let line = strip(text);
    const words = pythonWords(line);
    if (maxWordLength !== null && words.some((word) => word.length > maxWordLength && codePoints(word) > maxWordLength)) return { left: 'too_long_word' };
    if (removeCitations && line.includes('[')) line = line.replace(CITATION, '');
    if (filterNoTerminalPunct && (!TERMINAL.test(line) || line.endsWith('...'))) return { left: 'no_terminal_punc' };
    if (minWordsPerLine !== null && words.length < minWordsPerLine) return { left: 'too_few_words' };
    const lower = line.toLowerCase();
    const lorem = filterLoremIpsum && lower.includes('lorem ipsum');
    if (filterJavascript && lower.includes('javascript')) return { left: 'javascript', lorem };
    const bracket = filterCurlyBracket && line.includes('{');
    if (filterPolicy && POLICY.some((phrase) => lower.includes(phrase))) return { left: 'policy', lorem, bracket };
    return { kept: line, lorem, bracket };
  };

  /** `check` looks no further than to the line that drops the document, and only it says which lines were left out. */
  const examine = ({ text: whole }: Document, measuring: boolean): C4Statistics => {
    const kept: string[] = [];
    let found = 0, lorem = 0, bracket = 0;
    for (const text of splitParagraph ? linesOf(whole) : (sentences ?? splitEnglishSentences)(whole)) {
      const judged = judge(text);
      // Of a document with both, the one that comes first is the reason.
      if (judged.lorem && bracket === 0) lorem = 1;
      if (judged.bracket) bracket = 1;
      if (!measuring && lorem + bracket > 0) break;
      if (judged.left && !measuring) onDropLine?.(judged.left, text);
      if (judged.kept === undefined) continue;
      kept.push(judged.kept);
      if (tooFew) found += splitParagraph ? countSentences(judged.kept) : 1;
    }
    return { kept, found, lorem, bracket };
  };

  return measuredFilter('c4Quality', {
    statistics: examine,
    rules: [
      [loremIpsum, ({ lorem }) => lorem],
      [curlyBracket, ({ bracket }) => bracket],
      [tooFew, ({ found }) => found],
    ],
    kept: (document, { kept }) => {
      const text = strip(kept.join(splitParagraph ? '\n' : ' '));
      return text === document.text ? { keep: true } : { keep: true, document: { ...document, text } };
    },
  });
}

import { optionalRule } from './broken-rule.ts';
import { endsTerminal, linesOf, pieceOf, POLICY, presenceIn, scannedPieces, type Piece, type Presence } from './c4-lines.ts';
import { countEnglishSentences, countSentencesBetween, splitEnglishSentences } from './english-sentences.ts';
import { numberEnglishWords, rememberEnglishWordCount } from './english-words.ts';
import { measuredFilter } from './measured-filter.ts';
import { strip } from './python-text.ts';
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

interface JudgedLine {
  readonly kept?: string;
  readonly left?: C4LineReason;
  readonly lorem?: boolean;
  readonly bracket?: boolean;
}

interface C4Statistics {
  readonly text: string;
  /** Sentences in it. */
  readonly found: number;
  readonly lorem: number;
  readonly bracket: number;
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
  /** The line as it is kept, or why it is left out; and whether it speaks against the whole document. */
  const judge = ({ line: whole, words, longWord }: Piece, present: Presence): JudgedLine => {
    if (longWord) return { left: 'too_long_word' };
    const line = removeCitations && present.square && whole.includes('[') ? whole.replace(CITATION, '') : whole;
    if (filterNoTerminalPunct && !endsTerminal(line)) return { left: 'no_terminal_punc' };
    if (minWordsPerLine !== null && words < minWordsPerLine) return { left: 'too_few_words' };
    // Without what stood between, a line may say what it did not say before.
    const { lorem, javascript, policy, curly } = line === whole ? present : presenceIn(line);
    const lower = lorem || javascript || policy ? line.toLowerCase() : '';
    const hasLorem = filterLoremIpsum && lorem && lower.includes('lorem ipsum');
    if (filterJavascript && javascript && lower.includes('javascript')) return { left: 'javascript', lorem: hasLorem };
    const bracket = filterCurlyBracket && curly && line.includes('{');
    if (filterPolicy && policy && POLICY.some((phrase) => lower.includes(phrase))) return { left: 'policy', lorem: hasLorem, bracket };
    return { kept: line, lorem: hasLorem, bracket };
  };

  const pieces = (text: string): Piece[] => (splitParagraph ? linesOf : (sentences ?? splitEnglishSentences))(text).map((raw) => pieceOf(raw, maxWordLength));

  /** `check` looks no further than to the line that drops the document, and only it says which lines were left out. */
  const examine = ({ text }: Document, measuring: boolean): C4Statistics => {
    const scan = splitParagraph && !sentences ? numberEnglishWords(text) : undefined;
    const present = presenceIn(text);
    const kept: string[] = [];
    // Their words are not those of the scan, and counting them would end it.
    const edited: string[] = [];
    let found = 0, words = 0, lorem = 0, bracket = 0;
    for (const piece of scan ? scannedPieces(text, { scan, maxWordLength }) : pieces(text)) {
      const judged = judge(piece, present);
      // Of a document with both, the one that comes first is the reason.
      if (judged.lorem && bracket === 0) lorem = 1;
      if (judged.bracket) bracket = 1;
      if (!measuring && lorem + bracket > 0) return { text: '', found, lorem, bracket };
      if (judged.left && !measuring) onDropLine?.(judged.left, piece.raw);
      if (judged.kept === undefined) continue;
      kept.push(judged.kept);
      if (!tooFew) continue;
      if (!splitParagraph) found++;
      else if (!scan) found += (sentences as (line: string) => readonly string[])(judged.kept).length;
      else if (judged.kept !== piece.line) edited.push(judged.kept);
      else {
        found += countSentencesBetween(scan, { from: piece.from as number, to: piece.to as number });
        words += (piece.to as number) - (piece.from as number);
      }
    }
    const whole = strip(kept.join(splitParagraph ? '\n' : ' '));
    if (scan && tooFew) {
      for (const line of edited) {
        found += countEnglishSentences(line);
        words += numberEnglishWords(line).count;
      }
      rememberEnglishWordCount(whole, words);
    }
    return { text: whole, found, lorem, bracket };
  };

  return measuredFilter('c4Quality', {
    statistics: examine,
    rules: [
      [loremIpsum, ({ lorem }) => lorem],
      [curlyBracket, ({ bracket }) => bracket],
      [tooFew, ({ found }) => found],
    ],
    kept: (document, { text }) => (text === document.text ? { keep: true } : { keep: true, document: { ...document, text } }),
  });
}

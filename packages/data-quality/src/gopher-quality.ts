import { englishWords, forEachScannedLine, numberEnglishWords } from './english-words.ts';
import { lazy, measuredFilter } from './measured-filter.ts';
import { numberWords, type NumberedWords } from './numbered-words.ts';
import { countOf, forEachLine, isPythonSpace } from './python-text.ts';
import type { Comparison, Document, Filter, Rule } from './types.ts';
import { FLAGS, grown, HAS_LETTER, ONLY_PUNCTUATION, POINTS, WORD_FIELDS } from './vocabulary.ts';

/** Each threshold may be 0 or null, which switches its rule off; left out, it is Gopher's. */
export interface GopherQualityOptions {
  /** Fewest words, not counting those of punctuation only. Default 50. */
  readonly minDocWords?: number | null;
  /** Default 100 000. */
  readonly maxDocWords?: number | null;
  /** Fewest code points in the mean word, not counting words of punctuation only. Default 3. */
  readonly minAvgWordLength?: number | null;
  /** Default 10. */
  readonly maxAvgWordLength?: number | null;
  /** Most `#` for each word, and apart from that most ellipses (`...` or `…`) for each word. Default 0.1. */
  readonly maxSymbolWordRatio?: number | null;
  /** Largest share of lines that start with `•` or `-`. Default 0.9. */
  readonly maxBulletLinesRatio?: number | null;
  /** Largest share of lines that end with an ellipsis. Default 0.3. */
  readonly maxEllipsisLinesRatio?: number | null;
  /** Smallest share of words with a letter in them. Default 0.8. */
  readonly minAlphaWordsRatio?: number | null;
  /** Fewest different stop words. Default 2. */
  readonly minStopWords?: number | null;
  /** As they stand in the text: upper and lower case differ. */
  readonly stopWords?: readonly string[];
  /** Splits a text into words. Default `englishWords`. */
  readonly words?: (text: string) => readonly string[];
}

const STOP_WORDS = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'] as const;

const BULLET = 0x2022, DASH = 45, DOT = 46, ELLIPSIS = 0x2026;

function startsWithBullet(text: string, start: number, end: number): boolean {
  let i = start;
  while (i < end && isPythonSpace(text.charCodeAt(i))) i++;
  if (i === end) return false;
  const unit = text.charCodeAt(i);
  return unit === BULLET || unit === DASH;
}

function endsWithEllipsis(text: string, start: number, end: number): boolean {
  let i = end;
  while (i > start && isPythonSpace(text.charCodeAt(i - 1))) i--;
  if (i === start) return false;
  const unit = text.charCodeAt(i - 1);
  return unit === ELLIPSIS || (unit === DOT && i - 3 >= start && text.charCodeAt(i - 2) === DOT && text.charCodeAt(i - 3) === DOT);
}

interface WordCounts {
  readonly all: number;
  /** Not of punctuation only. */
  readonly real: number;
  /** Code points of those. */
  readonly length: number;
  /** With a letter. */
  readonly alpha: number;
  /** Different stop words. */
  readonly stop: number;
}

interface GopherQualityStatistics {
  readonly text: string;
  readonly words: () => WordCounts;
  readonly lines: () => { readonly all: number; readonly bullet: number; readonly ellipsis: number };
}

// 1 at the number of a stop word that has not been met yet; all 0 between two documents.
let awaited = new Uint8Array(1024);

function countWords({ vocabulary: { records, numbers }, ids, count }: NumberedWords, stopWords: readonly string[]): WordCounts {
  let real = 0;
  let length = 0;
  let alpha = 0;
  let stop = 0;
  const stops = stopWords.map((word) => numbers.get(word)).filter((id) => id !== undefined);
  const most = Math.max(-1, ...stops);
  while (most >= awaited.length) awaited = grown(awaited);
  for (const id of stops) awaited[id] = 1;
  for (let i = 0; i < count; i++) {
    const id = ids[i] as number;
    const record = id * WORD_FIELDS;
    const kind = records[record + FLAGS] as number;
    if (!(kind & ONLY_PUNCTUATION)) {
      real++;
      length += records[record + POINTS] as number;
    }
    if (kind & HAS_LETTER) alpha++;
    if (id <= most && awaited[id] === 1) {
      awaited[id] = 0;
      stop++;
    }
  }
  for (const id of stops) awaited[id] = 0;
  return { all: count, real, length, alpha, stop };
}

function countLines(text: string, { scanned }: { scanned: boolean }): { all: number; bullet: number; ellipsis: number } {
  let bullet = 0;
  let ellipsis = 0;
  const all = (scanned ? forEachScannedLine : forEachLine)(text, (start, end) => {
    if (startsWithBullet(text, start, end)) bullet++;
    if (endsWithEllipsis(text, start, end)) ellipsis++;
  });
  return { all, bullet, ellipsis };
}

/**
 * The quality rules of Gopher: how many words and how long, how many symbols, bullets and ellipses, and whether the words are
 * words of the language at all. The first rule that fails decides, in this order (n is the number of all words, m of those
 * that are not punctuation only; lengths are code points):
 *
 *   gopher_short_doc / gopher_long_doc                 50 ≤ m ≤ 100 000
 *   gopher_below_avg_threshold / gopher_above_…        3 ≤ Σ length / m ≤ 10
 *   gopher_too_many_hashes, gopher_too_many_ellipsis   count / n ≤ 0.1
 *   gopher_too_many_bullets                            lines starting with a bullet / lines ≤ 0.9
 *   gopher_too_many_end_ellipsis                       lines ending with an ellipsis / lines ≤ 0.3
 *   gopher_below_alpha_threshold                       words with a letter / n ≥ 0.8
 *   gopher_enough_stop_words                           different stop words ≥ 2
 *
 * Reasons, order and arithmetic are those of datatrove. A share of no words or no lines counts as met.
 * Rae et al. 2021, appendix A.1.1. https://arxiv.org/abs/2112.11446
 *
 * @example
 * ```ts
 * import { gopherQuality } from '@llm/data-quality';
 * const verdict = gopherQuality().check({ id: 'a', text: 'Far too short.' });
 * console.assert(!verdict.keep && verdict.reason === 'gopher_short_doc' && verdict.measured === 3);
 * ```
 */
export function gopherQuality(options: GopherQualityOptions = {}): Filter {
  const {
    minDocWords = 50,
    maxDocWords = 100_000,
    minAvgWordLength = 3,
    maxAvgWordLength = 10,
    maxSymbolWordRatio = 0.1,
    maxBulletLinesRatio = 0.9,
    maxEllipsisLinesRatio = 0.3,
    minAlphaWordsRatio = 0.8,
    minStopWords = 2,
    stopWords = STOP_WORDS,
    words: splitWords = englishWords,
  } = options;

  const rule = (reason: string, comparison: Comparison, threshold: number | null): Rule | undefined => {
    if (!threshold) return undefined;
    if (!(threshold > 0)) throw new RangeError(`gopherQuality: expected thresholds above 0 but found ${threshold} for ${reason}. Use 0 or null to switch the rule off.`);
    return { reason, threshold, comparison };
  };
  const short = rule('gopher_short_doc', 'min', minDocWords);
  const long = rule('gopher_long_doc', 'max', maxDocWords);
  const below = rule('gopher_below_avg_threshold', 'min', minAvgWordLength);
  const above = rule('gopher_above_avg_threshold', 'max', maxAvgWordLength);
  const hashes = rule('gopher_too_many_hashes', 'max', maxSymbolWordRatio);
  const ellipses = rule('gopher_too_many_ellipsis', 'max', maxSymbolWordRatio);
  const bullets = rule('gopher_too_many_bullets', 'max', maxBulletLinesRatio);
  const endEllipses = rule('gopher_too_many_end_ellipsis', 'max', maxEllipsisLinesRatio);
  const alpha = rule('gopher_below_alpha_threshold', 'min', minAlphaWordsRatio);
  const stop = rule('gopher_enough_stop_words', 'min', minStopWords);

  const statisticsOf = ({ text }: Document): GopherQualityStatistics => ({
    text,
    words: lazy(() => countWords(splitWords === englishWords ? numberEnglishWords(text) : numberWords(splitWords(text)), stopWords)),
    lines: lazy(() => countLines(text, { scanned: splitWords === englishWords })),
  });

  return measuredFilter('gopherQuality', {
    statistics: statisticsOf,
    rules: [
      [short, ({ words }) => words().real],
      [long, ({ words }) => words().real],
      [below, ({ words }) => words().length / words().real],
      [above, ({ words }) => words().length / words().real],
      [hashes, ({ text, words }) => countOf(text, '#') / words().all],
      [ellipses, ({ text, words }) => (countOf(text, '...') + countOf(text, '…')) / words().all],
      [bullets, ({ lines }) => lines().bullet / lines().all],
      [endEllipses, ({ lines }) => lines().ellipsis / lines().all],
      [alpha, ({ words }) => words().alpha / words().all],
      [stop, ({ words }) => words().stop],
    ],
  });
}

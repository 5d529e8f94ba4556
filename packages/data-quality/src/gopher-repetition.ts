import { englishWords, numberEnglishWords } from './english-words.ts';
import { lazy, measuredFilter } from './measured-filter.ts';
import { newlineLines, pointsBetween, type NewlineLines } from './newline-lines.ts';
import { ngramStatistics, type NgramStatistics } from './ngram-statistics.ts';
import { numberWords } from './numbered-words.ts';
import { strip } from './python-text.ts';
import { codePoints } from './text-length.ts';
import type { Comparison, Filter, Rule } from './types.ts';

export interface GopherRepetitionOptions {
  /** Largest share of lines that came before. Default 0.3; 0 or null switches the rule off, as for the next three. */
  readonly dupLineFrac?: number | null;
  /** Largest share of paragraphs that came before. Default 0.3. */
  readonly dupParaFrac?: number | null;
  /** Largest share of characters in lines that came before. Default 0.2. */
  readonly dupLineCharFrac?: number | null;
  /** Largest share of characters in paragraphs that came before. Default 0.2. */
  readonly dupParaCharFrac?: number | null;
  /** `[n, largest share of characters in the most frequent n-gram]`. Default 2: 0.2, 3: 0.18, 4: 0.16; `[]` for none. */
  readonly topNGrams?: readonly (readonly [n: number, fraction: number])[];
  /** `[n, largest share of characters in n-grams that came before]`. Default 5: 0.15 down to 10: 0.1; `[]` for none. */
  readonly dupNGrams?: readonly (readonly [n: number, fraction: number])[];
  /** Splits a text into words. Default `englishWords`. */
  readonly words?: (text: string) => readonly string[];
}

const TOP_N_GRAMS = [[2, 0.2], [3, 0.18], [4, 0.16]] as const;
const DUP_N_GRAMS = [[5, 0.15], [6, 0.14], [7, 0.13], [8, 0.12], [9, 0.11], [10, 0.1]] as const;

interface Repeated {
  readonly all: number;
  /** Those that came before. */
  readonly count: number;
  /** Code points of those. */
  readonly characters: number;
}

interface GopherRepetitionStatistics {
  readonly characters: number;
  readonly paragraphs: () => Repeated;
  readonly lines: () => Repeated;
  readonly grams: () => NgramStatistics;
}

/** Whether no line but empty ones is repeated, and stripping the text takes nothing off its lines: then no paragraph is repeated either. */
function hasNewLinesOnly({ text, starts, ends, again }: NewlineLines, stripped: string): boolean {
  for (let i = 0; i < starts.length; i++) if (again[i] && starts[i] !== ends[i]) return false;
  const from = text.indexOf(stripped);
  return (from === 0 || text.charCodeAt(from - 1) === 10) && (from + stripped.length === text.length || text.charCodeAt(from + stripped.length) === 10);
}

/** Paragraphs: what lies between runs of at least two `\n` in the stripped text. */
function repeatedParagraphs(lines: NewlineLines): Repeated {
  const stripped = strip(lines.text);
  const seen = hasNewLinesOnly(lines, stripped) ? undefined : new Set<string>();
  let all = 0, count = 0, characters = 0;
  for (let start = 0; start >= 0; ) {
    const at = stripped.indexOf('\n\n', start);
    all++;
    if (seen) {
      const paragraph = stripped.slice(start, at < 0 ? stripped.length : at);
      const before = seen.size;
      seen.add(paragraph);
      if (seen.size === before) {
        count++;
        characters += codePoints(paragraph);
      }
    }
    start = at;
    if (at >= 0) while (stripped.charCodeAt(start) === 10) start++;
  }
  return { all, count, characters };
}

/** Lines: what lies between runs of `\n`. Such a run at the start, or at the end, has an empty line before it, or behind it. */
function repeatedLines(lines: NewlineLines): Repeated {
  const { starts, ends, again } = lines;
  let all = 0, count = 0, characters = 0;
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i] as number, end = ends[i] as number;
    if (start === end && i > 0 && i < starts.length - 1) continue;
    all++;
    if (!again[i] || (start === end && starts[0] !== ends[0])) continue;
    count++;
    characters += pointsBetween(lines, { start, end });
  }
  return { all, count, characters };
}

/**
 * The repetition rules of Gopher: the share of a text that says again what it said before. The first that fails decides:
 *
 *   empty                            at least one character
 *   dup_para_frac, dup_para_char_frac   repeated paragraphs / paragraphs ≤ 0.3, their characters / all characters ≤ 0.2
 *   dup_line_frac, dup_line_char_frac   the same for lines
 *   top_n_gram                       length × count of the most frequent n-gram / all characters, n = 2, 3, 4
 *   duplicated_n_n_grams             characters of repeated n-grams / all characters, n = 5 … 10
 *
 * Conventions, which are datatrove's: the text is split into paragraphs at `\n{2,}` after stripping, into lines at `\n+`
 * as it is; every share of characters divides by the code points of the whole text; the first occurrence is no repetition;
 * a top n-gram is its words joined by spaces; for the repeated n-grams words are joined by nothing, and after a hit the
 * next n words are passed over. Rae et al. 2021, table A1. https://arxiv.org/abs/2112.11446
 *
 * @example
 * ```ts
 * import { gopherRepetition } from '@llm/data-quality';
 * const verdict = gopherRepetition().check({ id: 'a', text: 'Again and\nagain.\nAgain and\nAgain and\n' });
 * console.assert(!verdict.keep && verdict.reason === 'dup_line_frac' && verdict.measured === 2 / 5);
 * ```
 */
export function gopherRepetition(options: GopherRepetitionOptions = {}): Filter {
  const { dupLineFrac = 0.3, dupParaFrac = 0.3, dupLineCharFrac = 0.2, dupParaCharFrac = 0.2, topNGrams = TOP_N_GRAMS, dupNGrams = DUP_N_GRAMS, words: splitWords = englishWords } = options;

  const rule = (reason: string, threshold: number, comparison: Comparison = 'max'): Rule => {
    if (!(threshold >= 0)) throw new RangeError(`gopherRepetition: expected thresholds of at least 0 but found ${threshold} for ${reason}. Leave it out for the default.`);
    return { reason, threshold, comparison };
  };
  const optional = (reason: string, threshold: number | null): Rule | undefined => (threshold ? rule(reason, threshold) : undefined);
  const grams = (list: readonly (readonly [number, number])[], name: (n: number) => string): { n: number; rule: Rule }[] =>
    list.map(([n, fraction]) => {
      if (!(Number.isInteger(n) && n >= 1)) throw new RangeError(`gopherRepetition: expected n-grams of a whole number of words but found n = ${n}. Use [[2, 0.2], …].`);
      return { n, rule: rule(name(n), fraction) };
    });

  const empty = rule('empty', 1, 'min');
  const paragraphs = optional('dup_para_frac', dupParaFrac);
  const paragraphCharacters = optional('dup_para_char_frac', dupParaCharFrac);
  const lines = optional('dup_line_frac', dupLineFrac);
  const lineCharacters = optional('dup_line_char_frac', dupLineCharFrac);
  const top = grams(topNGrams, (n) => `top_${n}_gram`);
  const repeated = grams(dupNGrams, (n) => `duplicated_${n}_n_grams`);

  return measuredFilter<GopherRepetitionStatistics>('gopherRepetition', {
    statistics: ({ text }) => {
      const lineTable = newlineLines(text);
      return {
        characters: lineTable.characters,
        paragraphs: lazy(() => repeatedParagraphs(lineTable)),
        lines: lazy(() => repeatedLines(lineTable)),
        grams: lazy(() => ngramStatistics(splitWords === englishWords ? numberEnglishWords(text) : numberWords(splitWords(text)))),
      };
    },
    rules: [
      [empty, ({ characters }) => characters],
      [paragraphs, (found) => found.paragraphs().count / found.paragraphs().all],
      [paragraphCharacters, (found) => found.paragraphs().characters / found.characters],
      [lines, (found) => found.lines().count / found.lines().all],
      [lineCharacters, (found) => found.lines().characters / found.characters],
      ...top.map(({ n, rule: each }) => [each, ({ grams: found, characters }: GopherRepetitionStatistics) => found().topCharacters(n) / characters] as const),
      ...repeated.map(({ n, rule: each }) => [each, ({ grams: found, characters }: GopherRepetitionStatistics) => found().repeatedCharacters(n) / characters] as const),
    ],
  });
}

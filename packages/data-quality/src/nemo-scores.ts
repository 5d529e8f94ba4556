import { pythonWords, strip } from './python-text.ts';
import { codePoints } from './text-length.ts';

const ELLIPSES: ReadonlySet<string> = new Set(['...', '[...]', '…', '(...)', '[…]', '-»', 'read more..', 'read more']);
const BULLET = /^[•‣⁃⁌⁍∙○●◘◦⦾⦿]/u;
const COMMON: ReadonlySet<string> = new Set(['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with']);
const URL_PATTERN = /https?:\/\/(?:[A-Za-z0-9$\-_@.&+/:=?#~!*(),]|%[0-9A-Fa-f]{2})+/g;
const END_MARK = /[.?!"']$/;
/** Phrases of cookie banners and legal footers. */
const BOILERPLATE: readonly string[] = ['terms of use', 'privacy policy', 'cookie policy', 'uses cookies', 'privacy overview', 'use of cookies', 'use cookies', 'privacy & cookies policy', 'privacy and cookies policy'];

const matches = (text: string, pattern: RegExp): number => {
  let count = 0;
  for (const _ of text.matchAll(pattern)) count++;
  return count;
};
const share = <T>(list: readonly T[], test: (each: T) => boolean): number => list.filter(test).length / list.length;
const distinct = (list: readonly string[]): number => new Set(list).size / list.length;
const distinctCharacters = (list: readonly string[]): number => codePoints([...new Set(list)].join('')) / codePoints(list.join(''));

function boilerplateShare(text: string, phrases: readonly string[]): number {
  const paragraphs = text.split('\n\n').map((paragraph) => paragraph.toLowerCase());
  if (paragraphs.some((paragraph) => paragraph.includes('lorem ipsum'))) return 1;
  return share(paragraphs, (paragraph) => phrases.some((phrase) => paragraph.includes(phrase)));
}

export interface NemoScoreOptions {
  readonly words?: (text: string) => readonly string[];
  readonly boilerplate?: readonly string[];
}

/** What the rules of `nemoHeuristics` measure, by name; worked out when asked for. A share of nothing is NaN, an empty text all junk. */
export function nemoScores(text: string, { words: splitWords = pythonWords, boilerplate = BOILERPLATE }: NemoScoreOptions = {}): Record<NemoScore, () => number> {
  const size = codePoints(text);
  const ofCharacters = (count: () => number) => () => (size === 0 ? 1 : count() / size);
  const words = splitWords(strip(text));
  const lines = text.split('\n').filter((line) => strip(line) !== '');
  const paragraphs = text.split('\n\n');
  return {
    alpha_numeric: ofCharacters(() => size - matches(text, /[a-zA-Z0-9\n?!,.]/g)),
    symbol_to_word: () => share(words, (word) => ELLIPSES.has(strip(word)) || matches(strip(word), /#+/g) / codePoints(strip(word)) > 0.5),
    numbers_ratio: ofCharacters(() => matches(text, /[0-9]/g)),
    urls_ratio: ofCharacters(() => [...text.matchAll(URL_PATTERN)].reduce((sum, [url]) => sum + url.length, 0)),
    bullet_ratio: () => share(lines, (line) => BULLET.test(strip(line))),
    white_space: ofCharacters(() => matches(text, /[\t\n\r\b ]/g)),
    parentheses_ratio: ofCharacters(() => matches(text, /[{}⟨⟩[\]()]/g)),
    max_word_length: () => words.reduce((most, word) => Math.max(most, codePoints(word)), 0),
    word_count: () => words.length,
    boilerplate_string_ratio: () => boilerplateShare(text, boilerplate),
    mean_word_length: () => words.reduce((sum, word) => sum + codePoints(word), 0) / words.length,
    punctuation: () => share(lines, (line) => !END_MARK.test(strip(line))),
    ellipsis: () => share(lines, (line) => [...ELLIPSES].some((mark) => strip(line).toLowerCase().endsWith(mark))),
    common_english_words: () => words.filter((word) => COMMON.has(word)).length,
    words_without_alphabets: () => share(words, (word) => /\p{Alphabetic}/u.test(word)),
    repeated_lines: () => distinct(lines),
    repeated_paragraphs: () => distinct(paragraphs),
    repeated_lines_char: () => distinctCharacters(lines),
    repeated_paragraphs_char: () => distinctCharacters(paragraphs),
  };
}

export type NemoScore =
  | 'alpha_numeric' | 'symbol_to_word' | 'numbers_ratio' | 'urls_ratio' | 'bullet_ratio' | 'white_space' | 'parentheses_ratio' | 'max_word_length' | 'word_count'
  | 'boilerplate_string_ratio' | 'mean_word_length' | 'punctuation' | 'ellipsis' | 'common_english_words' | 'words_without_alphabets'
  | 'repeated_lines' | 'repeated_paragraphs' | 'repeated_lines_char' | 'repeated_paragraphs_char';

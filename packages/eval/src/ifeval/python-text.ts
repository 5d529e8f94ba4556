/** White space as Python's `re` and `str` know it: U+001C–U+001F and U+0085 are, U+FEFF is not. */
export const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
/**
 * From version 3.10 on, NLTK reads its patterns with the module `regex`, for which combining marks and joiners are word characters, fractions and
 * superscripts are not, and U+001C–U+001F are no white space. It counts words and sentences; what IFEval does by itself goes by `re`, as above.
 */
export const NLTK_SPACE = '[\\t-\\r\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
export const NLTK_NOT_SPACE = '[^\\t-\\r\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
export const NLTK_WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d]';
export const NLTK_BOUNDARY: string = `(?:(?<=${NLTK_WORD})(?!${NLTK_WORD})|(?<!${NLTK_WORD})(?=${NLTK_WORD}))`;

const WORDS = new RegExp(`${NLTK_WORD}+`, 'gu');
const CASED_WRONG = { upper: /[\p{Lowercase}\p{Lt}]/u, lower: /[\p{Uppercase}\p{Lt}]/u };
const CASED_RIGHT = { upper: /\p{Uppercase}/u, lower: /\p{Lowercase}/u };

/** Whether a UTF-16 unit is white space for Python. */
export function isSpace(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 9 && unit <= 13) || (unit >= 0x1c && unit <= 0x1f);
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0;
  return unit === 0x1680 || (unit >= 0x2000 && unit <= 0x200a) || unit === 0x2028 || unit === 0x2029 || unit === 0x202f || unit === 0x205f || unit === 0x3000;
}

/** `text.lstrip(mark)` for one character. */
export function stripStartMark(text: string, mark: string): string {
  let start = 0;
  while (text[start] === mark) start++;
  return text.slice(start);
}

/** `text.rstrip(mark)` for one character. */
export function stripEndMark(text: string, mark: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === mark) end--;
  return text.slice(0, end);
}

/** `text.strip(mark)` for one character. */
export const stripMark = (text: string, mark: string): string => stripEndMark(stripStartMark(text, mark), mark);

/** How many runs of word characters a text has: `len(RegexpTokenizer(r'\w+').tokenize(text))` of NLTK. */
export function countWords(text: string): number {
  let count = 0;
  WORDS.lastIndex = 0;
  while (WORDS.test(text)) count++;
  return count;
}

/** `text.isupper()`: something has a case, and nothing that has one is lower or title case. */
export function isUpper(text: string): boolean {
  return CASED_RIGHT.upper.test(text) && !CASED_WRONG.upper.test(text);
}

/** `text.islower()`: something has a case, and nothing that has one is upper or title case. */
export function isLower(text: string): boolean {
  return CASED_RIGHT.lower.test(text) && !CASED_WRONG.lower.test(text);
}

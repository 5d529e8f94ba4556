import { numberEnglishWords } from './english-words.ts';
import { isPythonSpace, strip } from './python-text.ts';
import { ENDS_SENTENCE, FLAGS, ONLY_MARKS, UNITS, WORD_FIELDS } from './vocabulary.ts';

/**
 * Calls `visit` with the ends of each sentence but the last, and returns how many there are. A sentence ends at a mark that
 * ends sentences and goes on over the punctuation behind it. White space counts as a word, but for one space behind another
 * word; so a new line after a full stop starts the next sentence.
 */
function forEachSentenceEnd(text: string, visit?: (end: number) => void): number {
  const { vocabulary, ids, count } = numberEnglishWords(text);
  const { records } = vocabulary;
  const { length } = text;
  let sentences = length > 0 ? 1 : 0;
  let ending = false;
  let at = 0;
  for (let i = 0; i <= count; i++) {
    const end = at;
    while (at < length && isPythonSpace(text.charCodeAt(at))) at++;
    const space = at - end;
    const spaceIsWord = space > 1 || (space === 1 && (end === 0 || text[end] !== ' '));
    if (ending && spaceIsWord) {
      visit?.(end);
      sentences++;
      ending = false;
    }
    if (i === count) break;
    const record = (ids[i] as number) * WORD_FIELDS;
    const flags = records[record + FLAGS] as number;
    if (flags & ENDS_SENTENCE) ending = true;
    else if (ending && !(flags & ONLY_MARKS)) {
      visit?.(end);
      sentences++;
      ending = false;
    }
    at += records[record + UNITS] as number;
  }
  return sentences;
}

/** How many pieces `splitEnglishSentences` would return. */
export function countEnglishSentences(text: string): number {
  return Math.max(1, forEachSentenceEnd(text));
}

/** The text cut at the end of each sentence but the last; the pieces joined are the text again. Never empty. */
export function splitEnglishSentences(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  forEachSentenceEnd(text, (end) => {
    pieces.push(text.slice(start, end));
    start = end;
  });
  pieces.push(text.slice(start));
  return pieces;
}

/**
 * Sentences of an English text by the rules of spaCy's sentencizer over its blank English tokenizer: they end at `.`, `!`, `?`
 * and their like in other scripts where such a mark is a word of its own (`Dr.` and `3.5` are not cut), closing
 * punctuation included; without the white space around them.
 *
 * @example
 * ```ts
 * import { englishSentences } from '@llm/data-quality';
 * console.assert(englishSentences('Dr. No left. "Why?" I asked.').join('|') === 'Dr. No left. "|Why?"|I asked.');
 * ```
 */
export function englishSentences(text: string): string[] {
  return splitEnglishSentences(text).map(strip).filter((sentence) => sentence !== '');
}

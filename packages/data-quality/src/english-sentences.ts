import { APART, type EnglishScan } from './english-scan.ts';
import { numberEnglishWords } from './english-words.ts';
import { isPythonSpace, strip } from './python-text.ts';
import { ENDS_SENTENCE, FLAGS, ONLY_MARKS, UNITS, WORD_FIELDS } from './vocabulary.ts';

/**
 * Calls `visit` with each word of ids[from … to) that a sentence ends before, and returns how many sentences there are. One ends
 * at a mark that ends sentences and goes on over the punctuation behind it. White space counts as a word, but for one space
 * behind another word; so a new line after a full stop starts the next sentence.
 */
function forEachSentence({ vocabulary: { records }, ids, gaps }: EnglishScan, { from, to, visit }: { from: number; to: number; visit?: (word: number) => void }): { sentences: number; ending: boolean } {
  let sentences = to > from ? 1 : 0;
  let ending = false;
  for (let i = from; i < to; i++) {
    const flags = records[(ids[i] as number) * WORD_FIELDS + FLAGS] as number;
    if (ending && (gaps[i] === APART || !(flags & (ENDS_SENTENCE | ONLY_MARKS)))) {
      visit?.(i);
      sentences++;
      ending = false;
    }
    if (flags & ENDS_SENTENCE) ending = true;
  }
  return { sentences, ending };
}

/** Sentences in the words ids[from … to) of a line without white space at its ends. */
export function countSentencesBetween(scan: EnglishScan, { from, to }: { from: number; to: number }): number {
  return Math.max(1, forEachSentence(scan, { from, to }).sentences);
}

/** Where the white space at the end of a text begins, and whether it counts as a word. */
function endOf(text: string): { end: number; spaceIsWord: boolean } {
  let end = text.length;
  while (end > 0 && isPythonSpace(text.charCodeAt(end - 1))) end--;
  return { end, spaceIsWord: text.length - end > 1 || (text.length > end && text[end] !== ' ') };
}

/** How many pieces `splitEnglishSentences` would return. */
export function countEnglishSentences(text: string): number {
  const scan = numberEnglishWords(text);
  const { sentences, ending } = forEachSentence(scan, { from: 0, to: scan.count });
  return Math.max(1, sentences + (ending && endOf(text).spaceIsWord ? 1 : 0));
}

/** The text cut at the end of each sentence but the last; the pieces joined are the text again. Never empty. */
export function splitEnglishSentences(text: string): string[] {
  const scan = numberEnglishWords(text);
  const { vocabulary, ids, count } = scan;
  const pieces: string[] = [];
  let start = 0;
  let at = 0;
  let word = 0;
  /** Cuts behind the word before this one. */
  const cut = (before: number): void => {
    for (; word < before; word++) {
      while (isPythonSpace(text.charCodeAt(at))) at++;
      at += vocabulary.records[(ids[word] as number) * WORD_FIELDS + UNITS] as number;
    }
    pieces.push(text.slice(start, at));
    start = at;
  };
  const { ending } = forEachSentence(scan, { from: 0, to: count, visit: cut });
  if (ending && endOf(text).spaceIsWord) cut(count);
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

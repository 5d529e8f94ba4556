import { strip } from '../python-text.ts';
import { isSentenceEnd } from '../sentence-ends.ts';

const MARKS = /^\p{P}+$/u;

function segmenterOf(caller: string, language: string): Intl.Segmenter {
  if (typeof Intl.Segmenter !== 'function') throw new TypeError(`${caller}: expected an engine with Intl.Segmenter but found none. Pass a function of your own that splits words.`);
  const [known] = Intl.Segmenter.supportedLocalesOf([language]);
  if (known === undefined) throw new RangeError(`${caller}: expected a language that Intl.Segmenter knows but found ${language}. Use zh, ja or th, or pass a function of your own.`);
  return new Intl.Segmenter(known, { granularity: 'word' });
}

/** Of a longer run without a cut the engine would take time as its square. */
const LONGEST_STRETCH = 1024;

/** Segments of a text, stretch by stretch, with the place of each; stretches end at line ends and full stops where there are any. */
function* segmentsOf(segmenter: Intl.Segmenter, text: string): Generator<{ segment: string; index: number }> {
  for (let start = 0; start < text.length; ) {
    const limit = start + LONGEST_STRETCH;
    let end = text.length;
    if (limit < end) {
      end = Math.max(text.lastIndexOf('\n', limit - 1), text.lastIndexOf('。', limit - 1)) + 1;
      if (end <= start) end = (text.charCodeAt(limit) & 0xfc00) === 0xdc00 ? limit - 1 : limit;
    }
    for (const { segment, index } of segmenter.segment(text.slice(start, end))) yield { segment, index: start + index };
    start = end;
  }
}

/**
 * Splits texts of a language that is written without spaces into words and marks, by the dictionary of the JavaScript engine
 * (Unicode's rules for words, UAX #29, and for Chinese, Japanese, Thai, Lao, Khmer and Burmese ICU's lists of words): for the
 * option `words` of the filters. White space is no word. It is not the segmentation of the reference, which uses jieba for
 * Chinese and Sudachi for Japanese; the README says how often decisions differ. Texts are strings of UTF-16, and so are words.
 *
 * @throws RangeError for a language that the engine does not know, TypeError where it has no `Intl.Segmenter`.
 *
 * @example
 * ```ts
 * import { gopherRepetition, segmenterWords } from '@llm/data-quality';
 * const words = segmenterWords('zh');
 * console.assert(words('今天天气很好。').join('|') === '今天|天气|很好|。');
 * console.assert(!gopherRepetition({ words }).check({ id: 'a', text: '今天天气很好。'.repeat(9) }).keep);
 * ```
 */
export function segmenterWords(language: string): (text: string) => string[] {
  const segmenter = segmenterOf('segmenterWords', language);
  return (text) => {
    const words: string[] = [];
    for (const { segment } of segmentsOf(segmenter, text)) {
      const word = strip(segment);
      if (word !== '') words.push(word);
    }
    return words;
  };
}

/**
 * Cuts texts of a language that is written without spaces into sentences: a sentence ends at a mark that ends sentences in some
 * script (`。`, `！`, `？`, `.` and their like) where the segmenter makes it a word of its own, marks right behind it included, as
 * `englishSentences` does for English; for the option `sentences` of `c4Quality`. Without the white space around them.
 *
 * @throws RangeError for a language that the engine does not know, TypeError where it has no `Intl.Segmenter`.
 *
 * @example
 * ```ts
 * import { segmenterSentences } from '@llm/data-quality';
 * console.assert(segmenterSentences('zh')('今天下雨。真的吗？”他问。').join('|') === '今天下雨。|真的吗？”|他问。');
 * ```
 */
export function segmenterSentences(language: string): (text: string) => string[] {
  const segmenter = segmenterOf('segmenterSentences', language);
  return (text) => {
    const sentences: string[] = [];
    let start = 0;
    let ending = false;
    let spaced = true;
    const cut = (end: number): void => {
      const sentence = strip(text.slice(start, end));
      if (sentence !== '') sentences.push(sentence);
      start = end;
      ending = false;
    };
    for (const { segment, index } of segmentsOf(segmenter, text)) {
      const blank = strip(segment) === '';
      // One space behind a word belongs to that word.
      if (blank && segment === ' ' && !spaced) {
        spaced = true;
        continue;
      }
      spaced = blank;
      if (isSentenceEnd(segment)) ending = true;
      else if (ending && (blank || !MARKS.test(segment))) cut(index);
    }
    cut(text.length);
    return sentences;
  };
}

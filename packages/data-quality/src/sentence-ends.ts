import { codeRanges } from './code-ranges.ts';

const charsOf = (ranges: string): string[] =>
  codeRanges(ranges).flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)));

const SENTENCE_ENDS =
  '21 2e 3f 589 61f 6d4 700-702 7f9 964-965 104a-104b 1362 1367-1368 166e 1735-1736 1803 1809 1944-1945 1aa8-1aab 1b5a-1b5b 1b5e-1b5f 1c3b-1c3c 1c7e-1c7f 203c-203d 2047-2049 2e2e 2e3c 3002 a4ff a60e-a60f a6f3 a6f7 a876-a877 a8ce-a8cf a92f a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb fe52 fe56-fe57 ff01 ff0e ff1f ff61 10a56-10a57 11047-11048 110be-110c1 11141-11143 111c5-111c6 111cd 111de-111df 11238-11239 1123b-1123c 112a9 1144b-1144c 115c2-115c3 115c9-115d7 11641-11642 1173c-1173e 11a42-11a43 11a9b-11a9c 11c41-11c42 16a6e-16a6f 16af5 16b37-16b38 16b44 1bc9f 1da88';
/** Ends of lines that FineWeb counts and that end no sentence for the sentence splitter. */
const OTHER_LINE_ENDS = '61d-61e 837 839 83d-83e 17d4-17d6 17d9-17da 1b7d-1b7e 2e53-2e54 10f55-10f59 10f86-10f89 11944 11946 11ef7-11ef8 11f43-11f44 16e98';

const sentenceEnds: ReadonlySet<string> = new Set(charsOf(SENTENCE_ENDS));
const lineEnds: ReadonlySet<string> = new Set([...sentenceEnds, ...charsOf(OTHER_LINE_ENDS)]);

/** Whether a word is one mark that ends a sentence in some script. */
export function isSentenceEnd(word: string): boolean {
  return word.length <= 2 && sentenceEnds.has(word);
}

/** Whether the last character of text[start, end) ends a sentence in some script. */
export function endsWithSentenceEnd(text: string, { start, end }: { start: number; end: number }): boolean {
  if (end === start) return false;
  const unit = text.charCodeAt(end - 1);
  if (unit < 0x80) return unit === 46 || unit === 33 || unit === 63;
  return lineEnds.has(text.slice(end - 1, end)) || (end - start > 1 && lineEnds.has(text.slice(end - 2, end)));
}

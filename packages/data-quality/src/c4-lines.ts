import { LINE_CHUNKS, LINE_END, LINE_FIELDS, LINE_START, LINE_WORDS, type EnglishScan } from './english-scan.ts';
import { forEachLine, pythonWords, strip } from './python-text.ts';
import { codePoints } from './text-length.ts';

/** Phrases of cookie banners and legal footers. */
export const POLICY: readonly string[] = ['terms of use', 'privacy policy', 'cookie policy', 'uses cookies', 'use of cookies', 'use cookies'];

/** A line, or a sentence. */
export interface Piece {
  readonly raw: string;
  /** Without the white space at its ends. */
  readonly line: string;
  /** Runs of what is no white space. */
  readonly words: number;
  readonly longWord: boolean;
  /** Its words in the scan of the text, where there is one. */
  readonly from?: number;
  readonly to?: number;
}

/** Which marks and phrases stand anywhere in a text; what does not need not be looked for line by line. */
export interface Presence {
  readonly square: boolean;
  readonly curly: boolean;
  readonly lorem: boolean;
  readonly javascript: boolean;
  readonly policy: boolean;
}

/** The lines of a text as Python has them. */
export function linesOf(text: string): string[] {
  const lines: string[] = [];
  forEachLine(text, (start, end) => lines.push(text.slice(start, end)));
  return lines;
}

const hasLongWord = (words: readonly string[], most: number): boolean => words.some((word) => word.length > most && codePoints(word) > most);

/** What of it stands in a text. */
export function presenceIn(text: string): Presence {
  const lower = text.toLowerCase();
  return { square: text.includes('['), curly: text.includes('{'), lorem: lower.includes('lorem ipsum'), javascript: lower.includes('javascript'), policy: POLICY.some((phrase) => lower.includes(phrase)) };
}

/** Whether a line ends in `.`, `?`, `!` or a quotation mark, and not in `...`. */
export function endsTerminal(line: string): boolean {
  const mark = line.charCodeAt(line.length - 1);
  return mark === 46 ? !line.endsWith('...') : mark === 63 || mark === 33 || mark === 34 || mark === 39;
}

/** A line or a sentence; without `maxWordLength` no word is too long. */
export function pieceOf(raw: string, maxWordLength: number | null): Piece {
  const line = strip(raw);
  const words = pythonWords(line);
  return { raw, line, words: words.length, longWord: maxWordLength !== null && hasLongWord(words, maxWordLength) };
}

/** The lines of a text with the places of their words. */
export function* scannedPieces(text: string, { scan: { lines: { count, records }, longestChunk }, maxWordLength }: { scan: EnglishScan; maxWordLength: number | null }): Generator<Piece> {
  for (let i = 0, from = 0, chunks = 0; i < count; i++) {
    const at = i * LINE_FIELDS;
    const raw = text.slice(records[at + LINE_START], records[at + LINE_END]);
    const line = strip(raw);
    const to = records[at + LINE_WORDS] as number;
    const end = records[at + LINE_CHUNKS] as number;
    yield { raw, line, words: end - chunks, longWord: maxWordLength !== null && longestChunk > maxWordLength && hasLongWord(pythonWords(line), maxWordLength), from, to };
    from = to;
    chunks = end;
  }
}

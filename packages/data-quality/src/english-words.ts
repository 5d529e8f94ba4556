import { loadEnglishRules } from './english-chunks.ts';
import { APART, createScan, englishNumberOf, GLUED, isScanFull, LINE_END, LINE_FIELDS, LINE_START, LINE_WORDS, reserveWords, SPACE, scanEnglish, type EnglishScan } from './english-scan.ts';

interface FoundException {
  readonly start: number;
  readonly length: number;
  readonly parts: readonly string[];
}

/** Exceptions that the affix rules took apart and that are to be put together, by their place; the longest first, none overlapping. */
function findExceptions({ rules, vocabulary: { texts }, ids, gaps, count, starts }: EnglishScan): FoundException[] {
  const matches: { start: number; length: number }[] = [];
  for (const i of starts) {
    for (const pattern of rules.patterns.get(texts[ids[i] as number] as string) ?? []) {
      let k = 1;
      while (k < pattern.length && i + k < count && gaps[i + k] !== APART && texts[ids[i + k] as number] === pattern[k]) k++;
      if (k === pattern.length) matches.push({ start: i, length: k });
    }
  }
  if (matches.length === 0) return [];
  const found: FoundException[] = [];
  matches.sort((a, b) => b.length - a.length || a.start - b.start);
  const taken = new Set<number>();
  for (const { start, length } of matches) {
    const free = !taken.has(start) && !taken.has(start + length - 1);
    let whole = texts[ids[start] as number] as string;
    let spaced = false;
    for (let k = start; k < start + length; k++) {
      taken.add(k);
      if (k === start) continue;
      spaced ||= gaps[k] === SPACE;
      whole += texts[ids[k] as number] as string;
    }
    // With a space inside it is not the exception, but it still keeps others from matching there.
    const parts = free && !spaced ? rules.exceptions.get(whole) : undefined;
    if (parts) found.push({ start, length, parts });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Puts them together, in place unless one has more words than it was taken apart into. */
function joinExceptions(scan: EnglishScan): void {
  const found = findExceptions(scan);
  if (found.length === 0) return;
  const { count, lines } = scan;
  const grows = found.reduce((sum, { length, parts }) => sum + Math.max(0, parts.length - length), 0);
  const oldIds = grows > 0 ? scan.ids.slice(0, count) : scan.ids;
  const oldGaps = grows > 0 ? scan.gaps.slice(0, count) : scan.gaps;
  const { ids, gaps } = reserveWords(scan, count + grows);
  let line = LINE_WORDS;
  let from = 0;
  let to = 0;
  const copy = (before: number): void => {
    for (; line < lines.count * LINE_FIELDS && (lines.records[line] as number) <= before; line += LINE_FIELDS) lines.records[line] = (lines.records[line] as number) - from + to;
    ids.set(oldIds.subarray(from, before), to);
    gaps.set(oldGaps.subarray(from, before), to);
    to += before - from;
    from = before;
  };
  for (const { start, length, parts } of found) {
    copy(start);
    const gap = oldGaps[start] as number;
    parts.forEach((part, k) => {
      ids[to] = englishNumberOf(scan, part);
      gaps[to++] = k === 0 ? gap : GLUED;
    });
    from = start + length;
  }
  copy(count);
  scan.count = to;
}

let scan: EnglishScan | undefined;
let last: string | undefined;

/** `englishWords` as numbers, with what stands between them and the lines: what the filters work on. Valid until the next text. */
export function numberEnglishWords(text: string): EnglishScan {
  // Several filters in a row ask for the words of the same document.
  if (scan === undefined || text !== last) {
    if (scan === undefined || isScanFull(scan)) scan = createScan(scan?.rules ?? loadEnglishRules());
    last = undefined;
    scanEnglish(scan, text);
    joinExceptions(scan);
    last = text;
  }
  return scan;
}

/** `forEachLine` of a text whose words are needed as well: the lines were found on the way. */
export function forEachScannedLine(text: string, visit: (start: number, end: number) => void): number {
  const { count, records } = numberEnglishWords(text).lines;
  for (let at = 0; at < count * LINE_FIELDS; at += LINE_FIELDS) visit(records[at + LINE_START] as number, records[at + LINE_END] as number);
  return count;
}

let counted: { readonly text: string; readonly words: number } | undefined;

/** How many words `englishWords` would return. */
export function countEnglishWords(text: string): number {
  return text === counted?.text ? counted.words : numberEnglishWords(text).count;
}

/** For who puts a text together out of parts whose words are known, so that the next filter need not count them again. */
export function rememberEnglishWordCount(text: string, words: number): void {
  counted = { text, words };
}

/**
 * Words and marks of an English text, by the rules of spaCy's blank English tokenizer, which the reference filters count
 * with: split at white space, then marks off both ends, then at dashes and joints inside; contractions are two words
 * (`do` `n't`), abbreviations, emoticons and addresses are one. White space itself is no word. The time is linear in the length.
 *
 * @example
 * ```ts
 * import { englishWords } from '@llm/data-quality';
 * console.assert(englishWords("Don't panic, Dr. No!").join('|') === "Do|n't|panic|,|Dr.|No|!");
 * ```
 */
export function englishWords(text: string): string[] {
  const { vocabulary, ids, count } = numberEnglishWords(text);
  return Array.from({ length: count }, (_, i) => vocabulary.texts[ids[i] as number] as string);
}

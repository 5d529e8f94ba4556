import { addChunk, CHUNK_CHARS, CHUNK_HASH, CHUNK_KIND, CHUNK_WORDS, createChunkTable, isTableFull, KIND_INLINE, KIND_MARK_SHIFT, KIND_UNITS, KIND_WORDS, KIND_WORDS_SHIFT, LONGEST_CHUNK, RECORD_FIELDS, type ChunkTable } from './chunk-table.ts';
import { splitChunk, type EnglishRules } from './english-chunks.ts';
import { isFull, JOINED_PADDING } from './numbered-words.ts';
import { endsLine, isPythonSpace } from './python-text.ts';
import { textUnits } from './text-units.ts';
import { createVocabulary, FLAGS, grown, mix, numberOf, WORD_FIELDS, type Vocabulary } from './vocabulary.ts';

/** Bits beside those of the vocabulary: the word can be the first, or the second, of an exception that was taken apart. */
const CAN_START = 64;
const CAN_FOLLOW = 128;

/** What stands before a word: nothing, one space, or other white space, which counts as a word of its own for exceptions. */
export const GLUED = 0, SPACE = 1, APART = 2;

/** Lines as Python's `splitlines` has them: where each starts and ends, and how many words and chunks end before its end. */
export interface ScannedLines {
  count: number;
  /** Fields of a line side by side, `LINE_FIELDS` of them. */
  records: Int32Array;
}

export const LINE_FIELDS = 4;
export const LINE_START = 0, LINE_END = 1, LINE_WORDS = 2, LINE_CHUNKS = 3;

/** The words of the last text, and all that is known of words. */
export interface EnglishScan {
  readonly rules: EnglishRules;
  readonly vocabulary: Vocabulary;
  readonly chunks: ChunkTable;
  ids: Int32Array;
  gaps: Uint8Array;
  count: number;
  joined: Uint16Array;
  readonly lines: ScannedLines;
  /** UTF-16 units of the longest run without white space. */
  longestChunk: number;
  /** Places of words that can start an exception, and whose next one can go on with it: few. */
  readonly starts: number[];
}

/** A scan that knows no word yet. */
export function createScan(rules: EnglishRules): EnglishScan {
  return {
    rules, vocabulary: createVocabulary(), chunks: createChunkTable(), ids: new Int32Array(4096), gaps: new Uint8Array(4096), count: 0, joined: new Uint16Array(16_384),
    lines: { count: 0, records: new Int32Array(256 * LINE_FIELDS) }, longestChunk: 0, starts: [],
  };
}

const MOST_JOINED = 1 << 23;

/** Whether the next text should start with an empty scan: this one holds too much. */
export function isScanFull({ vocabulary, chunks, joined }: EnglishScan): boolean {
  return isFull(vocabulary) || isTableFull(chunks) || joined.length > MOST_JOINED;
}

/** Number of a word in the vocabulary of the scan. */
export function englishNumberOf({ rules, vocabulary }: EnglishScan, word: string): number {
  const known = vocabulary.texts.length;
  const id = numberOf(vocabulary, word);
  const place = id * WORD_FIELDS + FLAGS;
  if (id === known) vocabulary.records[place] = (vocabulary.records[place] as number) | (rules.patterns.has(word) ? CAN_START : 0) | (rules.seconds.has(word) ? CAN_FOLLOW : 0);
  return id;
}

const numbersOf = (scan: EnglishScan, chunk: string): number[] => splitChunk(chunk, scan.rules).map((word) => englishNumberOf(scan, word));

const flagsOf = ({ vocabulary }: EnglishScan, id: number): number => vocabulary.records[id * WORD_FIELDS + FLAGS] as number;

/** Marks of a chunk: two words of it can begin an exception, or its last word can, or its first one can go on with one. */
const PAIR_INSIDE = 1, LAST_STARTS = 2, FIRST_FOLLOWS = 4;

function marksOf(scan: EnglishScan, words: readonly number[]): number {
  let marks = flagsOf(scan, words[0] as number) & CAN_FOLLOW ? FIRST_FOLLOWS : 0;
  let before = 0;
  for (const id of words) {
    const flags = flagsOf(scan, id);
    if (before & CAN_START && flags & CAN_FOLLOW) marks |= PAIR_INSIDE;
    before = flags;
  }
  return before & CAN_START ? marks | LAST_STARTS : marks;
}

function addLine(lines: ScannedLines, { start, end, words, chunks }: { start: number; end: number; words: number; chunks: number }): void {
  const place = lines.count++ * LINE_FIELDS;
  if (place === lines.records.length) lines.records = grown(lines.records);
  lines.records[place + LINE_START] = start;
  lines.records[place + LINE_END] = end;
  lines.records[place + LINE_WORDS] = words;
  lines.records[place + LINE_CHUNKS] = chunks;
}

/** Arrays that hold so many words, with those that are there. */
export function reserveWords(scan: EnglishScan, words: number): { ids: Int32Array; gaps: Uint8Array } {
  while (words > scan.ids.length) {
    scan.ids = grown(scan.ids);
    scan.gaps = grown(scan.gaps);
  }
  return scan;
}

/** Splits a text into the words of its chunks. Exceptions that the affix rules took apart are still to be put together. */
export function scanEnglish(scan: EnglishScan, text: string): void {
  const units = textUnits(text);
  const { length } = text;
  while (scan.joined.length < length + JOINED_PADDING) scan.joined = grown(scan.joined);
  const { chunks, joined, lines, starts } = scan;
  let { ids, gaps } = scan;
  let { records, bytes } = chunks;
  let mask = records.length / RECORD_FIELDS - 1;
  lines.count = 0;
  starts.length = 0;
  let joinedUnits = 0, count = 0, chunkCount = 0, longest = 0, lineStart = 0;
  let end = -2;
  let marksBefore = 0;
  for (let low = 0; low < length; ) {
    let hash = 0;
    let high = low;
    for (; high < length; high++) {
      const unit = units[high] as number;
      if ((unit <= 32 || unit >= 0x85) && isPythonSpace(unit)) break;
      // Faster than a product, because each step waits for the one before.
      hash = ((hash << 5) | (hash >>> 27)) ^ unit;
      joined[joinedUnits++] = unit;
    }
    if (high === low) {
      const unit = units[low] as number;
      if (unit !== 32 && endsLine(unit)) {
        addLine(lines, { start: lineStart, end: low, words: count, chunks: chunkCount });
        if (unit === 13 && low + 1 < length && units[low + 1] === 10) low++;
        lineStart = low + 1;
      }
      low++;
      continue;
    }
    const first = count;
    const size = high - low;
    if (size > longest) longest = size;
    chunkCount++;
    let marks = 0;
    if (size <= LONGEST_CHUNK) {
      // The look-up stands here, and not in a function, because it is most of the work of this loop.
      let at = -1;
      let kind = 0;
      for (let slot = mix(hash) & mask; ; slot = (slot + 1) & mask) {
        at = slot * RECORD_FIELDS;
        kind = records[at + CHUNK_KIND] as number;
        if (kind === 0) break;
        if (records[at + CHUNK_HASH] !== hash || (kind & KIND_UNITS) !== size) continue;
        let i = 0;
        if (kind & KIND_INLINE) {
          const from = 4 * (at + CHUNK_CHARS);
          while (i < size && bytes[from + i] === units[low + i]) i++;
        } else {
          const from = records[at + CHUNK_CHARS] as number;
          while (i < size && chunks.chars[from + i] === units[low + i]) i++;
        }
        if (i === size) break;
      }
      if (kind === 0) {
        const numbers = numbersOf(scan, text.slice(low, high));
        at = addChunk(chunks, { units, start: low, end: high, hash, words: numbers, marks: marksOf(scan, numbers) });
        ({ records, bytes } = chunks);
        mask = records.length / RECORD_FIELDS - 1;
        kind = records[at + CHUNK_KIND] as number;
      }
      const wordCount = (kind >> KIND_WORDS_SHIFT) & KIND_WORDS;
      if (count + wordCount > ids.length) ({ ids, gaps } = reserveWords(scan, count + wordCount));
      const from = at + CHUNK_WORDS;
      if (wordCount <= 2) {
        ids[count] = records[from] as number;
        if (wordCount === 2) ids[count + 1] = records[from + 1] as number;
      } else {
        const start = records[from] as number;
        for (let i = 0; i < wordCount; i++) ids[count + i] = chunks.words[start + i] as number;
      }
      count += wordCount;
      marks = kind >> KIND_MARK_SHIFT;
    } else {
      const words = numbersOf(scan, text.slice(low, high));
      marks = marksOf(scan, words);
      if (count + words.length > ids.length) ({ ids, gaps } = reserveWords(scan, count + words.length));
      ids.set(words, count);
      count += words.length;
    }
    const gap = low === end + 1 && units[end] === 32 ? SPACE : APART;
    gaps[first] = gap;
    for (let i = first + 1; i < count; i++) gaps[i] = GLUED;
    if (marks & FIRST_FOLLOWS && marksBefore & LAST_STARTS && gap === SPACE) starts.push(first - 1);
    if (marks & PAIR_INSIDE) for (let i = first; i + 1 < count; i++) if (flagsOf(scan, ids[i] as number) & CAN_START) starts.push(i);
    marksBefore = marks;
    end = high;
    low = high;
  }
  if (lineStart < length) addLine(lines, { start: lineStart, end: length, words: count, chunks: chunkCount });
  scan.count = count;
  scan.longestChunk = longest;
}

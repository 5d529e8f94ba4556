import { addChunk, CHUNK_HASH, CHUNK_START, CHUNK_UNITS, createChunkTable, FIRST_WORD, MOST_CHARS, WORD_COUNT, type ChunkTable } from './chunk-table.ts';
import { loadEnglishRules, splitChunk, type EnglishRules } from './english-chunks.ts';
import { JOINED_PADDING, MOST_WORDS, type NumberedWords } from './numbered-words.ts';
import { isPythonSpace } from './python-text.ts';
import { textUnits } from './text-units.ts';
import { createVocabulary, FLAGS, grown, LONGEST_COPY, mix, numberOf, WORD_FIELDS, type Vocabulary } from './vocabulary.ts';

/** Bits beside those of the vocabulary: the word can be the first, or the second, of an exception that was taken apart. */
const CAN_START = 64;
const CAN_FOLLOW = 128;

/** What stands before a word: nothing, one space, or other white space, which counts as a word of its own for exceptions. */
const GLUED = 0, SPACE = 1, APART = 2;

interface State {
  readonly rules: EnglishRules;
  readonly vocabulary: Vocabulary;
  readonly chunks: ChunkTable;
  ids: Int32Array;
  gaps: Uint8Array;
  count: number;
  joined: Uint16Array;
  /** A long word is a slice that keeps its text alive, so the next text starts afresh. */
  holdsText: boolean;
}

function createState(rules: EnglishRules): State {
  return { rules, vocabulary: createVocabulary(), chunks: createChunkTable(), ids: new Int32Array(4096), gaps: new Uint8Array(4096), count: 0, joined: new Uint16Array(16_384), holdsText: false };
}

function englishNumberOf({ rules, vocabulary }: State, word: string): number {
  const known = vocabulary.texts.length;
  const id = numberOf(vocabulary, word);
  const place = id * WORD_FIELDS + FLAGS;
  if (id === known) vocabulary.records[place] = (vocabulary.records[place] as number) | (rules.patterns.has(word) ? CAN_START : 0) | (rules.seconds.has(word) ? CAN_FOLLOW : 0);
  return id;
}

const numbersOf = (state: State, chunk: string): number[] => splitChunk(chunk, state.rules).map((word) => englishNumberOf(state, word));

function reserve(state: State, more: number): void {
  while (state.count + more > state.ids.length) {
    state.ids = grown(state.ids);
    state.gaps = grown(state.gaps);
  }
}

function scan(state: State, text: string): void {
  const units = textUnits(text);
  const { length } = text;
  while (state.joined.length < length + JOINED_PADDING) state.joined = grown(state.joined);
  const { chunks, joined } = state;
  let { ids, gaps } = state;
  let joinedUnits = 0;
  let count = 0;
  let end = -2;
  for (let low = 0; low < length; ) {
    let hash = 0;
    let high = low;
    for (; high < length; high++) {
      const unit = units[high] as number;
      if ((unit <= 32 || unit >= 0x85) && isPythonSpace(unit)) break;
      hash = (Math.imul(hash, 31) + unit) | 0;
      joined[joinedUnits++] = unit;
    }
    if (high === low) {
      low++;
      continue;
    }
    const first = count;
    const size = high - low;
    let record = -1;
    if (size <= LONGEST_COPY) {
      // The look-up stands here, and not in a function, because it is most of the work of this loop.
      const { slots, records, chars } = chunks;
      const mask = slots.length - 1;
      for (let slot = mix(hash) & mask; ; slot = (slot + 1) & mask) {
        record = slots[slot] as number;
        if (record < 0) break;
        if (records[record + CHUNK_HASH] !== hash || records[record + CHUNK_UNITS] !== size) continue;
        const from = records[record + CHUNK_START] as number;
        let i = 0;
        while (i < size && chars[from + i] === units[low + i]) i++;
        if (i === size) break;
      }
      if (record < 0) record = addChunk(chunks, { units: units.subarray(low, high), hash, words: numbersOf(state, text.slice(low, high)) });
    }
    let words = chunks.words;
    let from = 0;
    let wordCount = 0;
    if (record >= 0) {
      from = chunks.records[record + FIRST_WORD] as number;
      wordCount = chunks.records[record + WORD_COUNT] as number;
    } else {
      state.holdsText = true;
      words = Int32Array.from(numbersOf(state, text.slice(low, high)));
      wordCount = words.length;
    }
    while (count + wordCount > ids.length) {
      ids = state.ids = grown(ids);
      gaps = state.gaps = grown(gaps);
    }
    for (let i = 0; i < wordCount; i++) {
      ids[count] = words[from + i] as number;
      gaps[count++] = GLUED;
    }
    gaps[first] = low === end + 1 && units[end] === 32 ? SPACE : APART;
    end = high;
    low = high;
  }
  state.count = count;
}

/** Exceptions that the affix rules took apart and that are to be put together, longest first, none overlapping. */
function findExceptions({ rules, vocabulary: { records, texts }, ids, gaps, count }: State): Map<number, { length: number; parts: readonly string[] }> {
  const flagsOf = (id: number): number => records[id * WORD_FIELDS + FLAGS] as number;
  const matches: { start: number; length: number }[] = [];
  for (let i = 0; i + 1 < count; i++) {
    if (!(flagsOf(ids[i] as number) & CAN_START) || gaps[i + 1] === APART || !(flagsOf(ids[i + 1] as number) & CAN_FOLLOW)) continue;
    for (const pattern of rules.patterns.get(texts[ids[i] as number] as string) ?? []) {
      let k = 1;
      while (k < pattern.length && i + k < count && gaps[i + k] !== APART && texts[ids[i + k] as number] === pattern[k]) k++;
      if (k === pattern.length) matches.push({ start: i, length: k });
    }
  }
  const found = new Map<number, { length: number; parts: readonly string[] }>();
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
    if (parts) found.set(start, { length, parts });
  }
  return found;
}

function joinExceptions(state: State): void {
  const found = findExceptions(state);
  if (found.size === 0) return;
  const old = state.ids.slice(0, state.count);
  state.count = 0;
  for (let i = 0; i < old.length; ) {
    const exception = found.get(i);
    reserve(state, exception?.parts.length ?? 1);
    if (exception) for (const part of exception.parts) state.ids[state.count++] = englishNumberOf(state, part);
    else state.ids[state.count++] = old[i] as number;
    i += exception?.length ?? 1;
  }
}

let state: State | undefined;
let last: string | undefined;

/** `englishWords` as numbers: what the filters work on. */
export function numberEnglishWords(text: string): NumberedWords {
  // Two filters in a row ask for the words of the same document.
  if (state === undefined || text !== last) {
    if (state === undefined || state.holdsText || state.vocabulary.texts.length > MOST_WORDS || state.chunks.chars.length > MOST_CHARS || state.joined.length > 2 * MOST_CHARS) state = createState(state?.rules ?? loadEnglishRules());
    last = undefined;
    scan(state, text);
    joinExceptions(state);
    last = text;
  }
  return { vocabulary: state.vocabulary, ids: state.ids, count: state.count, joined: state.joined };
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

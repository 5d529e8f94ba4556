import { grown, mix } from './vocabulary.ts';

/**
 * Chunks of text seen, by their units, and the words each was split into: splitting takes much longer than looking up. Nearly
 * all of a look-up is waiting for memory, so what belongs to a chunk stands in one record, where its hash says.
 */
export interface ChunkTable {
  /** Records of RECORD_FIELDS numbers; the number of records is a power of two and at most half of them are taken. */
  records: Int32Array;
  /** The same memory. */
  bytes: Uint8Array;
  used: number;
  /** Units of chunks that do not fit into their record. */
  chars: Uint16Array;
  charsUsed: number;
  /** Words of chunks of more than two. */
  words: Int32Array;
  wordsUsed: number;
}

export const RECORD_FIELDS = 8;
/** Fields of a record: the hash, then what it holds (0 for nothing). */
export const CHUNK_HASH = 0;
export const CHUNK_KIND = 1;
/** The first word and the second, or where the words stand in `words`. */
export const CHUNK_WORDS = 2;
/** Where the units stand in `chars`, if not as bytes in the record from this field on. */
export const CHUNK_CHARS = 4;
/** The most units that stand in a record. */
export const INLINE_UNITS = 16;

/** Parts of a kind: units, words, whether units are inline, and what the caller marks it with. */
export const KIND_UNITS = 0x1ff;
export const KIND_WORDS_SHIFT = 9;
export const KIND_WORDS = 0x1ff;
export const KIND_INLINE: number = 1 << 18;
export const KIND_MARK_SHIFT = 19;

/** Longer chunks are not kept: they hardly come again. */
export const LONGEST_CHUNK = 256;

const MOST_CHUNKS = 1 << 18;
const MOST_CHARS = 1 << 22;

/** An empty table. */
export function createChunkTable(): ChunkTable {
  const records = new Int32Array(4096 * RECORD_FIELDS);
  return { records, bytes: new Uint8Array(records.buffer), used: 0, chars: new Uint16Array(16_384), charsUsed: 0, words: new Int32Array(4096), wordsUsed: 0 };
}

/** Whether a table holds so much that it should be thrown away between two texts. */
export function isTableFull({ used, chars }: ChunkTable): boolean {
  return used > MOST_CHUNKS || chars.length > MOST_CHARS;
}

function freeRecord(records: Int32Array, hash: number): number {
  const mask = records.length / RECORD_FIELDS - 1;
  let slot = mix(hash) & mask;
  while (records[slot * RECORD_FIELDS + CHUNK_KIND] !== 0) slot = (slot + 1) & mask;
  return slot * RECORD_FIELDS;
}

function grow(table: ChunkTable): void {
  const old = table.records;
  table.records = new Int32Array(2 * old.length);
  table.bytes = new Uint8Array(table.records.buffer);
  for (let at = 0; at < old.length; at += RECORD_FIELDS) {
    if (old[at + CHUNK_KIND] !== 0) table.records.set(old.subarray(at, at + RECORD_FIELDS), freeRecord(table.records, old[at + CHUNK_HASH] as number));
  }
}

/** Adds the chunk units[start, end), which is not there yet, and says where its record is. */
export function addChunk(table: ChunkTable, { units, start, end, hash, words, marks }: { units: Uint16Array; start: number; end: number; hash: number; words: readonly number[]; marks: number }): number {
  if (2 * table.used * RECORD_FIELDS >= table.records.length) grow(table);
  const { records, bytes } = table;
  const at = freeRecord(records, hash);
  const size = end - start;
  let all = 0;
  for (let i = start; i < end; i++) all |= units[i] as number;
  const inline = size <= INLINE_UNITS && all < 256;
  records[at + CHUNK_HASH] = hash;
  records[at + CHUNK_KIND] = size | (words.length << KIND_WORDS_SHIFT) | (inline ? KIND_INLINE : 0) | (marks << KIND_MARK_SHIFT);
  if (inline) {
    const to = 4 * (at + CHUNK_CHARS);
    for (let i = 0; i < size; i++) bytes[to + i] = units[start + i] as number;
  } else {
    while (table.charsUsed + size > table.chars.length) table.chars = grown(table.chars);
    const { chars, charsUsed } = table;
    for (let i = 0; i < size; i++) chars[charsUsed + i] = units[start + i] as number;
    records[at + CHUNK_CHARS] = charsUsed;
    table.charsUsed += size;
  }
  if (words.length <= 2) {
    for (let i = 0; i < words.length; i++) records[at + CHUNK_WORDS + i] = words[i] as number;
  } else {
    while (table.wordsUsed + words.length > table.words.length) table.words = grown(table.words);
    table.words.set(words, table.wordsUsed);
    records[at + CHUNK_WORDS] = table.wordsUsed;
    table.wordsUsed += words.length;
  }
  table.used++;
  return at;
}

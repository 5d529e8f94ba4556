import { grown, mix } from './vocabulary.ts';

/** Chunks of text seen, by their units, and the words each was split into. Splitting takes much longer than looking up. */
export interface ChunkTable {
  /** Places in `records`, or -1, from the hash on. */
  slots: Int32Array;
  /** What belongs to one chunk, side by side: one look-up should touch little memory. */
  records: Int32Array;
  used: number;
  chars: Uint16Array;
  charsUsed: number;
  words: Int32Array;
  wordsUsed: number;
}

/** Fields of a record: its hash, its units in `chars`, its words in `words`. */
export const CHUNK_HASH = 0;
export const CHUNK_START = 1;
export const CHUNK_UNITS = 2;
export const FIRST_WORD = 3;
export const WORD_COUNT = 4;
const FIELDS = 8;

/** A table that holds more is thrown away between two texts. */
export const MOST_CHARS: number = 1 << 22;

/** An empty table. */
export function createChunkTable(): ChunkTable {
  return { slots: new Int32Array(4096).fill(-1), records: new Int32Array(2048 * FIELDS), used: 0, chars: new Uint16Array(16_384), charsUsed: 0, words: new Int32Array(4096), wordsUsed: 0 };
}

function place(slots: Int32Array, record: number, hash: number): void {
  const mask = slots.length - 1;
  let slot = mix(hash) & mask;
  while (slots[slot] !== -1) slot = (slot + 1) & mask;
  slots[slot] = record;
}

/** Adds a chunk that is not there yet and says where its record is. */
export function addChunk(table: ChunkTable, { units, hash, words }: { units: Uint16Array; hash: number; words: readonly number[] }): number {
  if (table.used === table.records.length) {
    table.records = grown(table.records);
    table.slots = new Int32Array(2 * table.slots.length).fill(-1);
    for (let record = 0; record < table.used; record += FIELDS) place(table.slots, record, table.records[record + CHUNK_HASH] as number);
  }
  while (table.charsUsed + units.length > table.chars.length) table.chars = grown(table.chars);
  while (table.wordsUsed + words.length > table.words.length) table.words = grown(table.words);
  table.chars.set(units, table.charsUsed);
  table.words.set(words, table.wordsUsed);
  const record = table.used;
  table.records.set([hash, table.charsUsed, units.length, table.wordsUsed, words.length], record);
  place(table.slots, record, hash);
  table.used += FIELDS;
  table.charsUsed += units.length;
  table.wordsUsed += words.length;
  return record;
}

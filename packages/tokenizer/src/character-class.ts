import { letterRanges, lowerRanges, markRanges, numberRanges, upperRanges, whitespaceRanges } from './unicode-ranges.ts';

/** The four classes that split patterns tell apart: `[^\s\p{L}\p{N}]`, `\p{L}`, `\p{N}`, `\s`. */
export const OTHER = 0;
export const LETTER = 1;
export const NUMBER = 2;
export const WHITESPACE = 3;

let classes: Uint8Array | undefined;

// One byte per code point: 1.1 MB, filled once in about a millisecond, and only when some text is not ASCII.
function buildClasses(): Uint8Array {
  const table = new Uint8Array(0x110000);
  fill(table, letterRanges, LETTER);
  fill(table, numberRanges, NUMBER);
  fill(table, whitespaceRanges, WHITESPACE);
  return table;
}

function fill(table: Uint8Array, ranges: string, value: number): void {
  let at = 0;
  const numbers = ranges.split(' ').map((word) => parseInt(word, 36));
  for (let i = 0; i < numbers.length; i += 2) {
    const start = at + numbers[i]!;
    at = start + numbers[i + 1]!;
    table.fill(value, start, at);
  }
}

const ASCII_CLASSES: Uint8Array = new Uint8Array(128).map((_, byte) => {
  const char = String.fromCharCode(byte);
  const kind = /[a-z]/i.test(char) ? LETTER : /[0-9]/.test(char) ? NUMBER : /[\t-\r ]/.test(char) ? WHITESPACE : OTHER;
  return kind | (1 << 2);
});

/**
 * The class and the byte length of the UTF-8 character at `at`, as `class | length << 2`.
 * A byte that starts no character counts as one byte of class OTHER, so any bytes at all can be scanned.
 */
export function classAt(bytes: Uint8Array, at: number, limit: number): number {
  const lead = bytes[at]!;
  return lead < 0x80 ? ASCII_CLASSES[lead]! : multibyteClassAt(bytes, at, limit);
}

function multibyteClassAt(bytes: Uint8Array, at: number, limit: number): number {
  const codePoint = multibyteAt(bytes, at, limit);
  if (codePoint < 0) return OTHER | (1 << 2);
  classes ??= buildClasses();
  return (classes[codePoint] ?? OTHER) | ((codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4) << 2);
}

/** The code point of the character of several bytes at `at`, or −1 where they are none. */
function multibyteAt(bytes: Uint8Array, at: number, limit: number): number {
  const lead = bytes[at]!;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > limit) return -1;
  let codePoint = lead & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i]!;
    if ((byte & 0xc0) !== 0x80) return -1;
    codePoint = (codePoint << 6) | (byte & 0x3f);
  }
  // Written longer than it need be.
  return codePoint < (length === 3 ? 0x800 : length === 4 ? 0x10000 : 0) ? -1 : codePoint;
}

/** What may stand among the capitals of a word, `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, and among its small letters, `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`. */
export const CAPITAL = 1;
export const SMALL = 2;

let cases: Uint8Array | undefined;

function buildCases(): Uint8Array {
  const table = new Uint8Array(0x110000);
  fill(table, letterRanges, CAPITAL | SMALL);
  fill(table, markRanges, CAPITAL | SMALL);
  fill(table, upperRanges, CAPITAL);
  fill(table, lowerRanges, SMALL);
  return table;
}

/** Which of {@link CAPITAL} and {@link SMALL} the character at `at` may be; 0 where it is no part of a word. */
export function caseAt(bytes: Uint8Array, at: number, limit: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return lead >= 0x41 && lead <= 0x5a ? CAPITAL : lead >= 0x61 && lead <= 0x7a ? SMALL : 0;
  const codePoint = multibyteAt(bytes, at, limit);
  if (codePoint < 0) return 0;
  cases ??= buildCases();
  return cases[codePoint] ?? 0;
}

/** Where the run of characters of class `kind` that starts at `at` ends. */
export function runEnd(bytes: Uint8Array, start: number, limit: number, kind: number): number {
  let at = start;
  while (at < limit) {
    const found = classAt(bytes, at, limit);
    if ((found & 3) !== kind) break;
    at += found >> 2;
  }
  return at;
}

/**
 * Where `\s+(?!\S)|\s+` ends: the whole run of whitespace at the end of the text, otherwise all but its last
 * character, which belongs to what follows; a run of one character is taken whole.
 */
export function whitespaceEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  let last = start;
  while (at < limit) {
    const found = classAt(bytes, at, limit);
    if ((found & 3) !== WHITESPACE) return last > start ? last : at;
    last = at;
    at += found >> 2;
  }
  return limit;
}

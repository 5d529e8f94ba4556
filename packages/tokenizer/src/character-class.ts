import { eachRange } from './each-range.ts';
import { letterRanges, lowerRanges, markRanges, numberRanges, upperRanges, whitespaceRanges } from './unicode-ranges.ts';

/** The four classes that split patterns tell apart: `[^\s\p{L}\p{N}]`, `\p{L}`, `\p{N}`, `\s`. */
export const OTHER = 0;
export const LETTER = 1;
export const NUMBER = 2;
export const WHITESPACE = 3;

/** What may stand among the capitals of a word, `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, and among its small letters, `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`. */
export const CAPITAL = 4;
export const SMALL = 8;

/** The bits of a class, and where the length begins, in what {@link characterAt} returns. */
export const CLASS = 3;
export const LENGTH = 4;

let kinds: Uint8Array | undefined;

// One byte per code point: 1.1 MB, filled once in about a millisecond, and only when some text is not ASCII.
function buildKinds(): Uint8Array {
  const table = new Uint8Array(0x110000);
  const fill = (ranges: string, kind: number): void => eachRange(ranges, (start, end) => void table.fill(kind, start, end));
  fill(letterRanges, LETTER | CAPITAL | SMALL);
  fill(numberRanges, NUMBER);
  fill(whitespaceRanges, WHITESPACE);
  fill(markRanges, OTHER | CAPITAL | SMALL);
  fill(upperRanges, LETTER | CAPITAL);
  fill(lowerRanges, LETTER | SMALL);
  return table;
}

/** The class of a code point, and what it may stand among. */
export function kindOf(code: number): number {
  kinds ??= buildKinds();
  return kinds[code]!;
}

// What characterAt returns for the bytes of ASCII; 0 for the others.
const ASCII: Uint8Array = new Uint8Array(256).map((_, byte) => {
  const char = String.fromCharCode(byte);
  if (byte >= 0x80) return 0;
  return (1 << LENGTH) | (/[a-z]/.test(char) ? LETTER | SMALL : /[A-Z]/.test(char) ? LETTER | CAPITAL : /[0-9]/.test(char) ? NUMBER : /[\t-\r ]/.test(char) ? WHITESPACE : OTHER);
});

/**
 * The class, case and byte length of the UTF-8 character at `at`, as `class | case | length << LENGTH`.
 * A byte that starts no character counts as one byte of class OTHER, so any bytes at all can be scanned.
 */
export function characterAt(bytes: Uint8Array, at: number, limit: number): number {
  return ASCII[bytes[at]!]! || multibyteAt(bytes, at, limit);
}

function multibyteAt(bytes: Uint8Array, at: number, limit: number): number {
  kinds ??= buildKinds();
  const lead = bytes[at]!;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > limit) return OTHER | (1 << LENGTH);
  let codePoint = lead & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i]!;
    if ((byte & 0xc0) !== 0x80) return OTHER | (1 << LENGTH);
    codePoint = (codePoint << 6) | (byte & 0x3f);
  }
  // Written longer than it need be, or beyond Unicode.
  if (codePoint < (length === 3 ? 0x800 : length === 4 ? 0x10000 : 0) || codePoint > 0x10ffff) return OTHER | (1 << LENGTH);
  return kinds[codePoint]! | (length << LENGTH);
}

/** Where the run of characters of class `kind` that starts at `at` ends. */
export function runEnd(bytes: Uint8Array, start: number, limit: number, kind: number): number {
  const ascii = kind | (1 << LENGTH);
  let at = start;
  for (;;) {
    while (at < limit && (ASCII[bytes[at]!]! & ~(CAPITAL | SMALL)) === ascii) at++;
    if (at >= limit || bytes[at]! < 0x80) return at;
    const found = multibyteAt(bytes, at, limit);
    if ((found & CLASS) !== kind) return at;
    at += found >> LENGTH;
  }
}

/**
 * Where capitals and then at least one small letter end: a letter that is both may end the capitals as a small one. Where there are capitals
 * alone, where those end, as a negative number; 0 where there is neither.
 */
export function wordEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  let lastBoth = 0;
  for (let found = CAPITAL; (found & CAPITAL) !== 0; ) {
    while (at < limit && (ASCII[bytes[at]!]! & CAPITAL) !== 0) at++;
    if (at >= limit || bytes[at]! < 0x80) break;
    found = multibyteAt(bytes, at, limit);
    if ((found & CAPITAL) !== 0) at += found >> LENGTH;
    if ((found & (CAPITAL | SMALL)) === (CAPITAL | SMALL)) lastBoth = at;
  }
  const capitals = at;
  for (let found = SMALL; (found & SMALL) !== 0; ) {
    while (at < limit && (ASCII[bytes[at]!]! & SMALL) !== 0) at++;
    if (at >= limit || bytes[at]! < 0x80) break;
    found = multibyteAt(bytes, at, limit);
    if ((found & SMALL) !== 0) at += found >> LENGTH;
  }
  if (at > capitals) return at;
  return lastBoth > 0 ? lastBoth : capitals > start ? -capitals : 0;
}

/**
 * Where `\s+(?!\S)|\s+` ends: the whole run of whitespace at the end of the text, otherwise all but its last
 * character, which belongs to what follows; a run of one character is taken whole.
 */
export function whitespaceEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  let last = start;
  while (at < limit) {
    const found = characterAt(bytes, at, limit);
    if ((found & CLASS) !== WHITESPACE) return last > start ? last : at;
    last = at;
    at += found >> LENGTH;
  }
  return limit;
}

import { eachRange } from './each-range.ts';
import {
  accentRanges, capitalRanges, controlRanges, nonspacingRanges, numericRanges, otherWordRanges, punctuationRanges, scriptRanges, unknownRanges, wordRanges,
} from './reference-ranges.ts';

// What a character is to the parts of Hugging Face `tokenizers`: bits, since one may be several things.
/** Copied by every normalization form, since the reference does not know it. */
export const UNKNOWN = 1;
/** A nonspacing mark to BertNormalizer. */
export const NONSPACING = 2;
/** A mark to StripAccents. */
export const ACCENT = 4;
/** What BertNormalizer cleans away. */
export const CONTROL = 8;
/** What Lowercase makes small. */
export const CAPITAL = 16;
/** Punctuation to BertPreTokenizer and Punctuation. */
export const PUNCTUATION = 32;
/** Rust's `char::is_numeric`. */
export const NUMERIC = 64;
/** `\w` of Rust's regular expressions. */
export const WORD = 128;

// One byte per code point: 1.1 MB, filled in a few milliseconds when first needed.
let bits: Uint8Array | undefined;
let scripts: Uint8Array | undefined;
let otherWords: Uint8Array | undefined;

/** What the reference takes a code point for: a sum of the constants above. */
export function referenceClass(code: number): number {
  bits ??= tableOf([unknownRanges, nonspacingRanges, accentRanges, controlRanges, capitalRanges, punctuationRanges, numericRanges, wordRanges].map((ranges, i) => [ranges, 1 << i]));
  return bits[code]!;
}

/** Whether the reference takes a character for `kind`. */
export function isOf(char: string, kind: number): boolean {
  return (referenceClass(char.codePointAt(0)!) & kind) !== 0;
}

/** A number for the script that the reference counts a code point to; 0 for one that goes with any. */
export function referenceScript(code: number): number {
  scripts ??= tableOf(scriptRanges.split('|').map((ranges, i) => [ranges, i + 1]));
  return scripts[code]!;
}

/** `\w` of Oniguruma, in which the patterns of Split and Replace run. */
export function isPatternWord(code: number): boolean {
  otherWords ??= tableOf([[otherWordRanges, 1]]);
  return (otherWords[code] === 1) !== ((referenceClass(code) & WORD) !== 0);
}

function tableOf(classes: readonly (readonly [ranges: string, value: number])[]): Uint8Array {
  const table = new Uint8Array(0x110000);
  for (const [ranges, value] of classes) {
    eachRange(ranges, (start, end) => {
      for (let code = start; code < end; code++) table[code]! |= value;
    });
  }
  return table;
}

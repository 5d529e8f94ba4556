import { codeRanges } from '../code-ranges.ts';
import { strip } from '../python-text.ts';
import { textUnits } from '../text-units.ts';

const MARKS = codeRanges('0-8 b-1f 21-2f 3a-40 5b-60 7b-9f ab b4 bb 2013-2014 2019 201c-201e 2026 2236 2501 25ba 3001-3002 3008-300d 3010-3011 ff01 ff05 ff08-ff09 ff0c ff0e ff11 ff1a-ff1b ff1f ff5e');
const escaped = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;
/** What is no word: marks, and what Python holds to be white space. */
const GAPS = new RegExp(`[${MARKS.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join('')}\\t\\n \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+`, 'g');
// A decimal mark between digits belongs to the number: "3,141" is one 0, "1.2.3" is "0.0" and then "0 0".
const NUMBERS = /\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?/gu;
/** What belongs to what stands before or behind it, or is no character alone. */
const DEPENDENT = /[،٫⎖⎗⎘Σ\p{Nd}\p{Mc}\p{Me}\p{Cs}]/u;
/** What a code point becomes: a gap between words, the 0 of a number, or another unit below GOES. */
export const GAP = 32;
export const DIGIT = 48;
/** It goes without a gap, stays as it is, or depends on its neighbours or is more than one unit afterwards. */
export const GOES = 0xfffc;
export const STAYS = 0xfffd;
export const SLOW = 0xfffe;
/** What `becomes` never says: for tables that are filled as characters come. */
export const UNKNOWN = 0xffff;

const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57;

/** What a code point becomes, whatever stands beside it; only those of U+1F000 to U+1FFFF can stay. */
export function becomes(code: number): number {
  const char = String.fromCodePoint(code);
  if (isDigit(code)) return DIGIT;
  // A digit may be a mark as well: U+FF11 is one that numbers are made of first.
  if (DEPENDENT.test(char)) return SLOW;
  if (char.replace(GAPS, '') === '') return GAP;
  const plain = char.toLowerCase().normalize('NFD').replace(/\p{Mn}+/gu, '');
  if (code >>> 12 === 0x1f && plain === char) return STAYS;
  if (code >= GOES) return SLOW;
  return plain === '' ? GOES : plain.length === 1 ? plain.charCodeAt(0) : SLOW;
}

/** Of UTF-16 units, and behind them of U+1F000 to U+1FFFF. */
const table = new Uint16Array(65_536 + 4096).fill(UNKNOWN);

const narrow = new TextDecoder();
const wide = new TextDecoder('utf-16le', { ignoreBOM: true });
let buffer = new Uint16Array(1 << 16);
let bytes = new Uint8Array(1 << 16);

/** One pass over the units; undefined where one of them is SLOW. */
function simplifyFast(text: string): string | undefined {
  const { length } = text;
  const units = textUnits(text);
  if (buffer.length < length || buffer.length > 1 << 24) {
    buffer = new Uint16Array(Math.max(1 << 16, length));
    bytes = new Uint8Array(buffer.length);
  }
  const out = buffer;
  let to = 0;
  let gap = false;
  let all = 0;
  for (let i = 0; i < length; i++) {
    const unit = units[i] as number;
    let next = table[unit] as number;
    if (next >= GOES) {
      if (next === UNKNOWN) next = table[unit] = becomes(unit);
      if (next === SLOW) {
        const pair = i + 1 < length ? (unit << 16) | (units[i + 1] as number) : 0;
        // The pairs of U+1F000 to U+1FFFF, which are most of those there are.
        if (unit < 0xd83c || unit > 0xd83f || (pair & 0xfc00) !== 0xdc00) return undefined;
        const place = 65_536 + (((unit - 0xd83c) << 10) | (pair & 0x3ff));
        next = table[place] as number;
        if (next === UNKNOWN) next = table[place] = becomes(place - 65_536 + 0x1f000);
        if (next !== STAYS) return undefined;
        if (gap) out[to++] = GAP;
        gap = false;
        out[to++] = unit;
        out[to++] = units[++i] as number;
        all |= unit;
        continue;
      }
      if (next === GOES) {
        // It goes only when gaps are one space each: what stands on both sides of it is two.
        if (gap) out[to++] = GAP;
        gap = false;
        continue;
      }
    }
    if (next === GAP) {
      gap = to > 0;
      continue;
    }
    if (gap) out[to++] = GAP;
    gap = false;
    out[to++] = next;
    all |= next;
    if (next !== DIGIT) continue;
    while (i + 1 < length && isDigit(units[i + 1] as number)) i++;
    if (i + 2 >= length || (units[i + 1] !== 46 && units[i + 1] !== 44)) continue;
    if (!isDigit(units[i + 2] as number)) continue;
    i += 2;
    while (i + 1 < length && isDigit(units[i + 1] as number)) i++;
  }
  while (to > 0 && out[to - 1] === GAP) to--;
  if (all > 127) return wide.decode(out.subarray(0, to));
  bytes.set(out.subarray(0, to));
  return narrow.decode(bytes.subarray(0, to));
}

/**
 * A text as near duplicates are compared, the way datatrove does it: lower case, every number `0`, every mark and every run of
 * white space one space, and no diacritics (NFD without what Unicode calls non-spacing marks).
 *
 * @example
 * ```ts
 * import { simplifyText } from '@llm/data-quality';
 * console.assert(simplifyText(' Café №7: 3.14, “déjà-vu”!\n') === 'cafe №0 0 deja vu');
 * ```
 */
export function simplifyText(text: string): string {
  const fast = simplifyFast(text);
  if (fast !== undefined) return fast;
  const plain = strip(text.toLowerCase().replace(NUMBERS, '0').replace(GAPS, ' '));
  return strip(plain.normalize('NFD').replace(/\p{Mn}+/gu, ''));
}

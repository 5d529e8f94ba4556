import { codeRanges } from '../code-ranges.ts';
import { strip } from '../python-text.ts';
import { textUnits } from '../text-units.ts';

const MARKS = codeRanges('0-8 b-1f 21-2f 3a-40 5b-60 7b-9f ab b4 bb 2013-2014 2019 201c-201e 2026 2236 2501 25ba 3001-3002 3008-300d 3010-3011 ff01 ff05 ff08-ff09 ff0c ff0e ff11 ff1a-ff1b ff1f ff5e');
const escaped = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;
/** What is no word: marks, and what Python holds to be white space. */
const GAPS = new RegExp(`[${MARKS.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join('')}\\t\\n \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+`, 'g');
// A decimal mark between digits belongs to the number: "3,141" is one 0, "1.2.3" is "0.0" and then "0 0".
const NUMBERS = /\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?/gu;
/** What belongs to what stands before or behind it. */
const DEPENDENT = /[،٫⎖⎗⎘\p{Nd}\p{M}\p{Cs}]/u;
const GAP = 32, DIGIT = 48, UNKNOWN = 0xffff, SLOW = 0xfffe;
/** What a UTF-16 unit becomes when it stands alone; SLOW where that depends on its neighbours or is more than one unit. */
const table = new Uint16Array(65_536).fill(UNKNOWN);

const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57;

function look(unit: number): number {
  const char = String.fromCharCode(unit);
  if (isDigit(unit)) return DIGIT;
  if (char.replace(GAPS, '') === '') return GAP;
  if (DEPENDENT.test(char) || unit >= SLOW || char === 'Σ') return SLOW;
  const plain = char.toLowerCase().normalize('NFD').replace(/\p{Mn}+/gu, '');
  return plain.length === 1 ? plain.charCodeAt(0) : SLOW;
}

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
    let becomes = table[unit] as number;
    if (becomes >= SLOW) {
      if (becomes === UNKNOWN) becomes = table[unit] = look(unit);
      if (becomes === SLOW) return undefined;
    }
    if (becomes === GAP) {
      gap = to > 0;
      continue;
    }
    if (gap) out[to++] = GAP;
    gap = false;
    out[to++] = becomes;
    all |= becomes;
    if (becomes !== DIGIT) continue;
    while (i + 1 < length && isDigit(units[i + 1] as number)) i++;
    if (i + 2 >= length || (units[i + 1] !== 46 && units[i + 1] !== 44)) continue;
    if (!isDigit(units[i + 2] as number)) continue;
    i += 2;
    while (i + 1 < length && isDigit(units[i + 1] as number)) i++;
  }
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

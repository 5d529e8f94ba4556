import type { PiiKind } from './pii-finding.ts';

/** An ASCII digit; all three take UTF-16 units, and NaN, which is what stands outside a text, is none. */
export const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;
/** An ASCII letter. */
export const isLetter = (unit: number): boolean => (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a;
/** An ASCII letter or digit. */
export const isAlphanumeric = (unit: number): boolean => isDigit(unit) || isLetter(unit);

/** What Python's `\w` takes: letters and numbers of any script and the underscore, but no combining marks. */
const WORD = /[\p{L}\p{N}_]/u;

/** Whether the code point that ends just before `at` is one of a word. */
export function wordBefore(text: string, at: number): boolean {
  if (at <= 0) return false;
  const unit = text.charCodeAt(at - 1);
  if (unit < 0x80) return isAlphanumeric(unit) || unit === 0x5f;
  const pair = at > 1 && (unit & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 2) & 0xfc00) === 0xd800;
  return WORD.test(text.slice(pair ? at - 2 : at - 1, at));
}

/** Value of an octet of one to three digits at `start`, or -1: 256 and more are none, leading zeros count. */
export function octet(text: string, start: number, length: number): number {
  if (length < 1 || length > 3) return -1;
  let value = 0;
  for (let i = start; i < start + length; i++) value = value * 10 + text.charCodeAt(i) - 0x30;
  return value <= 255 ? value : -1;
}

/** How many of at most `most` units from `start` on are ASCII digits. */
export function digitsFrom(text: string, start: number, most: number): number {
  let count = 0;
  while (count < most && isDigit(text.charCodeAt(start + count))) count++;
  return count;
}

/** In the order in which they stand where two findings overlap. */
export const ALL_KINDS: readonly PiiKind[] = ['email', 'iban', 'chinese_id', 'bank_card', 'us_ssn', 'phone', 'ip'];

import { AFTER_DIGIT, ALPHA, BEFORE_STOP, classOf, ICON, LOWER, PREFIX, QUOTE, SUFFIX, UPPER } from './english-classes.ts';

const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57;

function codeBefore(text: string, at: number, low: number): number {
  if (at <= low) return -1;
  const unit = text.charCodeAt(at - 1);
  if ((unit & 0xfc00) !== 0xdc00 || at - 2 < low) return unit;
  const lead = text.charCodeAt(at - 2);
  return (lead & 0xfc00) === 0xd800 ? (text.codePointAt(at - 2) as number) : unit;
}

const classBefore = (text: string, at: number, low: number): number => (at <= low ? 0 : classOf(codeBefore(text, at, low)));
const classAt = (text: string, at: number, high: number): number => (at >= high ? 0 : classOf(text.codePointAt(at) as number));

/** How many units at the start of text[low, high) are a word of their own; 0 for none. */
export function prefixLength(text: string, low: number, high: number): number {
  const unit = text.charCodeAt(low);
  if (unit === 43) return isDigit(text.charCodeAt(low + 1)) && low + 1 < high ? 0 : 1;
  if (unit === 46) {
    let end = low + 1;
    while (end < high && text.charCodeAt(end) === 46) end++;
    return end - low >= 2 ? end - low : 0;
  }
  const code = text.codePointAt(low) as number;
  if (classOf(code) & PREFIX) return code > 0xffff ? 2 : 1;
  if (unit === 85 && high - low >= 3 && text.startsWith('US$', low)) return 3;
  return (unit === 67 || unit === 65) && high - low >= 2 && text.charCodeAt(low + 1) === 36 ? 2 : 0;
}

const LONGEST_AFTER_DIGIT = Math.max(...[...AFTER_DIGIT].map((each) => each.length));

/** The same for the end. Of several that fit, the one that starts first. */
export function suffixLength(text: string, low: number, high: number): number {
  if (high <= low) return 0;
  const last = text.charCodeAt(high - 1);
  if (last === 46) {
    let start = high - 1;
    while (start > low && text.charCodeAt(start - 1) === 46) start--;
    if (high - start >= 2) return high - start;
    const before = classBefore(text, start, low);
    if (before & BEFORE_STOP) return 1;
    const code = codeBefore(text, start, low);
    const beforeThat = start - (code > 0xffff ? 2 : 1);
    if (before & UPPER && classBefore(text, beforeThat, low) & UPPER) return 1;
    return 'FfCcKk'.includes(text.charAt(start - 1)) && start - 2 >= low && text.charCodeAt(start - 2) === 0xb0 && start > low ? 1 : 0;
  }
  for (let length = 1; length <= LONGEST_AFTER_DIGIT && high - length - 1 >= low; length++) {
    if (!isDigit(text.charCodeAt(high - length - 1))) continue;
    if (AFTER_DIGIT.has(text.slice(high - length, high))) return length;
    break;
  }
  if ((last === 115 || last === 83) && high - 2 >= low) {
    const before = text.charCodeAt(high - 2);
    return before === 39 || before === 0x2019 ? 2 : 0;
  }
  if (last === 0x2026 && high - 2 >= low && text.charCodeAt(high - 2) === 0x2026) return 2;
  if (last === 43) return high - 2 >= low && isDigit(text.charCodeAt(high - 2)) ? 1 : 0;
  const code = codeBefore(text, high, low);
  return classOf(code) & SUFFIX ? (code > 0xffff ? 2 : 1) : 0;
}

/** Length of the dash, letter joint or symbol at `at` that splits the word around it; 0 for none. */
export function infixLength(text: string, at: number, low: number, high: number): number {
  const unit = text.charCodeAt(at);
  // Letters and digits never split; they are most of what there is.
  if (isDigit(unit) || ((unit | 32) >= 97 && (unit | 32) <= 122)) return 0;
  if (unit === 46) {
    let end = at + 1;
    while (end < high && text.charCodeAt(end) === 46) end++;
    if (end - at >= 2) return end - at;
    return classBefore(text, at, low) & (LOWER | QUOTE) && classAt(text, at + 1, high) & (UPPER | QUOTE) ? 1 : 0;
  }
  if (unit === 0x2026) return 1;
  const code = text.codePointAt(at) as number;
  if (classOf(code) & ICON) return code > 0xffff ? 2 : 1;
  const digitBefore = at > low && isDigit(text.charCodeAt(at - 1));
  if ((unit === 43 || unit === 45 || unit === 42 || unit === 94) && digitBefore && at + 1 < high) {
    const after = text.charCodeAt(at + 1);
    if (isDigit(after) || after === 45) return 1;
  }
  const alphaBefore = (classBefore(text, at, low) & ALPHA) !== 0;
  if (unit === 44) return alphaBefore && classAt(text, at + 1, high) & ALPHA ? 1 : 0;
  if (!alphaBefore && !digitBefore) return 0;
  if (unit === 45 || unit === 0x2014 || unit === 0x2013 || unit === 126) {
    const longest = unit === 45 ? 3 : unit === 0x2014 ? 2 : 1;
    for (let length = 1; length <= longest; length++) {
      if (length > 1 && text.charCodeAt(at + length - 1) !== unit) break;
      if (classAt(text, at + length, high) & ALPHA) return length;
    }
    return 0;
  }
  return (unit === 58 || unit === 60 || unit === 61 || unit === 62 || unit === 47) && classAt(text, at + 1, high) & ALPHA ? 1 : 0;
}

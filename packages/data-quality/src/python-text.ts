import { textUnits } from './text-units.ts';

/**
 * The reference filters are written in Python, whose idea of white space and of a line differs from JavaScript's:
 * U+001C–U+001F and U+0085 are white space there and U+FEFF is not, and `splitlines` also ends a line at \v, \f,
 * U+001C–U+001E, U+0085, U+2028 and U+2029.
 */
export function isPythonSpace(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 9 && unit <= 13) || (unit >= 0x1c && unit <= 0x1f);
  if (unit < 0x85) return false;
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0;
  return unit === 0x1680 || (unit >= 0x2000 && unit <= 0x200a) || unit === 0x2028 || unit === 0x2029 || unit === 0x202f || unit === 0x205f || unit === 0x3000;
}

/** `text.strip()` of Python. */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isPythonSpace(text.charCodeAt(start))) start++;
  while (end > start && isPythonSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Whether text[start, end) holds nothing but white space. */
export function isBlank(text: string, { start, end }: { start: number; end: number }): boolean {
  for (let i = start; i < end; i++) if (!isPythonSpace(text.charCodeAt(i))) return false;
  return true;
}

/** Whether `splitlines` of Python ends a line at this unit. */
export function endsLine(unit: number): boolean {
  if (unit > 0x2029) return false;
  return (unit >= 10 && unit <= 13) || (unit >= 0x1c && unit <= 0x1e) || unit === 0x85 || unit === 0x2028 || unit === 0x2029;
}

/** Calls `visit` with the bounds of each line of `text.splitlines()` of Python; returns how many there are. */
export function forEachLine(text: string, visit: (start: number, end: number) => void): number {
  const units = textUnits(text);
  const { length } = text;
  let lines = 0;
  let start = 0;
  for (let i = 0; i < length; i++) {
    const unit = units[i] as number;
    if (unit > 0x1e && unit < 0x85) continue;
    if (!endsLine(unit)) continue;
    visit(start, i);
    lines++;
    if (unit === 13 && i + 1 < length && units[i + 1] === 10) i++;
    start = i + 1;
  }
  if (start < length) {
    visit(start, length);
    lines++;
  }
  return lines;
}

/** `text.count(part)` of Python: occurrences that do not overlap. */
export function countOf(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

/** `text.split()` of Python: the runs of what is no white space. */
export function pythonWords(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    while (at < text.length && isPythonSpace(text.charCodeAt(at))) at++;
    const start = at;
    while (at < text.length && !isPythonSpace(text.charCodeAt(at))) at++;
    if (at > start) words.push(text.slice(start, at));
  }
  return words;
}

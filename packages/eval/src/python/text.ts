// What Python's str and re do, where JavaScript's strings do otherwise.

const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const START = new RegExp(`^[${SPACE}]+`);
const RUN = new RegExp(`[${SPACE}]+`);
const ONE = new RegExp(`^[${SPACE}]$`);

/** `str.isspace` of one UTF-16 unit. */
export function isSpace(unit: string): boolean {
  return ONE.test(unit);
}

/** `text.rstrip()`. */
export function stripEnd(text: string): string {
  let end = text.length;
  // Not a pattern: one anchored at the end takes time by the square of the whitespace.
  while (end > 0 && isSpace(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** `text.strip()`. */
export function strip(text: string): string {
  return stripEnd(text).replace(START, '');
}

/** `len(text)`: code points. */
export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** `len(text.encode('utf-8'))`. */
export function bytesOf(text: string): number {
  let count = 0;
  for (const point of text) {
    const code = point.codePointAt(0)!;
    count += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return count;
}

/** `len(re.split(r'\s+', text))`: how lm-evaluation-harness counts words. */
export function wordsOf(text: string): number {
  return text.split(RUN).length;
}

/** `text.isdigit()`, for the digits that `int` reads. */
export function isDigits(text: string): boolean {
  return /^\p{Nd}+$/u.test(text);
}

/** `str(value)` of plain data: texts as they are, everything else as it is printed. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : reprOf(value);
}

/** `repr(value)` of plain data. */
function reprOf(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(reprOf).join(', ')}]`;
  if (typeof value === 'object') return `{${Object.entries(value).map(([key, item]) => `${quoted(key)}: ${reprOf(item)}`).join(', ')}}`;
  return String(value);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + text.replace(/[\\\n\r\t'"]/g, (letter) => (letter === quote ? `\\${letter}` : ESCAPES[letter] ?? letter)) + quote;
}

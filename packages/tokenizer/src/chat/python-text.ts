// What Python's str does, where JavaScript's strings do otherwise: whitespace, lines, lengths and order by code points.

const SPACES: ReadonlySet<number> = new Set([
  9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a,
  0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
]);
const LINE_ENDS: ReadonlySet<number> = new Set([10, 11, 12, 13, 28, 29, 30, 0x85, 0x2028, 0x2029]);

/** `str.isspace` of the UTF-16 unit at `at`. */
export function isSpaceAt(text: string, at: number): boolean {
  return SPACES.has(text.charCodeAt(at));
}

/** Where a text begins and ends without whitespace, or without the characters of `chars`, on the sides asked for. */
export function stripped(text: string, { left = true, right = true, chars }: { left?: boolean; right?: boolean; chars?: string | undefined } = {}): [number, number] {
  const set = chars === undefined ? undefined : new Set(chars);
  const strips = set ? (char: string): boolean => set.has(char) : (char: string): boolean => SPACES.has(char.charCodeAt(0));
  let from = 0;
  let to = text.length;
  const first = (): string => String.fromCodePoint(text.codePointAt(from)!);
  const last = (): string => text.slice(to - from > 1 && text.codePointAt(to - 2)! > 0xffff ? to - 2 : to - 1, to);
  if (left) while (from < to && strips(first())) from += first().length;
  if (right) while (from < to && strips(last())) to -= last().length;
  return [from, to];
}

/** The lines of a text as `str.splitlines` gives them: `[from, to, after the line's end]`. */
export function linesOf(text: string): [number, number, number][] {
  const lines: [number, number, number][] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (!LINE_ENDS.has(text.charCodeAt(at))) continue;
    const after = text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : at + 1;
    lines.push([from, at, after]);
    from = after;
    at = after - 1;
  }
  if (from < text.length) lines.push([from, text.length, text.length]);
  return lines;
}

/** How many code points a text has. */
export function lengthOf(text: string): number {
  let count = 0;
  for (let unit = 0; unit < text.length; unit += text.codePointAt(unit)! > 0xffff ? 2 : 1) count++;
  return count;
}

/** The UTF-16 unit at which code point number `index` begins, up to the end of the text. */
export function unitOf(text: string, index: number): number {
  let unit = 0;
  for (let i = 0; i < index && unit < text.length; i++) unit += text.codePointAt(unit)! > 0xffff ? 2 : 1;
  return unit;
}

/** Order by code points: negative, zero or positive. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    return a.codePointAt(i)! - b.codePointAt(i)!;
  }
  return a.length - b.length;
}

// Engines look for long patterns in a time that grows with both lengths.
const LONG_PATTERN = 32;

/** Where `pattern` is found in `text`, left to right without overlaps, at most `limit` times; an empty one at the start. Linear in both. */
export function occurrences(text: string, pattern: string, limit: number = Infinity): number[] {
  if (pattern === '') return [0];
  const found: number[] = [];
  if (pattern.length <= LONG_PATTERN) {
    for (let at = text.indexOf(pattern); at >= 0 && found.length < limit; at = text.indexOf(pattern, at + pattern.length)) found.push(at);
    return found;
  }
  // Knuth–Morris–Pratt: borders[i] is the length of the longest proper border of the first i + 1 units.
  const borders = new Int32Array(pattern.length);
  const follow = (state: number, unit: number): number => {
    let next = state;
    while (next > 0 && pattern.charCodeAt(next) !== unit) next = borders[next - 1]!;
    return pattern.charCodeAt(next) === unit ? next + 1 : 0;
  };
  for (let i = 1; i < pattern.length; i++) borders[i] = follow(borders[i - 1]!, pattern.charCodeAt(i));
  for (let at = 0, state = 0; at < text.length && found.length < limit; at++) {
    state = follow(state, text.charCodeAt(at));
    if (state < pattern.length) continue;
    found.push(at + 1 - pattern.length);
    state = 0;
  }
  return found;
}

/** The same from right to left, in order all the same. */
export function occurrencesFromRight(text: string, pattern: string, limit: number = Infinity): number[] {
  const reversed = (units: string): string => units.split('').reverse().join('');
  if (pattern === '') return [text.length];
  return occurrences(reversed(text), reversed(pattern), limit).map((at) => text.length - at - pattern.length).reverse();
}

/** `repr` of a float: the shortest digits that read back, with an exponent from 1e16 on and below 1e-4. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const plain = String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;
const ESCAPES: ReadonlyMap<string, string> = new Map([['\\', '\\\\'], ['\n', '\\n'], ['\r', '\\r'], ['\t', '\\t']]);

/** The inside of `repr` of a str, between quotes of the kind given. */
export function reprCharacters(text: string, quote: string): string {
  let repr = '';
  for (const char of text) {
    if (char === quote) repr += `\\${char}`;
    else if (char === ' ' || (!ESCAPES.has(char) && !UNPRINTABLE.test(char))) repr += char;
    else repr += ESCAPES.get(char) ?? escaped(char.codePointAt(0)!);
  }
  return repr;
}

function escaped(code: number): string {
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

import { AFTER_DIGIT, ALPHA, BEFORE_STOP, classOf, ICON, LOWER, PREFIX, QUOTE, SUFFIX, UPPER } from './english-classes.ts';
import { englishExceptions } from './english-exceptions.ts';
import { isPythonSpace } from './python-text.ts';
import { isUrl } from './url-pattern.ts';

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
function prefixLength(text: string, low: number, high: number): number {
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
function suffixLength(text: string, low: number, high: number): number {
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
function infixLength(text: string, at: number, low: number, high: number): number {
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

interface Rules {
  readonly exceptions: ReadonlyMap<string, readonly string[]>;
  readonly longestException: number;
  /** Exceptions that the affix rules take apart, by the first piece: they are put together again afterwards. */
  readonly patterns: ReadonlyMap<string, readonly (readonly string[])[]>;
}

let rules: Rules | undefined;

function loadRules(): Rules {
  const exceptions = englishExceptions();
  const bare: Rules = { exceptions: new Map(), longestException: 0, patterns: new Map() };
  const patterns = new Map<string, (readonly string[])[]>();
  for (const [text, parts] of exceptions) {
    const pieces: string[] = [];
    splitChunk(text, { low: 0, high: text.length, rules: bare, words: pieces, starts: [] });
    const [first = ''] = pieces;
    // One that stays as it is still keeps shorter ones from matching inside it, unless it is a single word.
    if (pieces.length === 1 && (first === parts[0] || prefixLength(text, 0, text.length) + suffixLength(text, 0, text.length) === 0)) continue;
    patterns.set(first, [...(patterns.get(first) ?? []), pieces]);
  }
  return { exceptions, longestException: Math.max(...[...exceptions.keys()].map((each) => each.length)), patterns };
}

interface Chunk {
  readonly low: number;
  readonly high: number;
  readonly rules: Rules;
  readonly words: string[];
  readonly starts: number[];
}

/** Splits text[low, high), which holds no white space: ends off first, one mark at a time, then at marks inside. */
function splitChunk(text: string, { low: from, high: to, rules: { exceptions, longestException }, words, starts }: Chunk): void {
  let low = from;
  let high = to;
  const suffixes: number[] = [];
  const exception = (a: number, b: number): readonly string[] | undefined => (b - a > longestException || b <= a ? undefined : exceptions.get(text.slice(a, b)));
  const add = (a: number, b: number): void => {
    words.push(text.slice(a, b));
    starts.push(a);
  };
  while (low < high) {
    if (exception(low, high)) break;
    const before = prefixLength(text, low, high);
    if (before > 0 && exception(low + before, high)) {
      add(low, low + before);
      low += before;
      break;
    }
    const after = suffixLength(text, low + before, high);
    if (after > 0 && exception(low, high - after)) {
      suffixes.push(high);
      high -= after;
      break;
    }
    if (before === 0 && after === 0) break;
    if (before > 0) add(low, low + before);
    if (after > 0) suffixes.push(high);
    low += before;
    high -= after;
  }
  if (low < high) {
    const parts = exception(low, high);
    if (parts) {
      let at = low;
      for (const part of parts) {
        words.push(part);
        starts.push(at);
        at += part.length;
      }
    } else if (isUrl(text.slice(low, high))) {
      add(low, high);
    } else {
      let start = low;
      for (let at = low; at < high; ) {
        const length = infixLength(text, at, low, high);
        if (length > 0 && at !== low) {
          if (at !== start) add(start, at);
          add(at, at + length);
          start = at + length;
        }
        at += Math.max(length, 1);
      }
      if (start < high) add(start, high);
    }
  }
  for (let i = suffixes.length - 1; i >= 0; i--) {
    const start = i === suffixes.length - 1 ? high : (suffixes[i + 1] as number);
    add(start, suffixes[i] as number);
  }
}

/** Puts exceptions together that the affix rules took apart, longest first; `text` tells where white space stood between. */
function joinExceptions(text: string, words: string[], starts: readonly number[]): string[] {
  const { exceptions, patterns } = rules as Rules;
  const endOf = (i: number): number => (starts[i] as number) + (words[i] as string).length;
  const matches: { start: number; length: number }[] = [];
  for (let i = 0; i < words.length; i++) {
    const candidates = patterns.get(words[i] as string);
    if (!candidates) continue;
    for (const pattern of candidates) {
      let k = 1;
      while (k < pattern.length && words[i + k] === pattern[k]) {
        const gap = (starts[i + k] as number) - endOf(i + k - 1);
        // More than one space, or any other white space, is a word of its own for this purpose.
        if (gap > 1 || (gap === 1 && text.charCodeAt(endOf(i + k - 1)) !== 32)) break;
        k++;
      }
      if (k === pattern.length) matches.push({ start: i, length: k });
    }
  }
  if (matches.length === 0) return words;
  matches.sort((a, b) => b.length - a.length || a.start - b.start);
  const taken = new Set<number>();
  const replace = new Map<number, { length: number; parts: readonly string[] }>();
  for (const { start, length } of matches) {
    const free = !taken.has(start) && !taken.has(start + length - 1);
    for (let k = start; k < start + length; k++) taken.add(k);
    // With a space inside it is not the exception, but it still keeps shorter ones from matching there.
    const parts = free ? exceptions.get(text.slice(starts[start], endOf(start + length - 1))) : undefined;
    if (parts) replace.set(start, { length, parts });
  }
  const joined: string[] = [];
  for (let i = 0; i < words.length; ) {
    const found = replace.get(i);
    if (found) joined.push(...found.parts);
    else joined.push(words[i] as string);
    i += found?.length ?? 1;
  }
  return joined;
}

let lastText = '';
let lastWords: readonly string[] = [];

/**
 * Words and marks of an English text, by the rules of spaCy's blank English tokenizer, which the reference filters count
 * with: split at white space, then marks off both ends, then at dashes and joints inside; contractions are two words
 * (`do` `n't`), abbreviations, emoticons and addresses are one. White space itself is no word. The time is linear in the length.
 *
 * @example
 * ```ts
 * console.assert(englishWords("Don't panic, Dr. No!").join('|') === "Do|n't|panic|,|Dr.|No|!");
 * ```
 */
export function englishWords(text: string): readonly string[] {
  // Two filters in a row ask for the words of the same document.
  if (text === lastText) return lastWords;
  rules ??= loadRules();
  const words: string[] = [];
  const starts: number[] = [];
  for (let low = 0; low < text.length; ) {
    if (isPythonSpace(text.charCodeAt(low))) {
      low++;
      continue;
    }
    let high = low;
    let letters = true;
    while (high < text.length) {
      const unit = text.charCodeAt(high);
      if (!((unit | 32) >= 97 && (unit | 32) <= 122)) {
        if (isPythonSpace(unit)) break;
        letters = false;
      }
      high++;
    }
    if (letters && (high - low > rules.longestException || !rules.exceptions.has(text.slice(low, high)))) {
      words.push(text.slice(low, high));
      starts.push(low);
    } else {
      splitChunk(text, { low, high, rules, words, starts });
    }
    low = high;
  }
  lastWords = joinExceptions(text, words, starts);
  lastText = text;
  return lastWords;
}

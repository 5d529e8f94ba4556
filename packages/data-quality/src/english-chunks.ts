import { infixLength, prefixLength, suffixLength } from './english-affixes.ts';
import { englishExceptions } from './english-exceptions.ts';
import { isUrl } from './url-pattern.ts';

/** Nothing but a to z in either case, which no rule splits but the exceptions. */
function isLetters(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i) | 32;
    if (unit < 97 || unit > 122) return false;
  }
  return text.length > 0;
}

/** Splits a chunk, which holds no white space: ends off first, one mark at a time, then at marks inside. */
export function splitChunk(text: string, { exceptions, longest }: Pick<EnglishRules, 'exceptions' | 'longest'>): string[] {
  if (isLetters(text)) return text.length > longest ? [text] : [...(exceptions.get(text) ?? [text])];
  let low = 0;
  let high = text.length;
  const words: string[] = [];
  const suffixes: string[] = [];
  const exception = (a: number, b: number): readonly string[] | undefined => (b - a > longest || b <= a ? undefined : exceptions.get(text.slice(a, b)));
  while (low < high) {
    if (exception(low, high)) break;
    const before = prefixLength(text, low, high);
    if (before > 0 && exception(low + before, high)) {
      words.push(text.slice(low, low + before));
      low += before;
      break;
    }
    const after = suffixLength(text, low + before, high);
    if (after > 0 && exception(low, high - after)) {
      suffixes.push(text.slice(high - after, high));
      high -= after;
      break;
    }
    if (before === 0 && after === 0) break;
    if (before > 0) words.push(text.slice(low, low + before));
    if (after > 0) suffixes.push(text.slice(high - after, high));
    low += before;
    high -= after;
  }
  if (low < high) {
    const parts = exception(low, high);
    if (parts) {
      words.push(...parts);
    } else if (isUrl(text.slice(low, high))) {
      words.push(text.slice(low, high));
    } else {
      let start = low;
      for (let at = low; at < high; ) {
        const length = infixLength(text, at, low, high);
        if (length > 0 && at !== low) {
          if (at !== start) words.push(text.slice(start, at));
          words.push(text.slice(at, at + length));
          start = at + length;
        }
        at += Math.max(length, 1);
      }
      if (start < high) words.push(text.slice(start, high));
    }
  }
  for (let i = suffixes.length - 1; i >= 0; i--) words.push(suffixes[i] as string);
  return words;
}

export interface EnglishRules {
  readonly exceptions: ReadonlyMap<string, readonly string[]>;
  readonly longest: number;
  /** Exceptions that the affix rules take apart, by the first piece: they are put together again afterwards. */
  readonly patterns: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** What the second piece of a pattern can be. */
  readonly seconds: ReadonlySet<string>;
}

/** The rules, worked out from the exceptions: a few milliseconds, so on first use and not on import. */
export function loadEnglishRules(): EnglishRules {
  const exceptions = englishExceptions();
  const patterns = new Map<string, (readonly string[])[]>();
  const seconds = new Set<string>();
  for (const text of exceptions.keys()) {
    const pieces = splitChunk(text, { exceptions: new Map(), longest: 0 });
    const [first, second] = pieces;
    // One that is not taken apart is found while splitting, wherever it stands alone.
    if (first === undefined || second === undefined) continue;
    patterns.set(first, [...(patterns.get(first) ?? []), pieces]);
    seconds.add(second);
  }
  return { exceptions, longest: Math.max(...[...exceptions.keys()].map((each) => each.length)), patterns, seconds };
}

import { characterAt, CLASS, LENGTH, LETTER, NUMBER, OTHER, runEnd, WHITESPACE, whitespaceEnd } from './character-class.ts';
import { makeSplit, splitThenByteLevel, type Split } from './split.ts';

const pattern = (numbers: string): string =>
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" +
  numbers +
  '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const cl100kRegex: string = pattern('\\p{N}{1,3}');
const qwen2Regex: string = pattern('\\p{N}');
const nanochatRegex: string =
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,2}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";

/**
 * The split of GPT-4 (`cl100k_base`): contractions in either case; letters with one character of any other kind in
 * front; numbers three digits at a time; the rest with its line breaks; lines; whitespace.
 *
 *   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *
 * Its file writes it as `Removed` and inverted, as the published conversion of GPT-4's tokenizer does. Newer releases of
 * tiktoken take whitespace at the very end of a text as one piece (`\s++$`) even after a line break; Hugging Face files don't.
 */
export const cl100kSplit: Split = makeSplit({
  name: 'cl100k',
  regex: cl100kRegex,
  preTokenizer: splitThenByteLevel(cl100kRegex, { removed: true }),
  end: (bytes, start, limit) => cl100kEnd(bytes, start, limit, 3),
});

/** The split of Llama 3: the same pieces as {@link cl100kSplit}, written as `Isolated` in the file. */
export const llama3Split: Split = makeSplit({
  name: 'llama3',
  regex: cl100kRegex,
  preTokenizer: splitThenByteLevel(cl100kRegex),
  end: cl100kSplit.end,
});

/** The split of Qwen 2 and 3: {@link cl100kSplit} with each digit (`\p{N}`) on its own. */
export const qwen2Split: Split = makeSplit({
  name: 'qwen2',
  regex: qwen2Regex,
  preTokenizer: splitThenByteLevel(qwen2Regex, { trimOffsets: false }),
  end: (bytes, start, limit) => cl100kEnd(bytes, start, limit, 1),
});

/** The split of nanochat: {@link cl100kSplit} with numbers two digits at a time. */
export const nanochatSplit: Split = makeSplit({
  name: 'nanochat',
  regex: nanochatRegex,
  preTokenizer: splitThenByteLevel(nanochatRegex),
  end: (bytes, start, limit) => cl100kEnd(bytes, start, limit, 2),
});

function cl100kEnd(bytes: Uint8Array, start: number, limit: number, maxDigits: number): number {
  const first = bytes[start]!;
  if (first === 0x27) {
    const contraction = contractionLength(bytes, start, limit);
    if (contraction > 0) return start + contraction;
  }
  const found = characterAt(bytes, start, limit);
  const kind = found & CLASS;
  const after = start + (found >> LENGTH);
  if (kind === LETTER) return runEnd(bytes, after, limit, LETTER);
  if (kind === NUMBER) return numberEnd(bytes, start, limit, maxDigits);
  const lineBreak = first === 0x0d || first === 0x0a;
  const next = after < limit ? characterAt(bytes, after, limit) & CLASS : WHITESPACE;
  if (next === LETTER && !lineBreak) return runEnd(bytes, after, limit, LETTER);
  if (kind === OTHER || (first === 0x20 && next === OTHER)) {
    return lineBreaksEnd(bytes, runEnd(bytes, after, limit, OTHER), limit);
  }
  return lineEnd(bytes, start, limit) || whitespaceEnd(bytes, start, limit);
}

/** Where `\\p{N}{1,maxDigits}` ends. */
export function numberEnd(bytes: Uint8Array, start: number, limit: number, maxDigits: number): number {
  let at = start;
  for (let digits = 0; digits < maxDigits && at < limit; digits++) {
    const found = characterAt(bytes, at, limit);
    if ((found & CLASS) !== NUMBER) break;
    at += found >> LENGTH;
  }
  return at;
}

function lineBreaksEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  return at;
}

/** Where `\s*[\r\n]+` ends: behind the last line break of the run of whitespace; 0 where it holds none. */
export function lineEnd(bytes: Uint8Array, start: number, limit: number): number {
  let end = 0;
  for (let at = start; at < limit; ) {
    const found = characterAt(bytes, at, limit);
    if ((found & CLASS) !== WHITESPACE) break;
    if (bytes[at] === 0x0d || bytes[at] === 0x0a) end = at + 1;
    at += found >> LENGTH;
  }
  return end;
}

/** Bytes of a contraction, in either case; ſ (U+017F, bytes C5 BF) folds to s: the reference takes 'ſ for 's. 0 where there is none. */
export function contractionLength(bytes: Uint8Array, start: number, limit: number): number {
  if (start + 1 >= limit) return 0;
  const a = bytes[start + 1]! | 0x20;
  if (a === 0x73 || a === 0x74 || a === 0x6d || a === 0x64) return 2;
  if (start + 2 >= limit) return 0;
  if (bytes[start + 1] === 0xc5 && bytes[start + 2] === 0xbf) return 3;
  const b = bytes[start + 2]! | 0x20;
  return ((a === 0x72 || a === 0x76) && b === 0x65) || (a === 0x6c && b === 0x6c) ? 3 : 0;
}

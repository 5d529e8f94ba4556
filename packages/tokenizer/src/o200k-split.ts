import { CAPITAL, characterAt, CLASS, LENGTH, LETTER, NUMBER, OTHER, runEnd, SMALL, whitespaceEnd, wordEnd } from './character-class.ts';
import { contractionLength, lineEnd, numberEnd } from './cl100k-split.ts';
import { makeSplit, splitThenByteLevel, type Split } from './split.ts';

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
const CAPITALS = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const SMALLS = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const BEFORE = '[^\\r\\n\\p{L}\\p{N}]?';
const regex = `${BEFORE}${CAPITALS}*${SMALLS}+${CONTRACTION}|${BEFORE}${CAPITALS}+${SMALLS}*${CONTRACTION}|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/**
 * The split of GPT-4o (`o200k_base`, and gpt-oss): words that begin anew where a capital follows small letters, with their contraction
 * behind and one character of any other kind in front; numbers three digits at a time; the rest with its line breaks and slashes; lines; whitespace.
 */
export const o200kSplit: Split = makeSplit({ name: 'o200k', regex, preTokenizer: splitThenByteLevel(regex), end: o200kEnd });

function o200kEnd(bytes: Uint8Array, start: number, limit: number): number {
  const found = characterAt(bytes, start, limit);
  const kind = found & CLASS;
  const after = start + (found >> LENGTH);
  const first = bytes[start]!;
  // With one character in front, else without, and small letters before capitals alone.
  const mayLead = kind !== LETTER && kind !== NUMBER && first !== 0x0d && first !== 0x0a;
  const led = mayLead && after < limit ? wordEnd(bytes, after, limit) : 0;
  // Marks are part of a word, and may lead one.
  const bare = led <= 0 && (found & (CAPITAL | SMALL)) !== 0 ? wordEnd(bytes, start, limit) : 0;
  const word = led > 0 ? led : bare > 0 ? bare : led < 0 ? -led : -bare;
  if (word > 0) return word + (word < limit && bytes[word] === 0x27 ? contractionLength(bytes, word, limit) : 0);
  if (kind === NUMBER) return numberEnd(bytes, start, limit, 3);
  if (kind === OTHER || (first === 0x20 && after < limit && (characterAt(bytes, after, limit) & CLASS) === OTHER)) {
    let at = runEnd(bytes, after, limit, OTHER);
    while (at < limit && (bytes[at] === 0x0d || bytes[at] === 0x0a || bytes[at] === 0x2f)) at++;
    return at;
  }
  return lineEnd(bytes, start, limit) || whitespaceEnd(bytes, start, limit);
}

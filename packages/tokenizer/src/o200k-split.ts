import { CAPITAL, caseAt, classAt, LETTER, NUMBER, OTHER, runEnd, SMALL, whitespaceEnd } from './character-class.ts';
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
  const found = classAt(bytes, start, limit);
  const kind = found & 3;
  const after = start + (found >> 2);
  const first = bytes[start]!;
  const lineBreak = first === 0x0d || first === 0x0a;
  // With one character in front, else without, and small letters before capitals alone.
  const mayLead = kind !== LETTER && kind !== NUMBER && !lineBreak;
  const word = (mayLead ? mixedEnd(bytes, after, limit) : 0) || mixedEnd(bytes, start, limit) || (mayLead ? capitalsEnd(bytes, after, limit) : 0) || capitalsEnd(bytes, start, limit);
  if (word > 0) return word + (word < limit && bytes[word] === 0x27 ? contractionLength(bytes, word, limit) : 0);
  if (kind === NUMBER) return numberEnd(bytes, start, limit, 3);
  if (kind === OTHER || (first === 0x20 && after < limit && (classAt(bytes, after, limit) & 3) === OTHER)) {
    let at = runEnd(bytes, after, limit, OTHER);
    while (at < limit && (bytes[at] === 0x0d || bytes[at] === 0x0a || bytes[at] === 0x2f)) at++;
    return at;
  }
  return lineEnd(bytes, start, limit) || whitespaceEnd(bytes, start, limit);
}

/** Where capitals and then at least one small letter end, or 0: a letter that is both may end the capitals as a small one. */
function mixedEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  let lastBoth = 0;
  for (; at < limit; at += widthAt(bytes, at, limit)) {
    const kind = caseAt(bytes, at, limit);
    if ((kind & CAPITAL) === 0) break;
    if ((kind & SMALL) !== 0) lastBoth = at + widthAt(bytes, at, limit);
  }
  if (at >= limit || (caseAt(bytes, at, limit) & SMALL) === 0) return lastBoth;
  while (at < limit && (caseAt(bytes, at, limit) & SMALL) !== 0) at += widthAt(bytes, at, limit);
  return at;
}

/** Where capitals end that nothing small is among or behind, or 0. */
function capitalsEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit && (caseAt(bytes, at, limit) & CAPITAL) !== 0) at += widthAt(bytes, at, limit);
  return at > start ? at : 0;
}

function widthAt(bytes: Uint8Array, at: number, limit: number): number {
  return classAt(bytes, at, limit) >> 2;
}

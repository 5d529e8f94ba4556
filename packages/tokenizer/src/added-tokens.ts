import { isOf, WORD } from './reference-classes.ts';
import type { AddedTokenJson } from './tokenizer-json.ts';

/** A stretch of text, or an added token that was found in it, and where it lies: `[from, to)` in UTF-16 units. */
export type Segment = ({ readonly text: string } | { readonly id: number }) & { readonly from: number; readonly to: number };

/** Cuts a text at the added tokens that it contains. */
export type AddedTokenSplitter = (text: string, options: { allowSpecial: AllowSpecial }) => Segment[];

/** Whether special tokens count: all, none, or those of which a function says so. */
export type AllowSpecial = boolean | ((from: number, to: number) => boolean);

/** No real added token is longer; the bound keeps the search linear. */
export const MAX_ADDED_TOKEN_LENGTH = 256;

/** Nor do all of them together hold more characters; the bound keeps the search tree in memory. */
export const MAX_ADDED_CHARACTERS: number = 2 ** 22;

/** The entry of a special token that is found wherever it stands. */
export function addedToken(content: string, id: number): AddedTokenJson {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

const SPACE = /\p{White_Space}/u;

/**
 * Returns the function that finds added tokens: the leftmost one, the longest among those that start there, on whole words
 * where the token asks for it, with the whitespace around it where it strips. Special tokens stay text unless allowed. Where a
 * function refuses one, what it covers is searched again, so that nothing written next to a token can hide it.
 */
export function addedTokenSplitter(
  tokens: readonly AddedTokenJson[],
  contentOf: (token: AddedTokenJson) => string = (token) => token.content,
): AddedTokenSplitter {
  const whole = (text: string): Segment[] => (text === '' ? [] : [{ text, from: 0, to: text.length }]);
  if (tokens.length === 0) return whole;
  const hasOrdinary = tokens.some((token) => !token.special);
  const longestAt = tokenSearch(tokens, contentOf);
  return (text, { allowSpecial }) => {
    if (allowSpecial === false && !hasOrdinary) return whole(text);
    const allowed = typeof allowSpecial === 'function' ? allowSpecial : (): boolean => true;
    const segments: Segment[] = [];
    let done = 0;
    for (let at = 0; at < text.length; ) {
      let found = longestAt(text, at, text.length);
      while (found?.token.special && !allowed(at, found.end)) found = longestAt(text, at, found.end - 1);
      if (!found) {
        at++;
        continue;
      }
      const { token, end } = found;
      const from = at;
      at = end;
      if (token.special && allowSpecial === false) continue;
      if (token.single_word && (endsInWord(text, from) || beginsInWord(text, end))) continue;
      const start = token.lstrip ? Math.max(done, spaceBefore(text, from, done)) : from;
      if (done < start) segments.push({ text: text.slice(done, start), from: done, to: start });
      done = token.rstrip ? spaceAfter(text, end) : end;
      segments.push({ id: token.id, from: start, to: done });
    }
    if (done < text.length) segments.push({ text: text.slice(done), from: done, to: text.length });
    return segments;
  };
}

interface Found {
  readonly token: AddedTokenJson;
  readonly end: number;
}

// A trie over UTF-16 units: node and unit → node. Node 0 is the root.
function tokenSearch(
  tokens: readonly AddedTokenJson[],
  contentOf: (token: AddedTokenJson) => string,
): (text: string, at: number, limit: number) => Found | undefined {
  const children = new Map<number, number>();
  const accepted: (AddedTokenJson | undefined)[] = [undefined];
  // Most characters start no token: this keeps them out of the Map.
  const starts = new Uint8Array(65536);
  for (const token of tokens) {
    let node = 0;
    const content = contentOf(token);
    starts[content.charCodeAt(0)] = 1;
    for (let i = 0; i < content.length; i++) {
      const key = node * 65536 + content.charCodeAt(i);
      let child = children.get(key);
      if (child === undefined) {
        child = accepted.length;
        accepted.push(undefined);
        children.set(key, child);
      }
      node = child;
    }
    if (node !== 0) accepted[node] = token;
  }
  return (text, at, limit) => {
    const first = text.charCodeAt(at);
    if (starts[first] === 0) return undefined;
    let node = children.get(first);
    let found: Found | undefined;
    for (let end = at + 1; node !== undefined; end++) {
      const token = accepted[node];
      if (token && end <= limit) found = { token, end };
      node = end < limit ? children.get(node * 65536 + text.charCodeAt(end)) : undefined;
    }
    return found;
  };
}

function beginsInWord(text: string, at: number): boolean {
  return at < text.length && isOf(text.slice(at, at + 2), WORD);
}

function endsInWord(text: string, end: number): boolean {
  if (end === 0) return false;
  const low = text.charCodeAt(end - 1);
  const pair = low >= 0xdc00 && low <= 0xdfff && end > 1;
  return isOf(text.slice(pair ? end - 2 : end - 1, end), WORD);
}

function spaceBefore(text: string, end: number, from: number): number {
  let at = end;
  while (at > from && SPACE.test(text[at - 1]!)) at--;
  return at;
}

function spaceAfter(text: string, start: number): number {
  let at = start;
  while (at < text.length && SPACE.test(text[at]!)) at++;
  return at;
}

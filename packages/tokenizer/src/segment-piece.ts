import { FIRST, FOLLOWS, LAST, mergeHistory, PRECEDES } from './merge-history.ts';
import type { Merges } from './merge-word.ts';
import { tokenTrie } from './token-trie.ts';

/** Writes the ids of `bytes[start, end)` to `ids[at]` and on, and returns where they end; −1 where that takes too long, and merging is better. */
export type Segmenter = (bytes: Uint8Array, start: number, end: number, ids: Uint32Array, at: number) => number;

// Longer pieces are merged with a heap, which is n log n whatever they hold.
const LONGEST = 4096;
// Natural text takes about one look for a token. A vocabulary made to defeat this is merged instead.
const LOOKS_PER_BYTE = 4;
const NEIGHBOURS = 1 << 14;
// Where two more facts stand behind the four hints of a token.
const LENGTH = 4;
const SHORTER = 5;

/**
 * Returns a function that gives the ids which merging gives, but token by token: the longest token that stays apart from the one before; where
 * none does, the one before was wrong and a shorter one takes its place. No place is come to twice, since there is one way at most to
 * cut what lies before it. Undefined where the model does not allow it.
 */
export function segmenter(merges: Merges, byteIds: Int32Array): Segmenter | undefined {
  const history = mergeHistory(merges, byteIds);
  const trie = history && tokenTrie(history, byteIds);
  if (!history || !trie) return undefined;
  const { apart, hints } = history;
  const { longest } = trie;
  // What is asked about a token lies in one cache line.
  const facts = new Int32Array(8 * history.lengths.length);
  history.lengths.forEach((length, token) => {
    for (let i = 0; i < 4; i++) facts[8 * token + i] = hints[4 * token + i]!;
    facts[8 * token + LENGTH] = length;
    facts[8 * token + SHORTER] = trie.shorter[token]!;
  });
  // The piece in which a place was found to lead nowhere, by its distance from the start.
  const dead = new Int32Array(LONGEST + 1);
  let piece = 0;
  // The last neighbours that were asked about, by hash: a, and b with the answer in its lowest bit.
  const asked = new Int32Array(2 * NEIGHBOURS).fill(-1);

  function staysApart(a: number, b: number): boolean {
    if ((facts[8 * a + FOLLOWS]! & facts[8 * b + FIRST]!) === 0 || (facts[8 * a + LAST]! & facts[8 * b + PRECEDES]!) === 0) return true;
    let slot = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
    slot = 2 * ((slot ^ (slot >>> 15)) & (NEIGHBOURS - 1));
    if (asked[slot] === a && asked[slot + 1]! >> 1 === b) return (asked[slot + 1]! & 1) === 1;
    const answer = apart(a, b);
    asked[slot] = a;
    asked[slot + 1] = (b << 1) | (answer ? 1 : 0);
    return answer;
  }

  return (bytes, start, end, ids, first) => {
    if (end - start > LONGEST) return -1;
    piece = (piece + 1) | 0;
    let looks = (end - start) * LOOKS_PER_BYTE;
    let place = start;
    let at = first;
    let previous = -1;
    let token = longest(bytes, place, end);
    for (;;) {
      for (; token >= 0; token = facts[8 * token + SHORTER]!) {
        if (--looks < 0) return -1;
        if (dead[place + facts[8 * token + LENGTH]! - start] !== piece && (previous < 0 || staysApart(previous, token))) break;
      }
      if (token >= 0) {
        ids[at++] = token;
        place += facts[8 * token + LENGTH]!;
        if (place === end) return at;
        previous = token;
        token = longest(bytes, place, end);
      } else {
        if (at === first) return -1;
        dead[place - start] = piece;
        token = ids[--at]!;
        place -= facts[8 * token + LENGTH]!;
        previous = at > first ? ids[at - 1]! : -1;
        token = facts[8 * token + SHORTER]!;
      }
    }
  };
}


// Strings that repeat, against a count of all.
import { expect, test } from 'vitest';
import { repeatedStrings } from './repeated-strings.ts';

const pause = (): undefined => undefined;

async function found(words: string[], longest: number): Promise<Map<string, number>> {
  const { codes, places, lengths, counts } = await repeatedStrings(words, { longest, pause });
  return new Map(places.map((place, i) => [String.fromCodePoint(...codes.subarray(place, place + lengths[i]!)), counts[i]!]));
}

/** Every string of every word with what follows it. */
function counted(words: string[], longest: number): Map<string, number> {
  const all = new Map<string, string[]>();
  for (const word of words) {
    const chars = Array.from(word);
    for (let from = 0; from < chars.length; from++) {
      for (let to = from + 2; to <= Math.min(chars.length, from + longest); to++) {
        const text = chars.slice(from, to).join('');
        all.set(text, [...(all.get(text) ?? []), chars[to] ?? 'end']);
      }
    }
  }
  return new Map([...all].filter(([, next]) => new Set(next).size > 1).map(([text, next]) => [text, next.length]));
}

test.each([
  [['abracadabra'], 16],
  [['banana', 'band', 'ban', 'an'], 16],
  [['aaaaaaaaaaaa', 'aaaaa'], 4],
  [['\u{1f600}\u{1f600}a', 'a\u{1f600}\u{1f600}', '\uffff\u{1f600}\u{1f600}b'], 16],
  [Array.from({ length: 300 }, (_, i) => ((i * 7919) % 6561).toString(3) + ((i * 31) % 243).toString(3)), 5],
  [[], 3],
] as [string[], number][])('%j', async (words, longest) => {
  const expected = counted(words, longest);
  const actual = await found(words, longest);
  expect([...actual].sort()).toEqual([...expected].sort());
});

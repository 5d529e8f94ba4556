import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gpt2Split, qwen2Split, tokenizerFromJson, trainBpe, type Tokenizer } from './index.ts';

interface Expected {
  readonly composed: Record<string, string[]> & { readonly strings: string[] };
  readonly variants: Record<string, { from: string; patch: object }>;
}
const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const { documents } = JSON.parse(fixture('hostile.json')) as { documents: string[] };
const expected = JSON.parse(fixture('expected.json')) as Expected;
const END = '<|endoftext|>';

async function variant(name: string): Promise<Tokenizer> {
  const { from, patch } = expected.variants[name]!;
  const pattern = from === 'qwen2' ? qwen2Split : gpt2Split;
  const trained = await trainBpe(documents, { vocabSize: 400, specialTokens: [END], pattern });
  return tokenizerFromJson({ ...trained.toJSON(), ...patch });
}

// Other offsets than these are compared in hugging-face.test.ts, over 1,000 strings for each kind of file.
describe('offsets where NFC changes the text are those of Hugging Face tokenizers', () => {
  test.each(['NFC', 'NFC, prefix space and trimmed offsets'])('%s', async (name) => {
    const tokenizer = await variant(name);
    const found = expected.composed.strings.map((text) => tokenizer.encodeWithOffsets(text, { allowSpecial: true, unit: 'codePoint' }).offsets.join(' '));
    expect(found).toEqual(expected.composed[name]);
  });
});

test('each token of a character of several has the span of the whole character', async () => {
  const tokenizer = await trainBpe([''], { vocabSize: 256 });
  const { ids, offsets } = tokenizer.encodeWithOffsets('a😀b');
  expect(ids.length).toBe(6);
  expect([...offsets]).toEqual([0, 1, 1, 3, 1, 3, 1, 3, 1, 3, 3, 4]);
  expect([...tokenizer.encodeWithOffsets('a😀b', { unit: 'codePoint' }).offsets]).toEqual([0, 1, 1, 2, 1, 2, 1, 2, 1, 2, 2, 3]);
});

const hostile = fc.string({ unit: fc.oneof(fc.constantFrom(' ', '\n', 'the', 'e\u0301', END, '😀', '\ud83d', 'é', ' ing'), fc.string({ unit: 'binary', maxLength: 2 })) });

test('the ids are those of encode, and untrimmed spans cover the text without gaps', async () => {
  const plain = await trainBpe(documents, { vocabSize: 400, specialTokens: [END], pattern: gpt2Split });
  const composing = await variant('NFC, prefix space and trimmed offsets');
  fc.assert(fc.property(hostile, fc.boolean(), (text, allowSpecial) => {
    for (const tokenizer of [plain, composing]) {
      const { ids, offsets } = tokenizer.encodeWithOffsets(text, { allowSpecial, trimOffsets: false });
      expect([...ids]).toEqual([...tokenizer.encode(text, { allowSpecial })]);
      expect(offsets.length).toBe(2 * ids.length);
      expect(offsets.every((at, i) => at <= text.length && (i === 0 || i % 2 === 1 || at >= offsets[i - 2]!))).toBe(true);
    }
    const { offsets } = plain.encodeWithOffsets(text, { allowSpecial, trimOffsets: false });
    let reached = 0;
    for (let i = 0; i < offsets.length; i += 2) {
      expect(offsets[i]!).toBeLessThanOrEqual(reached);
      reached = Math.max(reached, offsets[i + 1]!);
    }
    expect(reached).toBe(text.length);
  }), { numRuns: 300 });
});

test('code points and UTF-16 units name the same places', async () => {
  const tokenizer = await variant('prefix space and trimmed offsets');
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
    const units = tokenizer.encodeWithOffsets(text).offsets;
    const points = tokenizer.encodeWithOffsets(text, { unit: 'codePoint' }).offsets;
    const chars = Array.from(text);
    expect([...units]).toEqual(Array.from(points, (at) => chars.slice(0, at).join('').length));
  }));
});

describe('special tokens by place', () => {
  test('count where the function says so', async () => {
    const tokenizer = await trainBpe(documents, { vocabSize: 300, specialTokens: [END] });
    const text = `a${END}b${END}`;
    const found: [number, number][] = [];
    const ids = tokenizer.encode(text, { allowSpecial: (from, to) => (found.push([from, to]), from > 5) });
    expect(found).toEqual([[1, 14], [15, 28]]);
    expect([...ids].filter((id) => id === tokenizer.tokenToId(END)).length).toBe(1);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  test('one that is refused hides none that lies in it', async () => {
    const tokenizer = await trainBpe([''], { vocabSize: 260, specialTokens: ['<s>', '<s><x>', '<x>'] });
    const marks = (text: string, allowed: (from: number, to: number) => boolean): (string | undefined)[] =>
      Array.from(tokenizer.encode(text, { allowSpecial: allowed }), tokenizer.idToToken).filter((token) => token!.length > 1);
    expect(marks('<s><x>', () => true)).toEqual(['<s><x>']);
    expect(marks('<s><x>', (from) => from >= 3)).toEqual(['<x>']);
    expect(marks('<s><x>', (_, to) => to <= 3)).toEqual(['<s>']);
  });

  test('places are those of the text as given, before normalization', async () => {
    const json = (await trainBpe([''], { vocabSize: 257, specialTokens: [END] })).toJSON();
    const special = { ...json.added_tokens[0]!, normalized: true };
    const tokenizer = tokenizerFromJson({ ...json, normalizer: { type: 'NFC' }, added_tokens: [special] });
    const found: [number, number][] = [];
    tokenizer.encode(`e\u0301e\u0301${END}`, { allowSpecial: (from, to) => (found.push([from, to]), true) });
    expect(found).toEqual([[4, 17]]);
  });
});

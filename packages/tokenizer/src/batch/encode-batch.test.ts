// Rows against those of Hugging Face `tokenizers`.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { countTokens, encodeBatch, isWithinTokenLimit, tokenizerFromJson, tokenizerToText, trainBpe } from '../index.ts';
import type { BatchOptions, EncodedBatch, PaddingJson, TruncationJson } from '../index.ts';

type Case = Record<'tokenizer' | 'saved' | 'texts' | 'pairs' | 'texts with special' | 'pairs with special', string> & { truncation: TruncationJson | null; padding: PaddingJson | null };
interface Fixture {
  texts: string[];
  pairs: [string, string][];
  cases: Case[];
  only: { strategy: 'only_first' | 'only_second'; rows: (number[] | null)[] }[];
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8'));
const { texts, pairs, cases, only } = read('batches') as Fixture;
const { tokenizers } = read('pipelines') as { tokenizers: Record<string, { file: object }> };

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function rowsOf({ ids, rowOffsets, attentionMask, typeIds }: EncodedBatch): number[][][] {
  const rows: number[][][] = [];
  for (let i = 1; i < rowOffsets.length; i++) rows.push([ids, attentionMask, typeIds].map((all) => [...all.subarray(rowOffsets[i - 1], rowOffsets[i])]));
  return rows;
}

describe.each(cases.map((each, i) => [i, each.tokenizer, each] as const))('case %i, %s', (_, name, { truncation, padding, saved, ...wanted }) => {
  const tokenizer = tokenizerFromJson({ ...tokenizers[name]!.file, truncation, padding });
  const digest = (given: Fixture['texts'] | Fixture['pairs'], options: BatchOptions): Promise<string> => sha256(JSON.stringify(rowsOf(encodeBatch(tokenizer, given, { allowSpecial: true, ...options }))));

  test('the file is saved again to the byte', async () => expect(await sha256(tokenizerToText(tokenizer).split('\n  "model"')[0]!)).toBe(saved));

  test('rows of texts and of pairs are those of the reference, bare and with special tokens', async () => {
    expect({
      texts: await digest(texts, {}),
      pairs: await digest(pairs, {}),
      'texts with special': await digest(texts, { addSpecialTokens: true }),
      'pairs with special': await digest(pairs, { addSpecialTokens: true }),
    }).toEqual({ texts: wanted.texts, pairs: wanted.pairs, 'texts with special': wanted['texts with special'], 'pairs with special': wanted['pairs with special'] });
  });
});

test.each(only)('$strategy cuts what the reference cuts and refuses what it refuses', ({ strategy, rows }) => {
  const tokenizer = tokenizerFromJson(tokenizers.BERT!.file);
  const options = { truncation: { maxLength: 12, strategy: strategy === 'only_first' ? 'onlyFirst' : 'onlySecond' }, addSpecialTokens: true, allowSpecial: true } as const;
  const found = pairs.map((pair) => {
    try {
      return [...encodeBatch(tokenizer, [pair], options).ids];
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return null;
    }
  });
  expect(rows).toContain(null);
  expect(found).toEqual(rows);
});

test('options override the file, and an empty batch has no rows', async () => {
  const tokenizer = await trainBpe([''], { vocabSize: 256 });
  const cut = tokenizerFromJson({ ...tokenizer.toJSON(), truncation: { max_length: 2, strategy: 'LongestFirst', stride: 0 }, padding: null });
  expect([...encodeBatch(cut, ['abcd']).rowOffsets]).toEqual([0, 2]);
  expect([...encodeBatch(cut, ['abcd', 'a'], { truncation: null, padding: { direction: 'left' } }).attentionMask]).toEqual([1, 1, 1, 1, 0, 0, 0, 1]);
  expect(encodeBatch(cut, [], { padding: {} })).toMatchObject({ ids: new Uint32Array(0), rowOffsets: Uint32Array.of(0) });
  expect(() => encodeBatch(cut, ['a', 'b'], { truncation: { maxLength: 1.5 } })).toThrow('expected maxLength');
  expect(() => encodeBatch(cut, ['a'], { truncation: { strategy: 'onlySecond', maxLength: 0 } })).not.toThrow();
  expect(() => encodeBatch(cut, ['abc'], { truncation: { strategy: 'onlySecond', maxLength: 1 } })).toThrow('expected pairs');
  expect(() => encodeBatch(cut, ['a'], { padding: { length: -1 } })).toThrow('padding.length');
  expect(() => tokenizerFromJson({ ...tokenizer.toJSON(), padding: { strategy: 'Longest' } })).toThrow('padding.strategy');
  expect(() => tokenizerFromJson({ ...tokenizer.toJSON(), truncation: { max_length: -1, strategy: 'LongestFirst', stride: 0 } })).toThrow('truncation.max_length');
});

test.each([
  ['nothing for a text', ['a', null], 'encodeBatch: expected texts[1] to be a text or a pair of texts but found null. '],
  ['a number', [3], 'encodeBatch: expected texts[0] to be a text or a pair of texts but found 3. '],
  ['an object', [{}], 'encodeBatch: expected texts[0] to be a text or a pair of texts but found an object. '],
  ['a pair of one', [['a', null]], 'encode: expected a string but found null. '],
  ['nothing', null, 'encodeBatch: expected an array of texts but found null. '],
  ['one text', 'abc', 'encodeBatch: expected an array of texts but found "abc". '],
])('%s is no batch', async (_, given, message) => {
  for (const tokenizer of [await trainBpe([''], { vocabSize: 256 }), tokenizerFromJson(tokenizers.BERT!.file)]) {
    expect(() => encodeBatch(tokenizer, given as never)).toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) }) as Error);
  }
});

describe('counting', () => {
  test('maxTokens gives the first ids of a whole text, whatever the tokenizer', () => {
    for (const { file } of Object.values(tokenizers)) {
      const tokenizer = tokenizerFromJson(file);
      for (const text of texts) {
        const options = { allowSpecial: true, addSpecialTokens: true };
        const whole = tokenizer.encode(text, options);
        for (const maxTokens of [0, 1, 3, whole.length, whole.length + 1]) expect([...tokenizer.encode(text, { ...options, maxTokens })]).toEqual([...whole.subarray(0, maxTokens)]);
        expect(countTokens(tokenizer, text, options)).toBe(whole.length);
        expect(isWithinTokenLimit(tokenizer, text, { ...options, limit: whole.length })).toBe(true);
        if (whole.length > 0) expect(isWithinTokenLimit(tokenizer, text, { ...options, limit: whole.length - 1 })).toBe(false);
      }
    }
  });

  test('a limit is told without reading on', async () => {
    const tokenizer = await trainBpe(['low lower lowest'], { vocabSize: 265 });
    const long = 'lower and lowest '.repeat(400_000);
    const time = (run: () => unknown): number => {
      const start = performance.now();
      run();
      return performance.now() - start;
    };
    time(() => isWithinTokenLimit(tokenizer, long, { limit: 100 }));
    const whole = time(() => countTokens(tokenizer, long));
    expect(time(() => expect(isWithinTokenLimit(tokenizer, long, { limit: 100 })).toBe(false))).toBeLessThan(whole / 2);
    expect(() => isWithinTokenLimit(tokenizer, 'a', { limit: 0.5 })).toThrow('expected limit');
  });
});

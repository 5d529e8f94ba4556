import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLedger } from '../ledger.ts';
import type { Document } from '../types.ts';
import { scoreFilter, scoreStep } from './score-step.ts';
import { readTextClassifier, trainTextClassifier } from './text-classifier.ts';
import { textFeatures } from './text-features.ts';
import { readTextRater, trainTextRater } from './text-rater.ts';

const subjects = { river: ['water flows to the sea', 'the bank of the river', 'a boat on the water'], code: ['const x = f(y);', 'return x + y;', 'function f(x) { return x; }'] };
const examples = Object.entries(subjects).flatMap(([label, texts]) => texts.map((text) => ({ text, label })));

describe('features', () => {
  test('are runs of words whose squares add up to 1; letters of scripts without spaces are words', () => {
    const { ids, values } = textFeatures('A a b', { bits: 20, ngrams: 2 });
    // a twice, b, "a a", "a b": √(4 + 1 + 1 + 1).
    expect([...values].toSorted()).toEqual([1, 1, 1, 2].map((count) => Math.fround(count / Math.sqrt(7))));
    expect(new Set(ids).size).toBe(4);
    expect(textFeatures('水流', { bits: 20, ngrams: 1 }).ids).toHaveLength(2);
    expect(textFeatures(' \n', { bits: 20, ngrams: 2 }).ids).toHaveLength(0);
  });
});

describe('a classifier', () => {
  test('one step of AdaGrad by hand', () => {
    // Both examples have one word. The first step of a weight or bias is rate · sign of its slope, as g / √(g² + 1e-8) ≈ ±1.
    const [first, second] = ['yes', 'no'];
    const texts = [{ text: first!, label: 'a' }, { text: second!, label: 'b' }];
    const p = trainTextClassifier(texts, { epochs: 1, learningRate: 0.5, ngrams: 1, seed: 0 });
    // Whichever comes first moves its bias and word by 0.5 up in its own class and down in the other: z = ±(0.5 + 0.5), then the
    // other one finds z = ±0.5 by the bias against it, with slope s = 1 / (1 + e^-1); its word moves by 0.5, the bias by
    // 0.5 · s / √(0.25 + s²).
    const s = 1 / (1 + Math.exp(-1));
    const bias = 0.5 - 0.5 * s / Math.sqrt(0.25 + s * s);
    const [early, late] = [1 / (1 + Math.exp(-2 * (0.5 + bias))), 1 / (1 + Math.exp(-2 * (0.5 - bias)))];
    const found = [p.probabilities(first!)['a']!, p.probabilities(second!)['b']!].toSorted((x, y) => y - x);
    expect(found[0]).toBeCloseTo(early, 5);
    expect(found[1]).toBeCloseTo(late, 5);
  });

  test('tells subjects apart that it has seen, is the same every time, and is read again as it was', () => {
    const classifier = trainTextClassifier(examples);
    for (const { text, label } of examples) expect(classifier.probabilities(text)[label]).toBeGreaterThan(0.8);
    const bytes = classifier.encode();
    expect(trainTextClassifier(examples).encode()).toEqual(bytes);
    expect(trainTextClassifier(examples, { seed: 1 }).encode()).not.toEqual(bytes);
    const again = readTextClassifier(bytes);
    expect(again.labels).toEqual(['code', 'river']);
    expect(again.probabilities('a boat')).toEqual(classifier.probabilities('a boat'));
    const { code, river } = classifier.probabilities('');
    expect(code! + river!).toBeCloseTo(1, 12);
  });

  test('labels may be called anything', () => {
    const named = trainTextClassifier([{ text: 'yes', label: '__proto__' }, { text: 'no', label: 'constructor' }]);
    const entries = Object.entries(readTextClassifier(named.encode()).probabilities('yes'));
    expect(entries.map(([label]) => label)).toEqual(['__proto__', 'constructor']);
    expect(entries[0]![1]).toBeGreaterThan(0.5);
  });

  test('other bytes are refused', () => {
    const bytes = trainTextClassifier(examples, { bits: 8 }).encode();
    const refused = { code: 'E_CLASSIFIER' };
    const tried = (given: Uint8Array): unknown => { try { return readTextClassifier(given); } catch (error) { return error; } };
    for (const cut of [0, 3, 17, 40, bytes.length - 1]) expect(tried(bytes.subarray(0, cut)), `${cut} bytes`).toMatchObject(refused);
    expect(tried(Uint8Array.from([...bytes, 0, 0, 0, 0]))).toMatchObject(refused);
    expect(() => readTextRater(bytes)).toThrow('found one for classes');
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const found = tried(Uint8Array.from(bytes, (byte, i) => (i === at ? value : byte)));
      expect((found as { code?: string; labels?: unknown }).labels ?? (found as { code?: string }).code).toBeDefined();
    }), { numRuns: 200 });
  });

  test('a small file that asks for gigabytes, or whose head is null, is refused', () => {
    const labels = Array.from({ length: 20 }, (_, i) => ({ text: 'a', label: String(i) }));
    const bytes = trainTextClassifier(labels, { bits: 8, epochs: 1 }).encode();
    const from = new TextDecoder('latin1').decode(bytes).indexOf('{');
    const head = new TextDecoder().decode(bytes).match(/\{.*\}/)![0];
    const asks = (text: string): Uint8Array => Uint8Array.from([...bytes.subarray(0, from), ...new TextEncoder().encode(text.padEnd(head.length)), ...bytes.subarray(from + head.length)]);
    expect(() => readTextClassifier(asks(head.replace('"labels":["0",', '"labels":["",').replace('"bits":8', '"bits":24')))).toThrow('20 outputs of 2^24 weights');
    expect(() => readTextClassifier(asks('null'))).toThrow('found one for undefined');
  });

  test('needs two labels', () => {
    expect(() => trainTextClassifier([{ text: 'a', label: 'x' }])).toThrow('expected examples of two labels or more but found only "x"');
    expect(() => trainTextClassifier(examples, { bits: 30 })).toThrow('trainTextClassifier: expected bits from 8 to 24');
    expect(() => trainTextClassifier(Array.from({ length: 17 }, (_, i) => ({ text: 'a', label: `${i}` })), { bits: 24 })).toThrow('expected at most 16 labels at 24 bits but found 17');
    expect(() => trainTextRater([{ text: 'a', rating: 1 }], { epochs: 0.5 })).toThrow('trainTextRater: expected epochs');
  });
});

test('a rater learns numbers', () => {
  const rated = [{ text: 'energy is conserved', rating: 5 }, { text: 'buy now', rating: 0 }, { text: 'energy for sale', rating: 2 }];
  const rater = trainTextRater(rated, { epochs: 200 });
  for (const { text, rating } of rated) expect(rater.rate(text)).toBeCloseTo(rating, 1);
  expect(readTextRater(rater.encode()).rate('energy')).toBe(rater.rate('energy'));
  expect(() => trainTextRater([{ text: 'a', rating: NaN }])).toThrow('finite ratings but found NaN');
});

describe('scores as filters', () => {
  const documents: Document[] = ['a', 'bb', 'ccc', 'dddd', 'eeeee'].map((text) => ({ id: text[0]!, text }));
  async function* stream(): AsyncGenerator<Document> { yield* documents; }

  test('a function of a document', () => {
    const filter = scoreFilter(({ text }) => text.length, { name: 'length', reason: 'too_short', min: 2, metaField: 'length' });
    expect(filter.check(documents[0]!)).toEqual({ keep: false, reason: 'too_short', threshold: 2, comparison: 'min', measured: 1 });
    expect(filter.check(documents[1]!)).toMatchObject({ keep: true, document: { meta: { length: 2 } } });
    expect(filter.measure!(documents[2]!)).toEqual({ too_short: 3 });
    for (const bound of [{ min: 0 }, { max: 0 }]) expect(scoreFilter(() => NaN, { name: 'n', reason: 'r', ...bound }).check(documents[0]!).keep).toBe(false);
    expect(() => scoreFilter(() => 0, { name: 'n', reason: 'r' })).toThrow('n: expected min or max, one number');
  });

  test('a model that takes some texts at once', async () => {
    const sizes: number[] = [];
    const lengths = async (texts: readonly string[]): Promise<number[]> => { sizes.push(texts.length); return texts.map((text) => text.length); };
    const ledger = createLedger();
    const kept: string[] = [];
    for await (const { id } of scoreStep(lengths, { name: 'length', reason: 'too_long', max: 3, batch: 2 })(stream(), { shard: 0, shards: 1, ledger })) kept.push(id);
    expect([kept, sizes]).toEqual([['a', 'b', 'c'], [2, 2, 1]]);
    expect(ledger.toJSON().dropped).toMatchObject([{ filter: 'length', reason: 'too_long', documents: 2, measured: { min: 4, max: 5 } }]);
    const few = scoreStep(() => [1], { name: 'n', reason: 'r', max: 3 })(stream(), { shard: 0, shards: 1, ledger });
    await expect(few[Symbol.asyncIterator]().next()).rejects.toThrow('n: expected a score for each of 5 texts but found 1');
  });
});

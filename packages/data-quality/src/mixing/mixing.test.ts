import { expect, test } from 'vitest';
import type { Document } from '../types.ts';
import { countTokensBy } from './count-tokens-by.ts';
import { mixDocuments, type MixDocumentsOptions, type MixedDocument, type OpenSource } from './mix-documents.ts';
import { mixTable } from './mix-report.ts';
import { planMix } from './plan-mix.ts';

const tokensOf = (plan: ReturnType<typeof planMix>): Record<string, number> => Object.fromEntries(plan.shares.map(({ key, tokens }) => [key, Math.round(tokens)]));
const docs = (name: string, count: number, size = 10): Document[] => Array.from({ length: count }, (_, i) => ({ id: `${name}${i}`, text: 'x'.repeat(size) }));
async function mix(sources: Record<string, OpenSource>, plan: ReturnType<typeof planMix>, options?: MixDocumentsOptions): Promise<MixedDocument[]> {
  const out: MixedDocument[] = [];
  for await (const each of mixDocuments(sources, plan, options)) out.push(each);
  return out;
}

test('temperature by its formula', () => {
  const available = { en: 1e6, de: 1e5, sw: 1e3 };
  expect(tokensOf(planMix(available, { budgetTokens: 1101 }))).toEqual({ en: 1000, de: 100, sw: 1 });
  expect(tokensOf(planMix(available, { budgetTokens: 900, alpha: 0 }))).toEqual({ en: 300, de: 300, sw: 300 });
  const sum = 1e6 ** 0.3 + 1e5 ** 0.3 + 1e3 ** 0.3;
  for (const { available: n, share } of planMix(available, { budgetTokens: 7, alpha: 0.3 }).shares) expect(share).toBeCloseTo(n ** 0.3 / sum, 12);
});

test('weights, weights with alpha, budgets', () => {
  const available = { a: 100, b: 400, c: 5 };
  expect(tokensOf(planMix(available, { budgetTokens: 80, weights: { a: 3, b: 1 } }))).toEqual({ a: 60, b: 20, c: 0 });
  expect(tokensOf(planMix(available, { budgetTokens: 70, weights: { a: 3, b: 1 }, alpha: 1 }))).toEqual({ a: 30, b: 40, c: 0 });
  const plan = planMix(available, { budgets: { a: 250, c: 5 }, maxEpochs: 2 });
  expect(plan).toMatchObject({ tokens: 205, missing: 50 });
  expect(plan.shares.map(({ key, epochs, capped }) => [key, epochs, capped])).toEqual([['a', 2, true], ['b', 0, false], ['c', 1, false]]);
});

test('what the cap on epochs holds back goes to the others, over several rounds', () => {
  const plan = planMix({ a: 10, b: 100, c: 10_000 }, { budgetTokens: 3000, alpha: 0, maxEpochs: 4 });
  expect(tokensOf(plan)).toEqual({ a: 40, b: 400, c: 2560 });
  expect(plan.missing).toBe(0);
  expect(planMix({ a: 10, b: 20 }, { budgetTokens: 100, maxEpochs: 2 })).toMatchObject({ tokens: 60, missing: 40 });
});

test('what makes no plan', () => {
  const a = { a: 1 };
  expect(() => planMix(a, {})).toThrow('planMix: expected either budgets or budgetTokens but found neither.');
  expect(() => planMix(a, { budgets: a, budgetTokens: 1 })).toThrow('both ways');
  expect(() => planMix(a, { budgetTokens: 1, weights: { b: 1 } })).toThrow('expected tokens of b but found none');
  expect(() => planMix(a, { budgetTokens: 1, weights: { a: 0 } })).toThrow('weight above 0');
  for (const options of [{ budgetTokens: NaN }, { budgetTokens: 1, weights: { a: -1 } }, { budgetTokens: 1, maxEpochs: 0 }, { budgetTokens: 1, alpha: NaN }]) expect(() => planMix(a, options)).toThrow(RangeError);
  expect(() => planMix({ a: Infinity }, { budgetTokens: 1 })).toThrow('available tokens');
});

test('amounts by source, or by anything', async () => {
  const documents: Document[] = [{ id: '1', text: 'äb', source: 'x' }, { id: '2', text: 'c', meta: { lang: 'en', provenance: { source: 'y' } } }, { id: '3', text: 'd' }];
  expect(await countTokensBy(documents)).toEqual({ x: 3, y: 1, '': 1 });
  expect(await countTokensBy(documents, { by: ({ meta }) => String(meta?.['lang'] ?? 'none'), tokens: (text) => text.length })).toEqual({ en: 1, none: 3 });
});

test('the table says shares, epochs and what is missing', () => {
  const table = mixTable(planMix({ a: 10, b: 20 }, { budgetTokens: 100, maxEpochs: 2 }));
  expect(table).toMatch(/^a +10 +20 +33\.3 % +2\.00 +at the cap$/m);
  expect(table).toContain('60 tokens, 40 short');
});

test('every stretch has the shares of the whole, to a document', async () => {
  const plan = planMix({ a: 1000, b: 3000, c: 500 }, { budgetTokens: 6000, weights: { a: 5, b: 3, c: 2 } });
  const out = await mix({ a: () => docs('a', 100), b: () => docs('b', 300), c: () => docs('c', 50) }, plan);
  const taken = new Map<string, number>();
  let all = 0;
  for (const { key, tokens } of out) {
    taken.set(key, (taken.get(key) ?? 0) + tokens);
    all += tokens;
    for (const { key: each, share } of plan.shares) expect(Math.abs((taken.get(each) ?? 0) - share * all)).toBeLessThanOrEqual(20);
  }
  expect(Object.fromEntries(taken)).toEqual({ a: 3000, b: 1800, c: 1200 });
  expect(out.filter(({ key }) => key === 'a').map(({ epoch }) => epoch)).toEqual([...Array(100).fill(0), ...Array(100).fill(1), ...Array(100).fill(2)]);
});

test('each epoch gives every document once, in an order of its own that the seed decides', async () => {
  const plan = planMix({ a: 500 }, { budgetTokens: 1000 });
  const run = async (seed: number, shuffleDocuments: number): Promise<string[]> => (await mix({ a: () => docs('a', 50) }, plan, { seed, shuffleDocuments })).map(({ document }) => document.id);
  const ordered = docs('a', 50).map(({ id }) => id);
  const shuffled = await run(1, 16);
  for (const half of [shuffled.slice(0, 50), shuffled.slice(50)]) expect([...half].sort()).toEqual([...ordered].sort());
  expect(shuffled.slice(0, 50)).not.toEqual(shuffled.slice(50));
  expect(await run(1, 16)).toEqual(shuffled);
  expect(await run(2, 16)).not.toEqual(shuffled);
  expect(await run(1, 1)).toEqual([...ordered, ...ordered]);
});

test('sources that are missing, empty or without tokens are named', async () => {
  const plan = planMix({ a: 10 }, { budgetTokens: 30 });
  await expect(mix({}, plan)).rejects.toThrow('expected a source for a');
  await expect(mix({ a: () => [] }, plan)).rejects.toThrow('expected documents of a but found none in epoch 0');
  const once = docs('a', 1)[Symbol.iterator]();
  await expect(mix({ a: () => once }, plan)).rejects.toThrow('found none in epoch 1');
  await expect(mix({ a: () => docs('a', 1, 0) }, plan)).rejects.toThrow('expected tokens in the documents of a');
  await expect(mix({ a: () => docs('a', 1) }, plan, { shuffleDocuments: 0 })).rejects.toThrow(RangeError);
});

test('stopping early closes the sources', async () => {
  let closed = 0;
  function* source(): Generator<Document> {
    try {
      yield* docs('a', 100);
    } finally {
      closed++;
    }
  }
  for await (const _ of mixDocuments({ a: source }, planMix({ a: 1000 }, { budgetTokens: 1000 }), { shuffleDocuments: 2 })) break;
  expect(closed).toBe(1);
});

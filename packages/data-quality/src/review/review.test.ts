import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterDocuments } from '../filter-documents.ts';
import { exactDedup } from '../exact-dedup.ts';
import { gopherQuality } from '../gopher-quality.ts';
import { createLedger } from '../ledger.ts';
import { exactAcross } from '../shards/exact-across.ts';
import { runSteps } from '../shards/run-steps.ts';
import { filter, type Step } from '../shards/step.ts';
import type { Document } from '../types.ts';
import { reviewerAgreement, ruleAgreement } from './agreement.ts';
import { applyReview } from './apply-review.ts';
import { overrideFilters } from './override-filters.ts';
import { overrideSteps } from './override-steps.ts';
import { readReview, type ReviewedItem } from './read-review.ts';
import { reviewCsv, reviewJsonl } from './review-csv.ts';
import { nearestRule, thresholdDistance } from './nearest-rule.ts';
import type { ReviewCandidate } from './review-item.ts';
import { createReviewQueue, type ReviewQueueOptions } from './review-queue.ts';
import { textHash } from './text-hash.ts';

const candidates: ReviewCandidate[] = Array.from({ length: 200 }, (_, i) => {
  const document = { id: `d${i}`, text: `Text number ${i}.`, source: 's' };
  if (i % 4 === 0) return { document, kept: true, reason: 'short', measured: 50 + i, threshold: 50, comparison: 'min' };
  if (i % 4 === 1) return { document, kept: false, reason: 'short', measured: i / 5, threshold: 50, comparison: 'min' };
  if (i % 4 === 2) return { document, kept: false, reason: 'digits', measured: 0.2 + i / 1000, threshold: 0.2, comparison: 'max' };
  return { document, kept: false, reason: 'exact_duplicate', measured: 1, threshold: 0, comparison: 'max' };
});
function queueOf(given: readonly ReviewCandidate[], options: ReviewQueueOptions = {}) {
  const queue = createReviewQueue(options);
  for (const candidate of given) queue.add(candidate);
  return queue.items();
}
const judged = (verdict: ReviewedItem['verdict'] = 'drop', options: ReviewQueueOptions = {}): ReviewedItem[] => queueOf(candidates, { size: 6, ...options }).map((item, i) => ({ ...item, verdict, line: i + 1 }));
const documents: Document[] = candidates.map(({ document }) => document);
async function read(text: string, csv = false): Promise<ReviewedItem[]> {
  const items: ReviewedItem[] = [];
  for await (const item of readReview(new Blob([text]).stream(), { csv, source: 'q' })) items.push(item);
  return items;
}

test('half kept and half dropped, each reason alike, the nearest to its threshold first', () => {
  const items = queueOf(candidates, { size: 24 });
  expect(items).toHaveLength(24);
  const count = (of: (item: (typeof items)[number]) => string) => items.reduce<Record<string, number>>((counts, item) => ({ ...counts, [of(item)]: (counts[of(item)] ?? 0) + 1 }), {});
  expect(count(({ automatic, reason }) => (automatic === 'keep' ? 'kept' : reason))).toEqual({ kept: 12, short: 4, digits: 4, exact_duplicate: 4 });
  expect(count(({ picked }) => picked)).toEqual({ borderline: 12, random: 12 });
  const near = items.filter(({ picked }) => picked === 'borderline');
  expect(items.slice(0, 12)).toEqual(near);
  const distances = near.map(({ measured, threshold }) => thresholdDistance(measured!, threshold!));
  expect(distances).toEqual([...distances].sort((a, b) => a - b));
  // No document of the kept ones that is left out is nearer than the farthest of those six.
  const chosen = new Set(items.map(({ id }) => id));
  const left = candidates.find(({ document, kept }) => kept && !chosen.has(document.id))!;
  const farthest = near.filter(({ automatic }) => automatic === 'keep').at(-1)!;
  expect(thresholdDistance(left.measured, left.threshold)).toBeGreaterThan(thresholdDistance(farthest.measured!, farthest.threshold!));
  expect(near.filter(({ automatic }) => automatic === 'keep')).toHaveLength(6);
});

test('the same seed and documents in any order give the same queue; another seed draws others', () => {
  const items = queueOf(candidates, { size: 20, seed: 7 });
  expect(queueOf(candidates.toReversed(), { size: 20, seed: 7 }).map(({ id }) => id).sort()).toEqual(items.map(({ id }) => id).sort());
  expect(queueOf(candidates, { size: 20, seed: 8 }).map(({ id }) => id)).not.toEqual(items.map(({ id }) => id));
});

test('never the same document twice: ids, texts, and what was judged before', () => {
  fc.assert(fc.property(fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), text: fc.constantFrom('x', 'y', 'z'), kept: fc.boolean(), reason: fc.constantFrom('r', 's') }), { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (list, size) => {
    const items = queueOf(list.map(({ id, text, kept, reason }) => ({ document: { id, text }, kept, reason })), { size });
    return new Set(items.map(({ id }) => id)).size === items.length && new Set(items.map(({ text }) => text)).size === items.length && items.length <= size;
  }), { numRuns: 200 });
  const first = new Set(queueOf(candidates, { size: 50 }).map(({ id }) => id));
  expect(queueOf(candidates, { size: 150, exclude: first })).toHaveLength(150);
  expect(queueOf(candidates, { size: 151, exclude: first }).filter(({ id }) => first.has(id))).toEqual([]);
});

test('where one side runs short the other fills the queue', () => {
  expect(queueOf(candidates.filter(({ kept }) => kept), { size: 30 })).toHaveLength(30);
  expect(queueOf(candidates.filter(({ kept }) => !kept), { size: 30 })).toHaveLength(30);
  expect(queueOf(candidates, { size: 1000 })).toHaveLength(200);
  expect(queueOf(candidates, { size: 10, keptShare: 0 }).every(({ automatic }) => automatic === 'drop')).toBe(true);
  for (const options of [{ size: 0 }, { size: 1.5 }, { keptShare: 2 }, { borderlineShare: -1 }]) expect(() => createReviewQueue(options)).toThrow(RangeError);
});

test('what users reported comes first', () => {
  const items = queueOf(candidates, { size: 10, reported: new Set(['d77', 'd100', 'nobody']) });
  expect(items.slice(0, 2).map(({ id, picked }) => `${id} ${picked}`).sort()).toEqual(['d100 reported', 'd77 reported']);
  expect(items).toHaveLength(10);
  expect(items.slice(2).some(({ picked }) => picked === 'reported')).toBe(false);
  expect(queueOf(candidates, { size: 1, reported: new Set(['d77', 'd100']) })).toHaveLength(1);
});

test('the nearest rule of a kept document is told relative to its threshold', () => {
  const rules = [{ reason: 'a', threshold: 50, comparison: 'min' }, { reason: 'b', threshold: 0.2, comparison: 'max' }, { reason: 'c', threshold: 1, comparison: 'max' }] as const;
  expect(nearestRule(rules, { a: 55, b: 0.1, c: Number.NaN })).toMatchObject({ reason: 'a', measured: 55 });
  expect(nearestRule(rules, {})).toBe(undefined);
});

test('JSON Lines and CSV say the same when they come back, formulas and all', async () => {
  const awkward = ['=HYPERLINK("http://x")', "'quoted'", '-1', '+a', '@b', 'a,"b"\r\nc\nd', ' spaced ', '', 'x;y\tz', '\ttab', '😀 中文'];
  const items = queueOf(awkward.map((text, i) => ({ document: { id: `=${i}`, text }, kept: i % 2 === 0, reason: 'r', measured: -0.5, threshold: -1, comparison: 'min' as const })), { size: 20 });
  const csv = reviewCsv(items);
  for (const line of csv.split('\r\n')) expect(line).not.toMatch(/(^|,)"?[=@+]/);
  const [fromJson, fromCsv] = [await read(reviewJsonl(items)), await read(`\ufeff${csv}`, true)];
  expect(fromJson.map(({ line, ...item }) => item)).toEqual(items);
  expect(fromCsv.map(({ line, ...item }) => item)).toEqual(items.map((item) => ({ ...item, text: item.text.replace('\r\n', '\n') })));
  expect(await read(csv.replaceAll(',', ';').replace('a;"b"', 'a;""b""'), true).catch(() => 'broken')).toBeDefined();
  const overrides = await applyReview(fromCsv.map((item) => ({ ...item, verdict: 'keep' })), { documents: awkward.map((text, i) => ({ id: `=${i}`, text })) });
  expect(overrides).toHaveLength(items.length);
});

test('spreadsheets write semicolons and capitals', async () => {
  const item = queueOf(candidates.slice(0, 1))[0]!;
  const back = reviewCsv([item]).replaceAll(',', ';').replace('d0;;', 'd0;KEEP ;');
  expect(await read(back, true)).toMatchObject([{ id: 'd0', verdict: 'keep', line: 2, hash: item.hash }]);
});

test('what is no line of a queue is refused with its line', async () => {
  await expect(read('{"id":"a"}\n')).rejects.toThrow('readReview: expected the field hash but found none (q, line 1)');
  await expect(read(`${reviewJsonl(judged())}{`)).rejects.toMatchObject({ code: 'E_REVIEW', line: 7 });
  await expect(read('7\n')).rejects.toThrow('expected an object');
  await expect(read('id,verdict\na,keep\n', true)).rejects.toMatchObject({ code: 'E_REVIEW', line: 2 });
});

test.each([
  ['a missing verdict', (items: ReviewedItem[]) => { items[1] = { ...items[1]!, verdict: '' }; }, 2, 'no verdict on'],
  ['an unknown verdict', (items: ReviewedItem[]) => { items[1] = { ...items[1]!, verdict: 'maybe' as 'keep' }; }, 2, 'the verdict "maybe"'],
  ['an unknown id', (items: ReviewedItem[]) => { items[2] = { ...items[2]!, id: 'nobody' }; }, 3, 'not among the documents'],
  ['an id twice', (items: ReviewedItem[]) => { items[3] = { ...items[3]!, id: items[0]!.id, hash: items[0]!.hash }; }, 4, 'a second time'],
  ['a text edited under keep', (items: ReviewedItem[]) => { items[4] = { ...items[4]!, text: 'Other.' }; }, 5, 'another text of'],
  ['an edit of nothing', (items: ReviewedItem[]) => { items[0] = { ...items[0]!, verdict: 'edit' }; }, 1, 'with the text as it was'],
  ['an edit to nothing', (items: ReviewedItem[]) => { items[0] = { ...items[0]!, verdict: 'edit', text: ' ' }; }, 1, 'leaves no text'],
  ['a document that changed', (items: ReviewedItem[]) => { items[5] = { ...items[5]!, hash: textHash('before') }; }, 6, 'has changed since'],
] as const)('%s refuses', async (_, spoil, line, message) => {
  const items = judged();
  spoil(items);
  const error = await applyReview(items, { documents, source: 'q.jsonl' }).catch((caught: Error) => caught);
  expect(error).toMatchObject({ code: 'E_REVIEW', line, file: 'q.jsonl' });
  expect((error as Error).message).toContain(`line ${line}: `);
  expect((error as Error).message).toContain(message);
});

test('a text that was cut can be judged, not edited', async () => {
  const long = { id: 'long', text: 'word '.repeat(100) };
  const [item] = queueOf([{ document: long, kept: true }], { size: 1, maxUnits: 50 });
  expect(item).toMatchObject({ cut: true, text: long.text.slice(0, 50) });
  expect(await applyReview([{ ...item!, verdict: 'drop', line: 1 }], { documents: [long] })).toEqual([{ id: 'long', hash: textHash(long.text), verdict: 'drop' }]);
  await expect(applyReview([{ ...item!, verdict: 'edit', text: 'new', line: 1 }], { documents: [long] })).rejects.toThrow('only the beginning was shown');
});

test('CSV comes in chunks of any size, each valid until the next', async () => {
  const csv = reviewCsv(queueOf(candidates, { size: 5 })).replaceAll(',', ';').replace(/^/, '\ufeff');
  const whole: ReviewedItem[] = [];
  for await (const item of readReview(new Blob([csv]).stream(), { csv: true })) whole.push(item);
  expect(whole).toHaveLength(5);
  const bytes = new TextEncoder().encode(csv);
  for (const size of [1, 7, 100]) {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      const buffer = new Uint8Array(size);
      for (let at = 0; at < bytes.length; at += size) {
        const part = bytes.subarray(at, at + size);
        buffer.set(part);
        yield buffer.subarray(0, part.length);
      }
    }
    const items: ReviewedItem[] = [];
    for await (const item of readReview(chunks(), { csv: true })) items.push(item);
    expect(items, `${size}`).toEqual(whole);
  }
});

test('many problems are counted, and the first are told', async () => {
  await expect(applyReview(judged('', { size: 30 }), { documents })).rejects.toThrow(/line 1: .*line 10: .*; and 20 more/);
});

test('overrides are obeyed by the next run, unless the document has changed', async () => {
  const texts: Document[] = [{ id: 'keep', text: 'Short.' }, { id: 'drop', text: 'word and the word of '.repeat(30) }, { id: 'edit', text: 'Bad.' }, { id: 'stale', text: 'Now other.' }, { id: 'twin', text: 'Short.' }];
  const overrides = [{ id: 'keep', hash: textHash('Short.'), verdict: 'keep' }, { id: 'drop', hash: textHash(texts[1]!.text), verdict: 'drop' }, { id: 'edit', hash: textHash('Bad.'), verdict: 'edit', text: 'Good.' }, { id: 'stale', hash: textHash('Then.'), verdict: 'keep' }] as const;
  const kept: Document[] = [];
  const reasons: Record<string, string> = {};
  for await (const document of filterDocuments(texts, overrideFilters([exactDedup(), gopherQuality()], overrides), { onDrop: ({ id }, { reason }) => { reasons[id] = reason; } })) kept.push(document);
  expect(kept).toEqual([texts[0], { id: 'edit', text: 'Good.' }]);
  expect(reasons).toEqual({ drop: 'review_drop', stale: 'gopher_short_doc', twin: 'exact_duplicate' });
});

test('overrides are obeyed by the steps of a recipe, up to the first one across shards', async () => {
  const texts: Document[] = [{ id: 'keep', text: 'Short.' }, { id: 'drop', text: 'word and the word of '.repeat(30) }, { id: 'other', text: 'Short too.' }];
  const recipe = overrideSteps([filter(gopherQuality()), exactAcross(), filter(gopherQuality())], [{ id: 'keep', hash: textHash('Short.'), verdict: 'keep' }, { id: 'drop', hash: textHash(texts[1]!.text), verdict: 'drop' }]);
  expect(recipe).toHaveLength(4);
  const kept: string[] = [];
  const ledger = createLedger();
  async function* documents(): AsyncGenerator<Document> { yield* texts; }
  for await (const { id } of runSteps(documents(), recipe.slice(0, 2) as Step[], { shard: 0, shards: 1, ledger })) kept.push(id);
  expect(kept).toEqual(['keep']);
  expect(ledger.toJSON().dropped.map(({ filter: by, reason, examples }) => [by, reason, examples[0]]).sort()).toEqual([['gopherQuality', 'gopher_short_doc', 'other'], ['reviewed', 'review_drop', 'drop']]);
});

test('precision of each rule by hand, of the random ones only', () => {
  const item = (automatic: 'keep' | 'drop', verdict: ReviewedItem['verdict'], picked: ReviewedItem['picked'] = 'random'): ReviewedItem => ({ ...judged()[0]!, automatic, reason: 'short', verdict, picked });
  const [rule, kept] = ruleAgreement([...Array.from({ length: 8 }, () => item('drop', 'drop')), item('drop', 'keep'), item('drop', 'edit'), item('drop', 'keep', 'borderline'), item('keep', 'keep'), item('keep', 'edit'), item('keep', ''), item('keep', 'drop', 'borderline')]);
  expect(rule).toMatchObject({ reason: 'short', judged: 11, agreed: 8, random: { judged: 10, agreed: 8 } });
  // Wilson at 8 of 10: 0.490 to 0.943.
  expect([rule!.precision!.value, rule!.precision!.low, rule!.precision!.high].map((value) => value.toFixed(3))).toEqual(['0.800', '0.490', '0.943']);
  expect(kept).toMatchObject({ reason: 'kept', judged: 3, agreed: 2, random: { judged: 2, agreed: 2 } });
});

test("Cohen's kappa by hand", () => {
  const list = (verdicts: string) => [...verdicts].map((letter, i) => ({ id: `${i}`, verdict: ({ k: 'keep', d: 'drop', e: 'edit', _: '' } as const)[letter as 'k']! }));
  // Ten both judged; they agree on 7. pₑ = 0.6 · 0.5 + 0.4 · 0.5 = 0.5, κ = 0.2 / 0.5.
  expect(reviewerAgreement(list('kkkkkkdddd_'), list('kkkkdddddk'))).toMatchObject({ both: 10, agreed: 7 });
  expect(reviewerAgreement(list('kkkkkkdddd'), list('kkkkdddddk')).kappa).toBeCloseTo(0.4, 12);
  expect(reviewerAgreement(list('kde'), list('kde'))).toMatchObject({ kappa: 1, disputed: [] });
  expect(reviewerAgreement(list('kk'), list('kk')).kappa).toBe(null);
  expect(reviewerAgreement([], list('k'))).toEqual({ both: 0, agreed: 0, kappa: null, disputed: [] });
});

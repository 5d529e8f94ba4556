import { expect, test } from 'vitest';
import { dataDimensions } from '../dimensions/data-dimensions.ts';
import { createManifest } from '../manifest.ts';
import type { Document } from '../types.ts';
import { type DataVersion, dataVersion, readVersions, versionLine } from './data-versions.ts';
import { driftAlerts } from './drift-alerts.ts';
import { blockList, type FeedbackRecord, summarizeFeedback, toFeedback } from './feedback.ts';

async function version(documents: readonly Document[], dropped: Record<string, number> = {}): Promise<DataVersion> {
  return dataVersion(await createManifest(documents, { name: 'x' }), await dataDimensions(documents, { referenceDate: '2025-01-01' }), { at: '2025-01-01T00:00:00Z', dropped });
}
const some = (count: number, { source = 'a', text = (i: number) => `The words of a text with its number of ${'very '.repeat(i % 7)}many things.` } = {}): Document[] => Array.from({ length: count }, (_, i) => ({ id: `${source}${i}`, text: text(i), source }));

test('a ledger grows by lines and gives back what was put in', async () => {
  const versions = [await version(some(3)), await version(some(4), { short: 2 }), await version([])];
  let ledger = '';
  for (const each of versions) ledger += versionLine(ledger, each);
  expect(ledger.split('\n')).toHaveLength(4);
  expect(readVersions(ledger)).toEqual(versions);
  expect(readVersions('')).toEqual([]);
});

test('a ledger that was changed, cut or is none is refused with its line', async () => {
  let ledger = '';
  for (let i = 1; i < 4; i++) ledger += versionLine(ledger, await version(some(i)));
  const lines = ledger.split('\n');
  for (const [broken, line] of [
    [ledger.replace('"documents":1', '"documents":7'), 2], [[lines[0], lines[2], ''].join('\n'), 2], [lines.slice(1).join('\n'), 1], [ledger.slice(0, -1), 3], [ledger.slice(0, -20), 3], [`${ledger}{}\n`, 4], [`${ledger}7\n`, 4], ['null\n', 1],
  ] as const) {
    expect(() => readVersions(broken, { file: 'v.jsonl' })).toThrow(expect.objectContaining({ code: 'E_VERSIONS', line, file: 'v.jsonl' }));
    expect(() => versionLine(broken, { } as DataVersion)).toThrow('readVersions');
  }
});

test('a line whose parts are of another kind is refused', async () => {
  const good = JSON.parse(versionLine('', await version(some(3)))) as Record<string, unknown> & { statistics: object[] };
  expect(readVersions(`${JSON.stringify(good)}\n`)).toHaveLength(1);
  for (const wrong of [
    { dimensions: null }, { dimensions: [] }, { dimensions: { a: null } }, { dropped: null }, { dropped: undefined }, { statistics: [null] }, { statistics: ['x'] }, { statistics: [{}] }, { statistics: [{ ...good.statistics[0], bins: null }] },
    { statistics: [{ ...good.statistics[0], bins: { language: null } }] },
  ]) expect(() => readVersions(`${JSON.stringify({ ...good, ...wrong })}\n`), JSON.stringify(wrong)).toThrow(expect.objectContaining({ code: 'E_VERSIONS', line: 1 }));
});

test('alerts: sources, sizes, drops, dimensions and distributions; none where nothing changed', async () => {
  const before = await version([...some(100), ...some(100, { source: 'b' }), ...some(10, { source: 'gone' })], { short: 20 });
  expect(driftAlerts(before, before)).toEqual([]);
  const after = await version([...some(60), ...some(100, { source: 'b', text: (i) => (i % 2 ? 'D\ufffd' : '00000 11111') }), ...some(5, { source: 'new' })], { short: 60 });
  const alerts = driftAlerts(before, after);
  expect(alerts.slice(0, 4).map(({ kind, source, of }) => [kind, source, of])).toEqual([['new_source', 'new', 'documents'], ['size', 'a', 'documents'], ['lost_source', 'gone', 'documents'], ['dropped', '', 'short']]);
  expect(alerts.find(({ kind, of }) => kind === 'dimension' && of === 'accuracy')).toMatchObject({ source: 'b', before: 1, after: 0.5, message: 'b: accuracy fell from 1.000 to 0.500' });
  expect(alerts.filter(({ kind, source }) => kind === 'distribution' && source === 'a')).toEqual([]);
  expect(alerts.filter(({ kind, source }) => kind === 'distribution' && source === 'b').map(({ of }) => of)).toContain('digits');
  expect(driftAlerts(before, after, { sizeChange: 0.5, droppedChange: 0.5, dimensionFall: 1, psi: 100 }).map(({ kind }) => kind)).toEqual(['new_source', 'lost_source']);
});

test('feedback: the last word of each user, reviews, blocks and counts', () => {
  const records: FeedbackRecord[] = [
    { id: 'a', verdict: 'bad', user: 'u', reason: 'wrong', source: 's' }, { id: 'a', verdict: 'good', user: 'u', source: 's' },
    { id: 'b', verdict: 'bad', user: 'u', reason: 'wrong' }, { id: 'b', verdict: 'bad', user: 'v', reason: 'rude' }, { id: 'b', verdict: 'bad' },
    { id: 'c', verdict: 'bad' }, { id: 'c', verdict: 'bad' }, { id: 'c', verdict: 'bad' }, ...Array.from({ length: 3 }, (): FeedbackRecord => ({ id: 'c', verdict: 'good' })), { id: 'd', verdict: 'bad', user: 'u' },
  ];
  expect(summarizeFeedback(records)).toEqual({
    review: ['b', 'c', 'd'], block: { ids: ['b'], sources: [] },
    sources: { s: { good: 1, bad: 0, documents: 1 }, '': { good: 3, bad: 7, documents: 3 } }, reasons: { wrong: 1, rude: 1 },
  });
  expect(summarizeFeedback(records, { reviewAt: 2, blockAt: 1 })).toMatchObject({ review: ['b', 'c'], block: { ids: ['b'] } });
});

test('sources and reasons may be called anything', async () => {
  const named = ['__proto__', 'constructor'].map((source): FeedbackRecord => ({ id: source, verdict: 'bad', source, reason: source }));
  const { sources, reasons } = summarizeFeedback(named);
  expect(Object.entries(sources)).toEqual(['__proto__', 'constructor'].map((source) => [source, { good: 0, bad: 1, documents: 1 }]));
  expect(Object.entries(reasons)).toEqual([['__proto__', 1], ['constructor', 1]]);
  expect('bad' in {}).toBe(false);
  const line = versionLine('', await version(some(3, { source: '__proto__' }), JSON.parse('{"__proto__":2}') as Record<string, number>));
  const [back] = readVersions(line);
  expect(Object.keys(back!.dimensions)).toEqual(['__proto__']);
  expect(Object.entries(back!.dropped)).toEqual([['__proto__', 2]]);
});

test('a source that is nearly always bad is blocked as a whole', () => {
  const of = (bad: number, good: number): FeedbackRecord[] => Array.from({ length: bad + good }, (_, i) => ({ id: `${i}`, verdict: i < bad ? 'bad' : 'good', source: 's' }));
  expect(summarizeFeedback(of(18, 2)).block.sources).toEqual(['s']);
  expect(summarizeFeedback(of(17, 3)).block.sources).toEqual([]);
  expect(summarizeFeedback(of(19, 0)).block.sources).toEqual([]);
  const filter = blockList({ ids: ['x'], sources: ['s'] });
  const reason = (document: Document) => { const verdict = filter.check(document); return verdict.keep ? '' : verdict.reason; };
  expect([{ id: 'x', text: '' }, { id: 'y', text: '', source: 's' }, { id: 'y', text: '', source: 'f', meta: { provenance: { source: 's' } } }, { id: 'y', text: '' }].map(reason)).toEqual(['blocked_id', 'blocked_source', 'blocked_source', '']);
});

test('a record of feedback without id or verdict is refused with its line', () => {
  expect(toFeedback({ id: 'a', verdict: 'good', reason: '', user: 7 })).toEqual({ id: 'a', verdict: 'good' });
  for (const value of [null, 7, {}, { id: '' }, { id: 'a' }, { id: 'a', verdict: 'up' }]) expect(() => toFeedback(value, { file: 'f', line: 3 })).toThrow(expect.objectContaining({ code: 'E_FEEDBACK', line: 3 }));
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactDedup } from './exact-dedup.ts';
import { filterDocuments } from './filter-documents.ts';
import { histogram } from './histogram.ts';
import { createLedger } from './ledger.ts';
import { codePoints, utf8Bytes } from './text-length.ts';
import type { Document, Filter } from './types.ts';

const minLength = (threshold: number): Filter => {
  const rule = { reason: 'too_short', threshold, comparison: 'min' } as const;
  return { name: 'minLength', rules: [rule], check: ({ text }) => (text.length < threshold ? { keep: false, ...rule, measured: text.length } : { keep: true }) };
};
const trim: Filter = { name: 'trim', rules: [], check: (document) => ({ keep: true, document: { ...document, text: document.text.trim() } }) };
const documents = (...texts: string[]): Document[] => texts.map((text, i) => ({ id: `d${i}`, text }));

async function run(input: Iterable<Document> | AsyncIterable<Document>, filters: Filter[], options: Parameters<typeof filterDocuments>[2] = {}): Promise<Document[]> {
  const out: Document[] = [];
  for await (const document of filterDocuments(input, filters, options)) out.push(document);
  return out;
}

test('counts documents, code points and bytes in and out, and why the rest went', async () => {
  const ledger = createLedger({ maxExamples: 2 });
  const kept = await run(documents('é🙂abc', '  a ', 'é🙂abc', 'b', 'c'), [trim, minLength(3), exactDedup()], { ledger });
  expect(kept).toEqual([{ id: 'd0', text: 'é🙂abc' }]);
  expect(ledger.toJSON()).toEqual({
    in: { documents: 5, characters: 5 + 4 + 5 + 1 + 1, bytes: 9 + 4 + 9 + 1 + 1 },
    out: { documents: 1, characters: 5, bytes: 2 + 4 + 3 },
    dropped: [
      // Counted as the filter saw them: '  a ' had been trimmed.
      { filter: 'minLength', reason: 'too_short', comparison: 'min', threshold: 3, documents: 3, characters: 3, bytes: 3, measured: { min: 1, max: 1, mean: 1, sum: 3, bins: [{ from: 1, to: 2, count: 3 }] }, examples: ['d1', 'd3'] },
      { filter: 'exactDedup', reason: 'exact_duplicate', comparison: 'max', threshold: 0, documents: 1, characters: 5, bytes: 9, measured: { min: 1, max: 1, mean: 1, sum: 1, bins: [{ from: 1, to: 1.05, count: 1 }] }, examples: ['d2'] },
    ],
    skipped: [],
  });
  expect(ledger.table()).toBe(
    [
      '      documents  characters   bytes',
      'in            5          16      24',
      'out           1           5       9',
      'kept     20.0 %      31.3 %  37.5 %',
      '',
      'dropped because  documents  of all  characters  needed  lowest  mean  highest  such as',
      'too_short                3  60.0 %           3  ≥ 3          1     1        1  d1, d3',
      'exact_duplicate          1  20.0 %           5  ≤ 0          1     1        1  d2',
    ].join('\n'),
  );
});

test('what JSON cannot hold is counted as the largest number', () => {
  const ledger = createLedger();
  const drop = (measured: number, threshold: number): void => ledger.droppedDocument({ id: 'a', text: 'x' }, { filter: 'score', verdict: { keep: false, reason: `r${threshold}`, measured, threshold, comparison: 'min' } });
  for (const threshold of [0.5, 20]) for (const measured of [Infinity, Infinity, -Infinity, -Infinity, -Infinity]) drop(measured, threshold);
  const report = ledger.toJSON();
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(report.dropped.map(({ measured: { min, max } }) => [min, max])).toEqual(Array(2).fill([-Number.MAX_VALUE, Number.MAX_VALUE]));
  const again = createLedger();
  again.merge(report);
  again.merge(report);
  expect(JSON.parse(JSON.stringify(again.toJSON()))).toEqual(again.toJSON());
});

test('what readers passed over is counted, and ids cannot send escape sequences', () => {
  const ledger = createLedger();
  ledger.skippedInput('a device', '/dev/\u001b[31mred');
  ledger.skippedInput('a device', 'b');
  expect(ledger.toJSON().skipped).toEqual([{ reason: 'a device', count: 2, examples: ['/dev/\u001b[31mred', 'b'] }]);
  expect(ledger.table()).toContain('/dev/�[31mred, b');
  expect(ledger.table()).not.toContain('\u001b');
  expect(ledger.table()).toContain('kept          -');
});

test('onDrop sees the document and the verdict; asynchronous input; stopping early closes the input', async () => {
  const dropped: string[] = [];
  let closed = false;
  async function* input(): AsyncGenerator<Document> {
    try {
      yield* documents('ab', 'abc', 'abcd');
    } finally {
      closed = true;
    }
  }
  for await (const document of filterDocuments(input(), [minLength(3)], { onDrop: ({ id }, { measured }) => dropped.push(`${id} ${measured}`) })) {
    expect(document.id).toBe('d1');
    break;
  }
  expect(dropped).toEqual(['d0 2']);
  expect(closed).toBe(true);
});

test('bins: twentieths for shares, 1-2-5 for counts, none lost to rounding', () => {
  const share = histogram(0.3);
  for (const value of [0, 0.05, 0.3, 0.29999, 0.35, 1, 2.5]) share.add(value);
  expect(share.report().bins.map(({ from, to, count }) => [from, to, count])).toEqual([[0, 0.05, 1], [0.05, 0.1, 1], [0.25, 0.3, 1], [0.3, 0.35, 1], [0.35, 0.4, 1], [1, 1.05, 1], [2.5, 2.55, 1]]);
  const count = histogram(50);
  for (const value of [0, 1, 2, 4.9, 5, 9, 10, 99, 100, 1000, 250_000]) count.add(value);
  expect(count.report().bins.map(({ from, to }) => [from, to])).toEqual([[0, 1], [1, 2], [2, 5], [5, 10], [10, 20], [50, 100], [100, 200], [1000, 2000], [200_000, 500_000]]);
});

test('lengths are those of Python and of UTF-8', () => {
  for (const text of ['', 'a', 'é', '城', '🙂', 'a🙂b城é', '\ud800', '\udc00', '\udc00\ud800', '\ud800\ud800\udc00', 'x\ud83d']) {
    expect(codePoints(text)).toBe([...text].length);
    expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
  }
});

test('the ledgers of the parts of a stream, added up, are the ledger of the stream', async () => {
  const text = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'é', '🙂', '城', ' ') });
  await fc.assert(fc.asyncProperty(fc.array(text, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 3 }), async (texts, cuts) => {
    const half: Filter = { name: 'half', rules: [], check: ({ text: { length } }) => (length % 4 === 1 ? { keep: false, reason: 'quarter', threshold: 0.5, comparison: 'max', measured: length / 4 } : { keep: true }) };
    const whole = createLedger();
    await run(documents(...texts), [minLength(4), half], { ledger: whole });
    const edges = [0, ...cuts.map((cut) => Math.min(cut, texts.length)).sort((a, b) => a - b), texts.length];
    const sum = createLedger();
    for (const [i, from] of edges.slice(0, -1).entries()) {
      const part = createLedger();
      await run(documents(...texts).slice(from, edges[i + 1]), [minLength(4), half], { ledger: part });
      sum.merge(JSON.parse(JSON.stringify(part.toJSON())));
    }
    expect(sum.toJSON()).toEqual(whole.toJSON());
  }));
});

import { processorMilliseconds } from '@llm/testing/node';
import { expect, test } from 'vitest';
import { seededRandom } from '../mixing/seeded-random.ts';
import type { Document } from '../types.ts';
import { breaksOff } from './breaks-off.ts';
import { createDataDimensions, dataDimensions, type SourceDimensions } from './data-dimensions.ts';
import { DATA_DIMENSIONS } from './dimension-values.ts';
import { distinctNgrams } from './distinct-ngrams.ts';
import { distributionOf, evenness } from './distribution.ts';
import { dateOf, domainOf } from './document-facts.ts';
import { numberConflicts } from './number-conflicts.ts';
import { relevanceTo } from './relevance-to.ts';
import { textDamage } from './text-damage.ts';
import { writtenIbans } from './written-ibans.ts';

const LINE = 'They had walked along the wall of the harbour for an hour and counted the boats.';
const of = (text: string, meta: Record<string, unknown> = {}, source = 's'): Document => ({ id: text.slice(0, 9), text, source, meta });
const first = async (documents: Document[], options = {}): Promise<SourceDimensions['dimensions']> => (await dataDimensions(documents, { referenceDate: '2025-01-01', ...options })).sources[0]!.dimensions;

test.each([
  ['naïve café déjà vu, Ångström, “quoted” … – ok é…” é…” é…”', []],
  ['CAFÉ… NÃO, PÃO, AÇÚCAR «oui» 20 °C', []],
  ['donâ€™t and wonâ€™t and canâ€™t', ['mojibake']],
  ['Ð¿Ñ€Ð¸Ð²ÐµÑ‚', ['mojibake']],
  ['ä½\u00a0å¥½ï¼Œä¸–ç•Œ', ['mojibake']],
  ['one dÃ©jÃ\u00a0 only', []],
  ['a\ufffdb', ['replacementCharacters']],
  ['a\u0007b', ['controlCharacters']],
  ['a\tb\r\nc\fd\u0085', []],
  ['\ud800', ['loneSurrogates']],
  ['😀', []],
  ['ISBN-13: 978-0-306-40615-7 and ISBN 0-306-40615-2, ISBN 080442957X', []],
  ['ISBN 0-306-40615-3', ['wrongIdentifiers']],
  ['IBAN GB82 WEST 1234 5698 7654 32', []],
  ['IBAN: GB83 WEST 1234 5698 7654 32', ['wrongIdentifiers']],
] as const)('damage of %j', (text, damage) => { expect(textDamage(text)).toEqual(damage); });

test('numbers after IBAN are those that a pattern finds, in linear time', () => {
  const random = seededRandom(3);
  const pieces = ['IBAN', 'IBAN ', 'DE12', ' ', 'A', '7', 'AB3', 'WXYZ', ' WXYZ', ' WXYZ', ' 1234', 'x', '_', '.', ':', '\n', 'é'];
  for (let n = 0; n < 20_000; n++) {
    const text = `${random(3) > 0 ? 'IBAN DE12' : ''}${Array.from({ length: random(16) }, () => pieces[random(pieces.length)]).join('')}`;
    const expected = [...text.matchAll(/\bIBAN:?\s{0,3}([A-Z]{2}\d{2}(?: ?[A-Z\d]{1,4}){3,8})\b/g)].map(([, number]) => number!.replaceAll(' ', ''));
    expect(writtenIbans(text), JSON.stringify(text)).toEqual(expected);
  }
  const from = processorMilliseconds();
  expect(textDamage(`IBAN DE12${'A'.repeat(300)}\n`.repeat(10_000))).toEqual([]);
  expect(processorMilliseconds() - from).toBeLessThan(2000);
});

test('texts that break off, and those that only end without a mark', () => {
  for (const text of [LINE.slice(0, -1), `${LINE}\n${LINE.slice(0, 60)}`, '他们沿着港口的墙走了一个小时数了数那里的船，', '```js\nlet a;\n', 'It was one of those that had been there (']) expect(breaksOff(text), text).toBe(true);
  for (const text of [LINE, `${LINE}\n- one item`, `${LINE}\n\n\`\`\`js\nlet a\n\`\`\``, '', '他们走了。', '标题', `"${LINE}"`, 'A, b, c, d, e, f, g, h, i, j, k!']) expect(breaksOff(text), text).toBe(false);
});

test('accuracy is the share without damage, times what the judge says', async () => {
  const documents = [of(LINE), of('a\ufffd'), of('short.'), of('b\ufffd\u0007')];
  expect((await first(documents)).accuracy).toEqual({ value: 0.5, evidence: { replacementCharacters: 2, mojibake: 0, controlCharacters: 1, loneSurrogates: 0, wrongIdentifiers: 0 } });
  expect((await first(documents, { judge: ({ text }: Document) => (text === LINE ? 1 : 0.5) })).accuracy).toMatchObject({ value: 1.5 / 4, evidence: { sumOfJudgements: 1.5 } });
  await expect(first(documents, { judge: () => 2 })).rejects.toThrow('expected the judgement from 0 to 1');
});

test('completeness wants every field and an end', async () => {
  const documents = [of(LINE, { license: 'MIT', title: 't' }), of(LINE, { title: ' ' }), of(LINE.slice(0, -1), { title: 't', license: 'MIT' }), of('', { title: 't', license: 'MIT' })];
  expect((await first(documents, { requiredFields: ['text', 'title', 'license'] })).completeness).toEqual({ value: 0.25, evidence: { 'without text': 1, 'without title': 1, 'without license': 1, breakOff: 1 } });
});

test('what every object has is no field of a document', async () => {
  const [with_, without] = [JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, unknown>, {}];
  const { value, evidence } = (await first([of(LINE, with_), of(LINE, without)], { requiredFields: ['__proto__', 'constructor'] })).completeness;
  expect([value, Object.entries(evidence)]).toEqual([0.5, [['without __proto__', 1], ['without constructor', 1], ['breakOff', 0]]]);
});

test('consistency: the modes of fields, language and encoding, and numbers that contradict each other', async () => {
  const documents = [...Array.from({ length: 6 }, (_, i) => of(`${LINE} And that was the ${'x'.repeat(i + 1)}.`, { a: 1 })), of(LINE, { b: 1 }), of('Das ist nicht der Fall, und wir wissen es, denn so war es.', { a: 1 }), of(`${LINE}\r\n${LINE}`, { a: 1 }), of('e\u0301te and the others of them', { a: 1 })];
  expect((await first(documents)).consistency).toEqual({ value: 0.6, evidence: { otherFields: 1, otherLanguage: 1, otherEncoding: 2, conflictingNumbers: 0 } });
  const twins = [of(`${LINE} It was 1997.`), of(`${LINE} It was 1998!`), of(`${LINE} It is something else.`), of('Page 3 of 7'), of('Page 4 of 7'), of(`${LINE} Twice: 5.`), of(`${LINE} twice 5`)];
  expect((await first(twins)).consistency).toEqual({ value: 5 / 7, evidence: { otherFields: 0, otherLanguage: 0, otherEncoding: 0, conflictingNumbers: 2 } });
});

test('timeliness halves with each half-life; no date and a date to come are told apart', async () => {
  const documents = [of(LINE, { date: '2024-12-22' }), of(LINE, { provenance: { retrieved: '2024-12-12T00:00:00Z' } }), of(LINE), of(LINE, { date: '2031-01-01' }), of(LINE, { date: 1735689600 })];
  expect((await first(documents, { halfLifeDays: 10 })).timeliness).toEqual({ value: 0.375, evidence: { dated: 2, undatedShare: 0.4, inTheFuture: 1, meanAgeDays: 15, halfLifeDays: 10 } });
  expect((await first([of(LINE)])).timeliness.value).toBe(null);
  expect(dateOf(of(LINE, { timestamp: 'yesterday', created: '1999' }))).toBe(Date.UTC(1999, 0, 1));
});

test('relevance is the mean of the function, and null without one', async () => {
  const documents = [of('The boat left the harbour.'), of('A soup of beans.')];
  expect((await first(documents)).relevance).toEqual({ value: null, evidence: {} });
  const { value, evidence } = (await first(documents, { relevance: relevanceTo(['boat', 'harbour']) })).relevance;
  // boat, left, harbour each ln 2: 2 / (√2 √3).
  expect(value).toBeCloseTo(Math.sqrt(2 / 3) / 2, 12);
  expect(evidence.least).toBe(0);
  expect(relevanceTo({ boat: 3, harbour: 4 })(of('the boat'))).toBeCloseTo(0.6, 12);
  expect(relevanceTo(['war'])(of('war'))).toBe(1);
  expect(() => relevanceTo(['!'])).toThrow('expected terms');
});

test('diversity is the mean of what can be measured', async () => {
  const { diversity } = await first([of('p q r t', { url: 'https://x.example.org/1' }), of('p q r v', { url: 'https://www.other.net' })], { identify: () => ({ language: 'en', score: 1 }) });
  // 3-grams pqr, qrt, pqr, qrv; two domains; one language; one length.
  expect(diversity).toEqual({ value: (0.75 + 1 + 0 + 0) / 4, evidence: { distinctTrigrams: 0.75, evennessOfDomains: 1, evennessOfLanguages: 0, evennessOfLengths: 0 } });
  expect(evenness({ a: 3, b: 1 })).toBeCloseTo((0.75 * Math.log(4 / 3) + 0.25 * Math.log(4)) / Math.log(2), 12);
  expect([domainOf(of('', { url: 'https://10.0.0.1/x' })), domainOf(of('', { url: 'ftp://a.b' })), domainOf(of('', {}, 'https://A.B.co/'))]).toEqual(['10.0.0.1', undefined, 'b.co']);
});

test('the share of new n-grams does not fall as a text grows, and is that of the definition', () => {
  const random = seededRandom(1);
  const words = Array.from({ length: 2050 }, () => `w${random(12)}`);
  const one = distinctNgrams(3);
  one.add(words.join(' '));
  const grams = new Set(words.slice(0, -2).map((_, i) => words.slice(i, i + 3).join(' ')));
  expect(one.ratio()).toBe(grams.size / 2048);
  const many = distinctNgrams(3);
  for (let i = 0; i < 20; i++) many.add(words.join(' '));
  expect(many.ratio()).toBeCloseTo(one.ratio()!, 2);
  expect(distinctNgrams(3).ratio()).toBe(null);
});

test('conflicts are estimated where there are more texts than are kept', () => {
  const conflicts = numberConflicts({ maxTexts: 4000 });
  const letters = (i: number): string => i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!);
  for (let i = 0; i < 10_000; i++) for (const n of i % 4 === 0 ? [1, 2] : [1]) conflicts.add(`one two three four five six seven ${letters(i)} ${n}`, 'a');
  expect(conflicts.bySource().get('a')! / 5000).toBeGreaterThan(0.85);
  expect(conflicts.bySource().get('a')! / 5000).toBeLessThan(1.15);
});

test('distributions and their warnings', async () => {
  const documents = Array.from({ length: 30 }, (_, i) => of(`${LINE} ${i < 27 ? '' : LINE.repeat(i)}`, { url: `https://${i < 29 ? 'one.org' : 'two.org'}/`, date: `${2000 + (i % 3)}-01-01` }));
  const { distributions, warnings } = await dataDimensions(documents, { referenceDate: '2025-01-01' });
  expect(distributions.map(({ of: what, documents: count, missing, values, skewed }) => [what, count, missing, values, skewed])).toEqual([
    ['language', 30, 0, 1, true], ['domain', 30, 0, 2, true], ['length', 30, 0, 2, true], ['year', 30, 0, 3, false], ['licence', 0, 30, 0, false]]);
  expect(warnings).toContain('domain: 97 % of 30 documents are "one.org"');
  expect(distributions[3]!.evenness).toBe(1);
  expect(distributionOf({ a: 19 }, { of: 'x' }).skewed).toBe(false);
  expect(() => distributionOf({}, { of: 'x', maxShare: 2 })).toThrow('expected maxShare');
});

test('sources stand apart, every value lies between 0 and 1, and the report can be stored', async () => {
  const dimensions = createDataDimensions({ by: ({ id }) => id, relevance: () => 1 });
  for (const id of ['b', 'a', 'b']) dimensions.add({ id, text: LINE });
  const report = dimensions.report();
  expect(report.sources.map(({ source, documents }) => [source, documents])).toEqual([['a', 1], ['b', 2]]);
  for (const { dimensions: each } of report.sources) for (const name of DATA_DIMENSIONS) expect(each[name].value === null || (each[name].value >= 0 && each[name].value <= 1), name).toBe(true);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(() => createDataDimensions({ referenceDate: 'soon' })).toThrow('expected referenceDate');
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { c4BadWords } from './c4-bad-words.ts';
import { c4Paragraph } from './c4-paragraph.ts';
import { c4Quality } from './c4-quality.ts';
import { codeFilter } from './code-filter.ts';
import { englishSentences, splitEnglishSentences } from './english-sentences.ts';
import { finewebFilters } from './fineweb-filters.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { createMinhash } from './minhash/minhash.ts';
import { nemoHeuristics } from './nemo-heuristics.ts';
import type { Document, Filter } from './types.ts';
import { unigramFilter } from './unigram-filter.ts';
import { urlFilter, type UrlFilterOptions } from './url-filter.ts';


type Decision = string | null;
type Row = [text: string | number, c4: string, withoutTerminal: string, bySentence: string, paragraph: Decision, fineweb: [Decision, Decision], recipe: string, bad: Decision, badChinese: Decision, unigram: number, sentences: string];
interface Fixture {
  readonly bad: Record<string, string[]>;
  readonly counts: Record<string, number>;
  readonly lineStatistics: Record<string, number>;
  readonly lists: UrlFilterOptions;
  readonly urls: [string, Decision][];
  readonly rows: Row[];
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as T;
const fixture = read<Fixture>('filters');
const known = read<[string, string][]>('gopher').map(([, text]) => text);
const rows = fixture.rows.map(([text, ...rest]) => [typeof text === 'number' ? (known[text] as string) : text, ...rest] as const);

const hashed = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
const documentOf = (text: string): Document => ({ id: 'x', text });
const decision = (filter: Filter, document: Document): Decision => {
  const verdict = filter.check(document);
  return verdict.keep ? null : verdict.reason;
};
/** The reason, or a hash of the text that comes out. */
function outcome(filters: readonly Filter[], text: string): string {
  let document = documentOf(text);
  for (const filter of filters) {
    const verdict = filter.check(document);
    if (!verdict.keep) return verdict.reason;
    document = verdict.document ?? document;
  }
  return `=${hashed(document.text)}`;
}

describe('as datatrove decides, on every document', () => {
  test('there are enough of them, and each decision is met', () => {
    expect(rows.length).toBeGreaterThan(650);
    const met = new Set(rows.flatMap(([, c4, , , paragraph, fineweb, recipe, bad]) => [c4, paragraph, ...fineweb, recipe, bad]).map((each) => (each?.startsWith('=') ? 'kept' : each)));
    for (const reason of ['kept', 'lorem_ipsum', 'curly_bracket', 'too_few_sentences', '< 3 paragraphs', 'empty', 'line_punct_ratio', 'short_line_ratio', 'char_dup_ratio', 'list_ratio', 'document_removed_with_badwords']) expect(met).toContain(reason);
  });

  test('sentences', () => {
    expect(rows.map(([text]) => [text, hashed(englishSentences(text).join('\n'))])).toEqual(rows.map((row) => [row[0], row[10]]));
  });

  test('C4 quality: reason, text that is left, and why lines were left out', () => {
    const left: Record<string, number> = {};
    const filter = c4Quality({ onDropLine: (reason) => void (left[reason] = (left[reason] ?? 0) + 1) });
    expect(rows.map(([text]) => [text, outcome([filter], text)])).toEqual(rows.map((row) => [row[0], row[1]]));
    expect(left).toEqual(fixture.lineStatistics);
  });

  test('C4 quality as FineWeb runs it, and by sentences', () => {
    const inner = c4Quality({ filterNoTerminalPunct: false });
    const sentences = c4Quality({ splitParagraph: false, minNumSentences: 2, minWordsPerLine: 2 });
    expect(rows.map(([text]) => [text, outcome([inner], text), outcome([sentences], text)])).toEqual(rows.map((row) => [row[0], row[2], row[3]]));
  });

  test('C4 paragraphs and words of a list, English and Chinese', () => {
    const paragraph = c4Paragraph();
    const words = c4BadWords({ words: fixture.bad });
    const decide = (text: string): Decision[] => [decision(paragraph, documentOf(text)), decision(words, documentOf(text)), decision(words, { id: 'x', text, meta: { language: 'zh' } })];
    expect(rows.map(([text]) => [text, ...decide(text)])).toEqual(rows.map((row) => [row[0], row[4], row[7], row[8]]));
  });

  test('FineWeb quality, with its defaults and with others', () => {
    const filters = [finewebQuality(), finewebQuality({ linePunctExcludeZero: true, shortLineThreshold: 0.9, charDuplicatesRatio: 0.2, newLineRatio: 0.2 })];
    expect(rows.map(([text]) => [text, filters.map((filter) => decision(filter, documentOf(text)))])).toEqual(rows.map((row) => [row[0], row[5]]));
  });

  test('all of FineWeb in its order', () => {
    const filters = finewebFilters();
    expect(rows.map(([text]) => [text, outcome(filters, text)])).toEqual(rows.map((row) => [row[0], row[6]]));
  });

  test('mean log probability of the words', () => {
    const counts = new Map(Object.entries(fixture.counts));
    // Nothing passes a threshold above every logarithm, so each verdict tells what was measured.
    const filter = unigramFilter({ counts, threshold: 1 });
    for (const row of rows) {
      const verdict = filter.check(documentOf(row[0]));
      expect(verdict.keep ? 0 : verdict.measured).toBeCloseTo(row[9], 5);
    }
    expect(() => unigramFilter({ counts: new Map() })).toThrow(/expected counts of words/);
  });

  test('addresses', () => {
    const filter = urlFilter(fixture.lists);
    expect(new Set(fixture.urls.map(([, reason]) => reason))).toEqual(new Set([null, 'domain', 'subdomain', 'url', 'hard_blacklisted', 'soft_blacklisted', 'blacklisted_subword']));
    expect(fixture.urls.map(([url]) => [url, decision(filter, { id: 'x', text: '', meta: { url } })])).toEqual(fixture.urls);
  });
});

test('the pieces of a text joined are the text', () => {
  for (const [text] of rows) expect(splitEnglishSentences(text).join('')).toBe(text);
});

test('words are counted before citations go, and the sentence count after', () => {
  const filter = c4Quality({ minNumSentences: 1 });
  expect(outcome([filter], 'It [1] rained.')).toBe(`=${hashed('It  rained.')}`); // three words with the citation
  expect(outcome([filter], 'It rained.')).toBe('too_few_sentences'); // two without: the line goes
});

test('lengths are code points', () => {
  expect(decision(c4Paragraph(), documentOf(Array.from({ length: 3 }, () => '🙂'.repeat(199)).join('\n')))).toBe('< 3 paragraphs');
  expect(finewebQuality({ shortLineThreshold: 0 }).check(documentOf(`${'🙂'.repeat(29)}.`))).toMatchObject({ reason: 'short_line_ratio', measured: 1 });
});

test('the thresholds of FineWeb, on them and past them', () => {
  const reason = (lines: readonly string[]): string | undefined => decision(finewebQuality(), documentOf(lines.join('\n'))) ?? undefined;
  const many = (count: number, make: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => make(i));
  const long = (i: number): string => `Line number ${i} goes on for more than thirty characters, and then some more`;
  expect(reason(many(25, (i) => long(i) + (i < 3 ? '.' : '')))).toBeUndefined(); // 3 / 25 = 0.12
  expect(reason(many(26, (i) => long(i) + (i < 3 ? '.' : '')))).toBe('line_punct_ratio');
  expect(reason(many(100, (i) => (i < 67 ? `It is a line of number ${i + 100}.` : `${long(i)}.`)))).toBeUndefined();
  expect(reason(many(100, (i) => (i < 68 ? `It is a line of number ${i + 100}.` : `${long(i)}.`)))).toBe('short_line_ratio');
  const line = `${'a'.repeat(39)}.`;
  const other = (size: number): string => `${'b '.repeat(size / 2 - 1)}b.`;
  expect(reason([line, other(3920), line])).toBeUndefined(); // 40 / 4000
  expect(reason([line, other(3918), line])).toBe('char_dup_ratio');
  const words = `${'word '.repeat(9)}end.`; // 11 words with the full stop
  expect(reason([words, '', '', words, '', '', words])).toBe('char_dup_ratio');
  expect(reason([`${'word '.repeat(8)}end.`, '', '', ''])).toBeUndefined(); // 3 / 10
  expect(reason([`${'word '.repeat(8)}end.`, '', '', '', ''])).toBe('list_ratio'); // 4 / 10
});

test('rules are switched off by null, and what is wrong with a list or a document is said', () => {
  expect(finewebQuality({ linePunctThreshold: null, shortLineThreshold: null, charDuplicatesRatio: null, newLineRatio: null }).rules.map(({ reason }) => reason)).toEqual(['empty']);
  expect(c4Quality({ minNumSentences: null, filterLoremIpsum: false, filterCurlyBracket: false }).rules).toEqual([]);
  expect(() => c4BadWords({ words: { en: [''] } })).toThrow(/found an empty one/);
  expect(() => c4BadWords({ words: {} }).check(documentOf('x'))).toThrow(/found none for en/);
  expect(c4BadWords({ words: {}, failOnMissingLanguage: false }).check(documentOf('x')).keep).toBe(true);
  expect(c4BadWords({ words: { en: ['x'] }, keepFraction: 0.5, random: () => 0.4 }).check(documentOf('x')).keep).toBe(true);
  expect(() => urlFilter({}).check(documentOf('x'))).toThrow(/found none for document x/);
});

test('hostile texts and addresses take seconds at most, and nothing throws', () => {
  const started = processorMilliseconds();
  const filters = [...finewebFilters(), c4Quality(), c4Paragraph(), c4BadWords({ words: { en: ['a', 'b-'] } }), unigramFilter({ counts: new Map([['a', 1]]) }), nemoHeuristics(), codeFilter()];
  const minhash = createMinhash({ hash: 'sha1', buckets: 2 });
  for (const part of ['a', '. ', '[1', '.\n', '"', '#', '/*', '\ud800', '\u0301', '1.', 'a.b@', '{}', '\r']) {
    const text = part.repeat(100_000);
    for (const filter of filters) filter.check({ id: 'x.py', text });
    minhash.signature(text);
    englishSentences(text);
  }
  const addresses = urlFilter({ domains: ['a.b'], publicSuffixes: ['b'], bannedSubwords: ['zz'] });
  for (const part of ['.', 'a.', ':', ':1', '@', '/']) addresses.check({ id: 'x', text: '', meta: { url: `http://${part.repeat(200_000)}x` } });
  expect(processorMilliseconds() - started).toBeLessThan(30_000);
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Filter } from '../types.ts';
import { bloomDedup } from './bloom-dedup.ts';
import { decontaminate, type BenchmarkExample, type DecontaminateOptions } from './decontaminate.ts';
import { sentenceDedup } from './sentence-dedup.ts';

type Found = [task: string, run: string] | null;
interface Fixture {
  readonly texts: string[];
  readonly sentence: (string | null)[];
  readonly two: (string | null)[];
  readonly lines: (string | null)[];
  readonly bloom: number[];
  readonly bloomFull: number[];
  readonly examples: BenchmarkExample[];
  readonly contaminated: Found[];
  readonly contaminatedQuery: Found[];
}

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/dedup.json', import.meta.url), 'utf8')) as Fixture;
const { texts } = fixture;
/** A hash of what is left of each document, or null. */
const left = (filter: Filter): (string | null)[] =>
  texts.map((text, i) => {
    const verdict = filter.check({ id: String(i), text });
    return verdict.keep ? createHash('sha256').update(verdict.document?.text ?? text).digest('hex').slice(0, 8) : null;
  });
const kept = (filter: Filter): number[] => texts.map((text) => (filter.check({ id: 'x', text }).keep ? 1 : 0));

describe('as datatrove, on every document', () => {
  test('sentences: what goes and what is left', () => {
    expect(new Set(fixture.sentence).size).toBeGreaterThan(40);
    expect(left(sentenceDedup())).toEqual(fixture.sentence);
    expect(left(sentenceDedup({ sentences: 2, minDocWords: null, minNumSentences: null }))).toEqual(fixture.two);
    expect(left(sentenceDedup({ sentences: 1, splitSentences: false, minDocWords: 5, minNumSentences: 1 }))).toEqual(fixture.lines);
  });

  test('Bloom filter, with room and when it is full', () => {
    expect(new Set(fixture.bloom)).toEqual(new Set([0, 1]));
    expect(kept(bloomDedup({ bits: 2 ** 16, hashes: 5, ngrams: 3, threshold: 0.5 }))).toEqual(fixture.bloom);
    expect(fixture.bloomFull.slice(-20).includes(0)).toBe(true);
    expect(kept(bloomDedup({ bits: 2 ** 10, hashes: 2, ngrams: 5, seed: 9, hash: 'sha1' }))).toEqual(fixture.bloomFull);
  });

  test('contamination: which documents, which task and which words', () => {
    const found = (options: Omit<DecontaminateOptions, 'examples' | 'onContaminated'>): Found[] => {
      let last: Found = null;
      const filter = decontaminate({ examples: fixture.examples, ...options, onContaminated: (_, { task, run }) => void (last = [task, run]) });
      return texts.map((text) => {
        last = null;
        const { keep } = filter.check({ id: 'x', text });
        expect(keep).toBe(last === null);
        return last;
      });
    };
    expect(fixture.contaminated.filter((each) => each !== null).length).toBeGreaterThan(10);
    expect(found({ ngrams: 6 })).toEqual(fixture.contaminated);
    expect(found({ ngrams: 4, findQuery: true, findOverlap: false })).toEqual(fixture.contaminatedQuery);
  });
});

test('a run of words from question into answer is found, one within the question only when asked for', () => {
  const examples = [{ task: 'quiz', query: 'a b c d e', label: 'f g h' }];
  const goes = (text: string, options: Partial<DecontaminateOptions> = {}): boolean => !decontaminate({ examples, ngrams: 4, ...options }).check({ id: 'x', text }).keep;
  expect(goes('z d e f g z')).toBe(true);
  expect(goes('z d e f g z', { findOverlap: false })).toBe(false);
  expect(goes('z a b c d z')).toBe(false);
  expect(goes('z a b c d z', { findQuery: true })).toBe(true);
  expect(goes('f g h')).toBe(false); // shorter than a run
});

test('what was removed is told, and dropped documents say by which rule', () => {
  const removed: number[][] = [];
  const filter = sentenceDedup({ onRemove: (_, sentences) => void removed.push([...sentences]) });
  filter.check({ id: 'a', text: 'Ab. Cd. Ef.' });
  expect(filter.check({ id: 'b', text: 'New. Ab. Cd. Ef. More.' })).toEqual({ keep: false, reason: 'sentence_dedup_short_doc', measured: 4, threshold: 50, comparison: 'min' });
  expect(removed).toEqual([[1, 2, 3]]);
  expect(filter.check({ id: 'c', text: '' })).toMatchObject({ reason: 'empty' });
  expect(sentenceDedup({ minDocWords: null, minNumSentences: null }).rules.map(({ reason }) => reason)).toEqual(['empty']);
});

test('of new runs a Bloom filter takes about as many for seen as the formula says', () => {
  const runs = 20_000;
  const filter = bloomDedup({ bits: 2 ** 16, expectedRuns: runs, ngrams: 1, threshold: 0, words: (text) => text.split(' '), simplify: (text) => text });
  for (let i = 0; i < runs; i++) filter.check({ id: 'x', text: `a${i}` });
  let wrong = 0;
  for (let i = 0; i < runs; i++) if (!filter.check({ id: 'x', text: `b${i}` }).keep) wrong++;
  // 3 hashes and 0.31 runs a bit: 0.22 at the start and 0.6 at the end, for the new runs are added too.
  expect(wrong / runs).toBeGreaterThan(0.25);
  expect(wrong / runs).toBeLessThan(0.55);
  for (let i = 0; i < runs; i++) if (filter.check({ id: 'x', text: `a${i}` }).keep) throw new Error('a run once seen was not found');
});

test('what is wrong with the numbers is said', () => {
  expect(() => bloomDedup({ bits: 1000, hashes: 1 })).toThrow(/found bits = 1000/);
  expect(() => bloomDedup({ bits: 2 ** 20 })).toThrow(/Pass expectedRuns/);
  expect(() => sentenceDedup({ sentences: 0 })).toThrow(/found 0/);
  expect(() => decontaminate({ examples: [], ngrams: 0 })).toThrow(/found ngrams = 0/);
});

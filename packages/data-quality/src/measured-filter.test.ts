import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { c4Paragraph } from './c4-paragraph.ts';
import { c4Quality } from './c4-quality.ts';
import { codeFilter } from './code-filter.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { gopherQuality } from './gopher-quality.ts';
import { gopherRepetition } from './gopher-repetition.ts';
import { languageFilter } from './language/language-filter.ts';
import { nemoHeuristics } from './nemo-heuristics.ts';
import type { Filter } from './types.ts';

const FILTERS: Filter[] = [
  gopherQuality(), gopherQuality({ minDocWords: null, minStopWords: 1 }), gopherRepetition(), gopherRepetition({ dupParaFrac: null, dupNGrams: [[1, 0.5]] }), c4Quality(), c4Quality({ filterNoTerminalPunct: false, minNumSentences: 2 }), c4Quality({ splitParagraph: false }),
  c4Paragraph(), finewebQuality(), finewebQuality({ linePunctExcludeZero: true }), nemoHeuristics(), codeFilter(), codeFilter({ minLines: 1, countTokens: (text) => text.length / 2.4 }), languageFilter({ languages: ['en', 'zh'] }),
];

/** The reason that the numbers speak for: the first rule in order that they break. */
function firstBroken({ rules }: Filter, measured: Readonly<Record<string, number>>): string | undefined {
  return rules.find(({ reason, threshold, comparison }) => (comparison === 'min' ? (measured[reason] as number) < threshold : (measured[reason] as number) > threshold))?.reason;
}

function agree(filter: Filter, text: string): void {
  const verdict = filter.check({ id: 'a.ts', text });
  const measured = filter.measure?.({ id: 'a.ts', text }) ?? {};
  expect(Object.keys(measured)).toEqual(filter.rules.map(({ reason }) => reason));
  expect([filter.name, firstBroken(filter, measured)]).toEqual([filter.name, verdict.keep ? undefined : verdict.reason]);
  if (!verdict.keep) expect(measured[verdict.reason]).toBe(verdict.measured);
}

describe('what is measured is what decides', () => {
  const bank = (JSON.parse(readFileSync(new URL('../fixtures/gopher.json', import.meta.url), 'utf8')) as [string, string][]).map(([, text]) => text);

  test.each(FILTERS.map((filter) => [filter.name, filter] as const))('%s on real documents', (_, filter) => {
    for (let i = 0; i < bank.length; i += 3) agree(filter, bank[i] as string);
    const dropped = new Set(bank.map((text) => filter.check({ id: 'a.ts', text })).map((verdict) => (verdict.keep ? '' : verdict.reason)));
    expect(dropped.size).toBeGreaterThan(1);
  });

  test('on lines put together at random', () => {
    const line = fc.constantFrom('', ' ', 'It was one of the days that we will not forget.', 'lorem ipsum dolor sit.', 'a { b } c.', 'We use cookies, as you can see.', 'javascript: lorem ipsum is here.', '- item', 'so it goes...', '# # #', '今天天气很好。', 'const value = 3; // three', '\t', 'x\u2028y', '123 456');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), fc.constantFrom('\n', '\n\n', ' '), (lines, joint) => {
        for (const filter of FILTERS) agree(filter, lines.join(joint));
      }),
      { numRuns: 60 },
    );
  });
});

test('nothing is left out early: every rule has its number even where the first one already drops the document', () => {
  const measured = gopherQuality().measure?.({ id: 'a', text: '# of the\n- with…' });
  expect(measured).toEqual({
    gopher_short_doc: 3, gopher_long_doc: 3, gopher_below_avg_threshold: 3, gopher_above_avg_threshold: 3, gopher_too_many_hashes: 1 / 6, gopher_too_many_ellipsis: 1 / 6, gopher_too_many_bullets: 1 / 2,
    gopher_too_many_end_ellipsis: 1 / 2, gopher_below_alpha_threshold: 3 / 6, gopher_enough_stop_words: 3,
  });
});

test('of a document with lorem ipsum and a curly bracket the first is the reason; lines left out are told by check alone', () => {
  const told: string[] = [];
  const filter = c4Quality({ minNumSentences: 1, onDropLine: (reason) => told.push(reason) });
  const of = (...lines: string[]) => ({ id: 'a', text: lines.join('\n') });
  const [lorem, bracket, whole, none] = ['This is lorem ipsum.', 'This is a { here.', 'This is a whole sentence.', 'nothing at its end'] as const;
  expect(filter.measure?.(of(none, bracket, lorem, whole))).toEqual({ lorem_ipsum: 0, curly_bracket: 1, too_few_sentences: 3 });
  expect(filter.measure?.(of(none, lorem, bracket))).toEqual({ lorem_ipsum: 1, curly_bracket: 1, too_few_sentences: 2 });
  expect(told).toEqual([]);
  expect(filter.check(of(none, bracket, none))).toMatchObject({ reason: 'curly_bracket', measured: 1 });
  expect(told).toEqual(['no_terminal_punc']);
});

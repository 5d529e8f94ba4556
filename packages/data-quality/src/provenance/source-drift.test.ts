import { expect, test } from 'vitest';
import { seededRandom } from '../mixing/seeded-random.ts';
import type { Document } from '../types.ts';
import { sourceDrift } from './source-drift.ts';
import { sourceStatistics } from './source-statistics.ts';

const WORDS = 'the harbour was quiet and they had been there for many years of which nothing was left but stones'.split(' ');
function sample(seed: number, { count = 400, digits = 0, source = 's', words = 40 } = {}): Document[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => ({ id: `${i}`, source, text: Array.from({ length: words + random(words) }, () => (random(100) < digits ? '2024' : WORDS[random(WORDS.length)])).join(' ') }));
}

test('the measures by hand, by source', async () => {
  const [first, second] = await sourceStatistics([
    { id: 'a', text: 'ab 12\n', source: 'x' },
    { id: 'b', text: '', source: 'x', meta: { provenance: { license: 'MIT' } } },
    { id: 'c', text: '今天天气很好', meta: { provenance: { source: 'y' } } },
  ]);
  expect(first).toMatchObject({ source: 'x', documents: 2, bytes: 6, means: { characters: 3, wordLength: 1, letters: 1 / 6, digits: 1 / 6, lines: 1 / 12 } });
  expect(first?.bins).toMatchObject({ characters: { 4: 1, 1: 1 }, wordLength: { 2: 1, 0: 1 }, license: { '': 1, MIT: 1 }, digits: { 0.32: 1, 0: 1 } });
  expect(second).toMatchObject({ source: 'y', documents: 1, bytes: 18, bins: { language: { zh: 1 }, letters: { 1: 1 } } });
  expect(JSON.parse(JSON.stringify(first))).toEqual(first);
});

test('the measures are those of regular expressions over code points, whatever the text', async () => {
  const pieces = ['a', 'Z', '7', '٣', ' ', '\n', '\u00a0', '\u3000', '中', '😀', '𝔸', '𝟗', '\ud800', '\udc00', '\ufeff', '.', 'e\u0301', '\u0085'];
  const random = seededRandom(5);
  for (let n = 0; n < 300; n++) {
    const text = Array.from({ length: random(30) }, () => pieces[random(pieces.length)]).join('');
    const means = (await sourceStatistics([{ id: 'a', text }]))[0]?.means;
    const characters = [...text].length;
    const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    const words = count(/\S+/gu);
    const share = (part: number): number => (characters === 0 ? 0 : part / characters);
    expect(means, JSON.stringify(text)).toEqual({ characters, wordLength: words === 0 ? 0 : (characters - count(/\s/gu)) / words, letters: share(count(/\p{L}/gu)), digits: share(count(/\p{Nd}/gu)), lines: share(count(/\n/g)) });
  }
});

test('the index by hand', () => {
  const base = { source: 's', documents: 10, bytes: 0, means: {} };
  const bins = (language: Record<string, number>) => [{ ...base, bins: { language } }] as unknown as Parameters<typeof sourceDrift>[0];
  const [found] = sourceDrift(bins({ en: 8, de: 2 }), bins({ en: 2, de: 8 }));
  expect(found?.psi).toBeCloseTo(2 * (6 / 11) * Math.log(8.5 / 2.5), 12);
  expect(found?.noise).toBeCloseTo(0.2, 12);
  expect(found).toMatchObject({ drifted: true, measure: 'language', mostChanged: { bin: 'en', before: 0.8, after: 0.2 } });
  expect(sourceDrift(bins({ en: 8 }), bins({ en: 80 }))).toMatchObject([{ psi: 0, drifted: false }]);
});

test('a licence may be called anything', () => {
  const bins = (license: [string, number][]) => [{ source: 's', documents: 10, bytes: 0, means: {}, bins: { license: Object.fromEntries(license) } }] as unknown as Parameters<typeof sourceDrift>[0];
  for (const name of ['constructor', '__proto__']) {
    const [found] = sourceDrift(bins([['MIT', 10]]), bins([['MIT', 5], [name, 5]]));
    expect(found?.psi).toBeCloseTo((5.5 / 11 - 10.5 / 11) * Math.log(5.5 / 10.5) + (5 / 11) * Math.log(5.5 / 0.5), 12);
    expect(found?.mostChanged).toEqual({ bin: 'MIT', before: 1, after: 0.5 });
  }
});

test('samples of one population do not drift, others do, and by the right measure', async () => {
  for (let seed = 1; seed <= 20; seed += 2) {
    const same = sourceDrift(await sourceStatistics(sample(seed)), await sourceStatistics(sample(seed + 1)));
    expect(same.filter(({ drifted }) => drifted)).toEqual([]);
  }
  const before = await sourceStatistics(sample(1));
  expect(sourceDrift(before, await sourceStatistics(sample(2, { digits: 20 }))).filter(({ drifted }) => drifted).map(({ measure }) => measure)).toContain('digits');
  expect(sourceDrift(before, await sourceStatistics(sample(2, { words: 160 })))[0]).toMatchObject({ measure: 'characters', drifted: true });
  // Ten documents say too little.
  expect(sourceDrift(await sourceStatistics(sample(1, { count: 5 })), await sourceStatistics(sample(2, { count: 5 }))).filter(({ drifted }) => drifted)).toEqual([]);
  expect(sourceDrift(before, await sourceStatistics(sample(2, { source: 'other' })))).toEqual([]);
});

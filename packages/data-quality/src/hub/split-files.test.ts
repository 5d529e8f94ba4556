import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesMatching, splitFiles } from './split-files.ts';

type Splits = Record<string, string[]>;
type Pattern = string | string[] | { split: string; path: string | string[] }[];
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/hub-splits.json', import.meta.url), 'utf8')) as { layouts: [string[], Splits][]; patterns: [string[], Pattern, Splits][] };
const once = (splits: Splits, sort: boolean): Splits => Object.fromEntries(Object.entries(splits).map(([split, files]) => [split, sort ? [...new Set(files)].sort() : [...new Set(files)]]));

test('the splits that the datasets library finds by itself', () => {
  expect(fixture.layouts.map(([files]) => [files, Object.fromEntries(splitFiles(files))])).toEqual(fixture.layouts.map(([files, splits]) => [files, once(splits, true)]));
});

test('the files that it finds for patterns', () => {
  const found = fixture.patterns.map(([files, wanted]) => {
    const splits = typeof wanted === 'string' || typeof wanted[0] === 'string' ? [{ split: 'train', path: wanted as string | string[] }] : (wanted as { split: string; path: string | string[] }[]);
    return [wanted, Object.fromEntries(splits.map(({ split, path }) => [split, filesMatching([...files].sort(), [path].flat())]))];
  });
  expect(found).toEqual(fixture.patterns.map(([, wanted, splits]) => [wanted, once(splits, false)]));
});

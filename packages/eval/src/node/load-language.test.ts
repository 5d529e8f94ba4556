import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadLanguage } from './load-language.ts';

test('it agrees with langdetect on nine of ten answers, and more often whether they are English', async () => {
  const { rows } = JSON.parse(await readFile(new URL('../ifeval/fixtures/ifeval.json', import.meta.url), 'utf8')) as { rows: { answer: (string | [string, number])[]; languages: string }[] };
  const language = await loadLanguage();
  const pairs = rows.map(({ answer, languages }) => {
    const text = answer.map((piece) => (typeof piece === 'string' ? piece : piece[0].repeat(piece[1]))).join('');
    return [languages.split(' ')[0]!.replace(/^zh-.*/, 'zh'), language(text) ?? '-'] as const;
  });
  expect(pairs.filter(([theirs, ours]) => theirs === ours).length).toBeGreaterThanOrEqual(270);
  expect(pairs.filter(([theirs, ours]) => (theirs === 'en') === (ours === 'en')).length).toBeGreaterThanOrEqual(276);
});

test.each([['Der alte Mann geht an den Fluss.', 'de'], ['THE OLD BRIDGE IS NOT VERY LONG AT ALL.', 'en'], ['这条河很长，河边有一座旧桥。', 'zh'], ['', undefined], ['123 !?', undefined]])('%s', async (text, code) => {
  expect((await loadLanguage())(text)).toBe(code);
});

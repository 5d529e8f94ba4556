import { expect, test } from 'vitest';
import { readMarkdown, readText, type ReadTextOptions } from './read-text.ts';

async function texts(read: typeof readText, content: string, options: ReadTextOptions = {}): Promise<string[]> {
  const out: string[] = [];
  for await (const { text } of read(new Blob([content]).stream(), options)) out.push(text);
  return out;
}

test('text stays as it is, but for the mark at its start and CRLF', async () => {
  expect(await texts(readText, '\ufeff a\r\n\r\n\tb \n')).toEqual([' a\n\n\tb \n']);
  expect(await texts(readText, 'no end')).toEqual(['no end']);
  expect(await texts(readText, '\n')).toEqual(['\n']);
  expect(await texts(readText, '')).toEqual([]);
});

test('a long text comes in parts, cut between lines, with nothing lost', async () => {
  const content = Array.from({ length: 50 }, (_, i) => `line ${i} é`).join('\n');
  const parts = await texts(readText, content, { maxDocumentBytes: 60 });
  expect(parts.join('')).toBe(content);
  expect(parts.length).toBeGreaterThan(8);
  for (const part of parts) expect(new TextEncoder().encode(part).length).toBeLessThanOrEqual(60);
  const ids: string[] = [];
  for await (const { id, source } of readText(new Blob(['a\nb\nc\n']).stream(), { source: 'x.txt', maxDocumentBytes: 2 })) ids.push(`${id} ${source}`);
  expect(ids).toEqual(['x.txt x.txt', 'x.txt#2 x.txt', 'x.txt#3 x.txt']);
});

test('a single line over the limit is an error, not a cut through a word', async () => {
  await expect(texts(readText, 'ok\n'.padEnd(200, 'x'), { maxDocumentBytes: 100 })).rejects.toMatchObject({ code: 'E_LINE_TOO_LONG', line: 2 });
});

test.each([
  ['yaml front matter', '---\ntitle: x\n---\n\n# A\n', '\n# A\n'],
  ['toml front matter', '+++\na = 1\n+++\ntext\n', 'text\n'],
  ['front matter ended by dots', '---\na: 1\n...\ntext', 'text'],
  ['a rule is no front matter', 'a\n---\nb\n---\n', 'a\n---\nb\n---\n'],
  ['front matter that never ends is text', '---\na: 1\n', '---\na: 1\n'],
  ['a comment and the line it leaves empty', 'a\n<!-- x -->\nb <!-- y --> c\n', 'a\nb  c\n'],
  ['a comment over several lines', 'a <!-- one\n\ntwo\nthree --> b\n', 'a \n b\n'],
  ['two comments in a line', '<!--a-->x<!--b-->y\n', 'xy\n'],
  ['a comment in fenced code stays', '```html\n<!-- x -->\n```\n<!-- y -->\n', '```html\n<!-- x -->\n```\n'],
  ['a longer fence holds a shorter one', '~~~~\n~~~\n<!-- x -->\n~~~~\n', '~~~~\n~~~\n<!-- x -->\n~~~~\n'],
  ['a comment in inline code stays', 'write `<!-- x -->` so\n', 'write `<!-- x -->` so\n'],
  ['a fence inside a comment opens nothing', '<!--\n```\n-->\n<!-- x -->\nb\n', 'b\n'],
  ['empty lines stay', 'a\n\n\nb\n', 'a\n\n\nb\n'],
])('Markdown: %s', async (_, content, text) => expect(await texts(readMarkdown, content)).toEqual([text]));

test('Markdown: what looked like front matter comes back after 200 lines', async () => {
  const content = `---\n${'row\n'.repeat(300)}---\nend\n`;
  expect(await texts(readMarkdown, content)).toEqual([content]);
});

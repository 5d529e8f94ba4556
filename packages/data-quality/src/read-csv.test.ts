import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { csvRecords } from './csv-records.ts';
import { DataError } from './data-error.ts';
import { readCsv, type ReadCsvOptions } from './read-csv.ts';
import type { Document } from './types.ts';

const cases = JSON.parse(readFileSync(new URL('../fixtures/csv.json', import.meta.url), 'utf8')) as [text: string, records: string[][] | null][];

async function* cut(content: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function read(content: string | Uint8Array, options: ReadCsvOptions & { size?: number } = {}): Promise<Document[]> {
  const out: Document[] = [];
  for await (const document of readCsv(cut(content, options.size ?? 7), { source: 'a.csv', ...options })) out.push(document);
  return out;
}

async function failure(content: string | Uint8Array, options: ReadCsvOptions = {}): Promise<DataError> {
  const error = await read(content, options).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
}

test("the records that Python's csv module reads, and an error where it has one", async () => {
  const differ: unknown[] = [];
  for (const [text, records] of cases) {
    const found: (readonly string[])[] = [];
    let bad = false;
    for await (const record of csvRecords(cut(text, 3), { delimiter: ',', maxRecordBytes: 1e6, source: undefined })) {
      if (record instanceof DataError) bad = true;
      else found.push(record.fields);
    }
    if (bad !== (records === null) || (records && JSON.stringify(found) !== JSON.stringify(records))) differ.push([text, records, bad ? 'error' : found]);
  }
  expect(differ).toEqual([]);
  expect(cases.filter(([, records]) => records === null).length).toBeGreaterThan(20);
});

test('text, id, the other columns, and the line on which a record starts', async () => {
  const csv = '\ufeffid,text,lang\r\n7,"two\r\nlines, ""quoted""",en\r\n\r\n,plain,\n"",three,"a""b"';
  for (const size of [1, 5, 1000]) {
    expect(await read(csv, { size })).toEqual([
      { id: '7', text: 'two\nlines, "quoted"', source: 'a.csv', meta: { lang: 'en' } },
      { id: 'a.csv:5', text: 'plain', source: 'a.csv', meta: { lang: '' } },
      { id: 'a.csv:6', text: 'three', source: 'a.csv', meta: { lang: 'a"b' } },
    ]);
  }
});

test('tabs, other columns, files without names of columns', async () => {
  expect(await read('n\tcontent\n1\ta,b\n', { delimiter: '\t', textField: 'content', idField: 'n' })).toEqual([{ id: '1', text: 'a,b', source: 'a.csv' }]);
  expect((await read('x,y\nz,w\n', { columns: ['text', '__proto__'] })).map(({ text, meta }) => [text, Object.keys(meta ?? {})])).toEqual([['x', ['__proto__']], ['z', ['__proto__']]]);
});

describe('faults name the file, the line and what to do', () => {
  test.each([
    ['text\na "b" c\n', 2, 'a quote inside a field'],
    ['text\nok\n"a" b\n', 3, 'text after a closing quote'],
    ['text\nok\n"a\nb\n', 3, 'its end inside quotes'],
    ['text,n\n"a\nb",1\n\nc\n', 5, 'expected 2 fields but found 1'],
    ['text\na,b\n', 2, 'expected 1 fields but found 2'],
    ['body,n\na,1\n', 1, 'expected a column "text" but found body, n'],
    ['text,text\na,b\n', 1, 'found "text" twice'],
    ['"te"xt\n', 1, 'after a closing quote'],
  ])('%j', async (content, line, found) => {
    const error = await failure(content);
    expect(error).toMatchObject({ code: 'E_CSV', file: 'a.csv', line });
    expect(error.message).toContain(found);
  });

  test('other faults', async () => {
    expect(await failure('')).toMatchObject({ code: 'E_EMPTY' });
    expect(await failure('text\n')).toMatchObject({ code: 'E_EMPTY' });
    expect(await read('text\n', { allowEmpty: true })).toEqual([]);
    expect(await failure(Uint8Array.of(0xff, 0xfe, 65, 0), { skipBad: 9 })).toMatchObject({ code: 'E_ENCODING', line: 1 });
    for (const options of [{ delimiter: '' }, { delimiter: '"' }, { delimiter: ';;' }, { skipBad: -1 }]) await expect(read('text\na', options)).rejects.toThrow(RangeError);
  });
});

test('a budget of bad records: those within are reported, the next one throws', async () => {
  const bytes = new Uint8Array([...new TextEncoder().encode('text\nok\na"b\n"c"d\nx,y\n'), 0xff, 10, ...new TextEncoder().encode(`"${'long\n'.repeat(20)}"\n"still\nok"\n"open`)]);
  const reported: string[] = [];
  const options: ReadCsvOptions = { maxRecordBytes: 50, onBad: ({ code, line }) => reported.push(`${code} ${line}`) };
  expect((await read(bytes, { ...options, skipBad: 6 })).map(({ text }) => text)).toEqual(['ok', 'still\nok']);
  expect(reported).toEqual(['E_CSV 3', 'E_CSV 4', 'E_CSV 5', 'E_ENCODING 6', 'E_LINE_TOO_LONG 7', 'E_CSV 30']);
  expect(await failure(bytes, { ...options, skipBad: 5 })).toMatchObject({ code: 'E_CSV', line: 30 });
});

test('a quote that is never closed is followed in flat memory to the end', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode('text\n"');
    const block = new TextEncoder().encode(`${'y'.repeat(999)}\n`.repeat(1000));
    for (let i = 0; i < 30; i++) yield block;
  }
  const bad: DataError[] = [];
  for await (const _ of readCsv(endless(), { maxRecordBytes: 1e6, skipBad: 1, allowEmpty: true, onBad: (error) => bad.push(error) }));
  expect(bad).toMatchObject([{ code: 'E_LINE_TOO_LONG', line: 2 }]);
});

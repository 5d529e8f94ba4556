import { describe, expect, test } from 'vitest';
import { DataError } from './data-error.ts';
import { readJsonl, type ReadJsonlOptions } from './read-jsonl.ts';
import type { Document } from './types.ts';

async function read(content: string | Uint8Array<ArrayBuffer>, options: ReadJsonlOptions = {}): Promise<Document[]> {
  const out: Document[] = [];
  for await (const document of readJsonl(new Blob([content]).stream(), { source: 'a.jsonl', ...options })) out.push(document);
  return out;
}

async function failure(content: string | Uint8Array<ArrayBuffer>, options: ReadJsonlOptions = {}): Promise<DataError> {
  const error = await read(content, options).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
}

test('text, id and the other fields; ids are made where there are none', async () => {
  expect(await read('\ufeff{"text":"a","id":"x","lang":"en"}\r\n\n{"id":7,"text":"b"}\n{"text":"","id":{"no":1}}')).toEqual([
    { id: 'x', text: 'a', source: 'a.jsonl', meta: { lang: 'en' } },
    { id: '7', text: 'b', source: 'a.jsonl' },
    { id: 'a.jsonl:4', text: '', source: 'a.jsonl', meta: { id: { no: 1 } } },
  ]);
});

test('other field names', async () => {
  expect(await read('{"content":"a","url":"http://x"}', { textField: 'content', idField: 'url' })).toEqual([{ id: 'http://x', text: 'a', source: 'a.jsonl' }]);
});

test('a field called __proto__ is a field', async () => {
  const [document] = await read('{"text":"a","__proto__":{"polluted":true}}');
  expect(Object.hasOwn(document?.meta ?? {}, '__proto__')).toBe(true);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('text passes through as it is: lone surrogates, NUL, special tokens, right-to-left marks', async () => {
  const text = '\ud800 \0 <|im_end|> \u202e';
  expect((await read(`${JSON.stringify({ text })}\n`))[0]?.text).toBe(text);
});

describe('faults name the file, the line and what to do', () => {
  test.each([
    ['{"text":"a"}\n{"text":"b', 2, 'a last line that breaks off', 'truncated'],
    ['{"text":"a"}\nnope\n', 2, 'text that is not JSON', 'skipBad'],
    ['{"text":"a"}\n{"content":"b","n":1}\n', 2, 'fields content, n', 'textField'],
    ['{}\n', 1, 'no fields', 'textField'],
    ['\n\n{"text":5}\n', 3, 'a number there', 'textField'],
    ['{"text":null}\n', 1, 'null there', 'textField'],
    ['["a"]\n', 1, 'an array', 'one object per line'],
    ['"a"\n', 1, 'a string', 'one object per line'],
    ['null\n', 1, 'null', 'one object per line'],
  ])('%j', async (content, line, found, remedy) => {
    const error = await failure(content);
    expect(error).toMatchObject({ name: 'DataError', code: 'E_JSONL', file: 'a.jsonl', line });
    expect(error.message).toBe(`readJsonl: expected a JSON object with a string in "text" but found ${found} (a.jsonl, line ${line}). ${error.remedy}`);
    expect(error.remedy).toContain(remedy);
  });

  test('an empty file, a file of blank lines', async () => {
    for (const content of ['', '\n \n', '\ufeff']) {
      expect(await failure(content)).toMatchObject({ code: 'E_EMPTY', file: 'a.jsonl' });
      expect(await read(content, { allowEmpty: true })).toEqual([]);
    }
  });

  test('UTF-16 is never skipped', async () => {
    const bytes = new Uint8Array(new Uint16Array([...'\ufeff{"text":"a"}\n'].map((char) => char.charCodeAt(0))).buffer);
    expect(await failure(bytes, { skipBad: 99 })).toMatchObject({ code: 'E_ENCODING', line: 1 });
  });
});

test('a budget of bad lines: those within are reported, the next one throws', async () => {
  const content = new Blob(['{"text":"a"}\nbad\n', new Uint8Array([0xff, 10]), `{"text":"${'x'.repeat(100)}"}\n{"text":"b"}\n[]\n`]);
  const bytes = new Uint8Array(await content.arrayBuffer());
  const reported: string[] = [];
  const options: ReadJsonlOptions = { maxLineBytes: 50, onBad: ({ code, line }) => reported.push(`${code} ${line}`) };
  expect((await read(bytes, { ...options, skipBad: 4 })).map((document) => document.text)).toEqual(['a', 'b']);
  expect(reported).toEqual(['E_JSONL 2', 'E_ENCODING 3', 'E_LINE_TOO_LONG 4', 'E_JSONL 6']);
  expect(await failure(bytes, { ...options, skipBad: 3 })).toMatchObject({ code: 'E_JSONL', line: 6 });
  await expect(read('{}', { skipBad: -1 })).rejects.toThrow(RangeError);
});

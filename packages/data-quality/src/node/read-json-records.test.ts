import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJsonRecords, type ReadJsonRecordsOptions } from './read-json-records.ts';

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'json-records-')); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(name: string, content: string | Uint8Array, options: ReadJsonRecordsOptions = {}): Promise<unknown[]> {
  writeFileSync(join(folder, name), content);
  const found: unknown[] = [];
  for await (const record of readJsonRecords(join(folder, name), options)) found.push([record.line, record.place, record.error?.code ?? ('value' in record ? record.value : undefined)]);
  return found;
}

test('lines, an array, one object, and lines under the name of an array, each also gzipped', async () => {
  const lines = '\ufeff{"a":1}\r\n \n{"a":"\u2028"}\nnull';
  const expected = [[1, 1, { a: 1 }], [3, 3, { a: '\u2028' }], [4, 4, null]];
  for (const [name, content] of [['a.jsonl', lines], ['a.json', lines], ['a.jsonl.gz', gzipSync(lines)], ['a', lines]] as const) expect(await read(name, content), name).toEqual(expected);
  for (const [name, content] of [['b.json', '\ufeff\n[ {"a":1},\n[2], "x"\n]\n'], ['b.JSON.gz', gzipSync('\n[{"a":1},\n[2],"x"]')]] as const) expect(await read(name, content), name).toEqual([[2, 1, { a: 1 }], [3, 2, [2]], [3, 3, 'x']]);
  expect(await read('c.json', '\ufeff{\n  "a": [\n    1\n  ]\n}\n')).toEqual([[1, 1, { a: [1] }]]);
  expect(await read('c.json', '{ "a": 1,\n  "b": [2] }\n')).toEqual([[1, 1, { a: 1, b: [2] }]]);
  // Where the first chunk of the file ends says nothing.
  expect(await read('c.json', `${' '.repeat(2 ** 18 - 1)}{"a":1}\n{"a":2}`)).toEqual([[1, 1, { a: 1 }], [2, 2, { a: 2 }]]);
  for (const [name, content] of [['c.json', '\n'.repeat(600_000)], ['c.jsonl', '\n'.repeat(600_000)]] as const) {
    expect(await read(name, `${content}{"a":1}`)).toEqual([[600_001, 600_001, { a: 1 }]]);
    expect(await read(name, `${content}{"a":1}\n7`)).toEqual([[600_001, 600_001, { a: 1 }], [600_002, 600_002, 7]]);
  }
  expect(await read('c.json', `${'\n'.repeat(600_000)}[1]`)).toEqual([[600_001, 1, 1]]);
  for (const name of ['d.json', 'd.jsonl']) expect(await read(name, ' \n')).toEqual([]);
  expect(await read('d.json', '[ ]')).toEqual([]);
});

test('a bad record stands as its error, and what comes after it is read', async () => {
  expect(await read('e.jsonl', Buffer.concat([Buffer.from('{oops\n"'), Buffer.of(0xff), Buffer.from('"\n"0123456789"\n1\n{"a":')]), { maxRecordBytes: 8 })).toEqual([[1, 1, 'E_JSON'], [2, 2, 'E_ENCODING'], [3, 3, 'E_LINE_TOO_LONG'], [4, 4, 1], [5, 5, 'E_JSON']]);
  expect(await read('e.json', Buffer.concat([Buffer.from('[{oops},\n"'), Buffer.of(0xff), Buffer.from('",\n"0123456789",1]')]), { maxRecordBytes: 8 })).toEqual([[1, 1, 'E_JSON'], [2, 2, 'E_ENCODING'], [3, 3, 'E_LINE_TOO_LONG'], [3, 4, 1]]);
  await expect(read('f.json', '[{"a":1},')).rejects.toMatchObject({ code: 'E_JSON', message: expect.stringContaining('its end missing') as string });
});

test('what is no file is named as what it is, and a pipe that nobody writes to is not waited for', async () => {
  const first = async (path: string): Promise<unknown> => readJsonRecords(join(folder, path)).next();
  await expect(first('nothing.jsonl')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  mkdirSync(join(folder, 'folder.jsonl'));
  await expect(first('folder.jsonl')).rejects.toMatchObject({ code: 'E_NOT_A_FILE', message: expect.stringContaining('expected a regular file but found a folder') as string });
  execFileSync('mkfifo', [join(folder, 'pipe.jsonl')]);
  await expect(first('pipe.jsonl')).rejects.toMatchObject({ code: 'E_NOT_A_FILE', message: expect.stringContaining('found a named pipe') as string });
  writeFileSync(join(folder, 'g.jsonl'), '7\n');
  symlinkSync('g.jsonl', join(folder, 'link.jsonl'));
  expect(await first('link.jsonl')).toMatchObject({ value: { value: 7 } });
});

test('a small file that holds much is read a record at a time', async () => {
  const zipped = gzipSync(`[${'{"instruction":"a","output":"b"},'.repeat(200_000)}0]`);
  writeFileSync(join(folder, 'much.json.gz'), zipped);
  let records = 0;
  for await (const _ of readJsonRecords(join(folder, 'much.json.gz'))) if (++records === 3) break;
  expect(records).toBe(3);
  await expect(read('much.json.gz', zipped, { maxUnzippedBytes: 1000 })).rejects.toMatchObject({ code: 'E_GZIP_BOMB' });
});

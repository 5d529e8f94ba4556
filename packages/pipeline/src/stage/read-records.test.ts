import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecords } from './read-records.ts';

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'read-records-'));
  mkdirSync(join(cwd, 'many'));
  writeFileSync(join(cwd, 'many', 'b.ndjson'), '{"n":3}');
  writeFileSync(join(cwd, 'many', 'a.jsonl'), '{"n":1}\r\n\n{"n":2}\n');
  writeFileSync(join(cwd, 'many', 'notes.txt'), 'no record');
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('records of files and folders, by name, with the hash of their lines', async () => {
  const { records, sha256 } = await readRecords(['many'], cwd);
  expect(records).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  // Empty lines among them.
  expect(sha256).toBe(createHash('sha256').update('{"n":1}\n\n{"n":2}\n{"n":3}\n').digest('hex'));
});

test('a separator of lines inside a string does not end the record, and what is gzipped is read', async () => {
  const line = `${JSON.stringify({ text: 'one\u2028two' })}\n`;
  writeFileSync(join(cwd, 'separator.jsonl'), line);
  writeFileSync(join(cwd, 'separator.jsonl.gz'), gzipSync(line));
  expect((await readRecords(['separator.jsonl', 'separator.jsonl.gz'], cwd)).records).toEqual([{ text: 'one\u2028two' }, { text: 'one\u2028two' }]);
});

test.each([
  ['nothing.jsonl', 'E_NOT_FOUND', 'found nothing at nothing.jsonl'],
  ['empty', 'E_NOT_FOUND', 'expected files that end in .jsonl, .ndjson in empty but found none'],
  ['bad.jsonl', 'E_JSON', 'bad.jsonl:2 but found "{oops"'],
  ['blank.jsonl', 'E_EMPTY', 'found none'],
  ['pipe', 'E_NOT_A_FILE', 'found a named pipe'],
])('%s is told with %s', async (path, code, message) => {
  mkdirSync(join(cwd, 'empty'), { recursive: true });
  writeFileSync(join(cwd, 'bad.jsonl'), '{}\n{oops\n');
  writeFileSync(join(cwd, 'blank.jsonl'), ' \n');
  if (path === 'pipe') execFileSync('mkfifo', [join(cwd, path)]);
  await expect(readRecords([path], cwd)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
});

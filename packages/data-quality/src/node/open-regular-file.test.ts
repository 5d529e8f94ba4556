import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chunksOf, openRegularFile } from './open-regular-file.ts';

let file = '';
beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), 'open-')), 'a.txt');
  writeFileSync(file, '0123456789'.repeat(60_000));
});
afterAll(() => rmSync(join(file, '..'), { recursive: true, force: true }));

async function read(range?: { start: number; end: number }): Promise<string> {
  const handle = await openRegularFile(file, { followSymlinks: false, maxFileBytes: Infinity });
  const parts: string[] = [];
  for await (const chunk of chunksOf(handle, { file, signal: undefined, ...(range ? { range } : {}) })) parts.push(Buffer.from(chunk).toString());
  // It was closed.
  expect(handle.fd).toBe(-1);
  return parts.join('');
}

test('all bytes, or those of a range', async () => {
  expect(await read()).toBe('0123456789'.repeat(60_000));
  expect(await read({ start: 7, end: 12 })).toBe('78901');
  expect(await read({ start: 5, end: 5 })).toBe('');
  expect(await read({ start: 9, end: 600_000 })).toBe('0123456789'.repeat(60_000).slice(9));
});

test('a file that became shorter than the range is no end but an error', async () => {
  await expect(read({ start: 10, end: 600_001 })).rejects.toMatchObject({ code: 'E_UNREADABLE', file, message: expect.stringContaining('expected bytes 10 to 600001 but found the file shorter') as string });
});

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataError } from '../data-error.ts';
import { createLedger } from '../ledger.ts';
import { readDocuments, type ReadDocumentsOptions } from './read-documents.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'documents-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, content: string | Uint8Array): string => {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  return file;
};

async function read(paths: string[], options: ReadDocumentsOptions = {}): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for await (const { id, text } of readDocuments(paths, options)) out[id] = text;
  return out;
}

async function failure(paths: string[], options: ReadDocumentsOptions = {}): Promise<DataError> {
  const error = await read(paths, options).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
}

test('text, Markdown, JSON Lines, source text, any of them gzipped, in an order of names', async () => {
  put('data/b.txt', 'plain');
  put('data/B.TXT', 'upper');
  put('data/a/z.md', '<!-- note -->\n# Title\n');
  put('data/a/types.d.ts', 'export declare const x: 1;\n');
  put('data/rows.jsonl', '{"text":"one"}\n{"text":"two","id":"2"}\n');
  put('data/rows.ndjson.gz', gzipSync('{"text":"three"}\n'));
  put('data/old.txt.gz', gzipSync('zipped'));
  const expected = { 'data/B.TXT': 'upper', 'data/a/types.d.ts': 'export declare const x: 1;\n', 'data/a/z.md': '# Title\n', 'data/b.txt': 'plain', 'data/old.txt.gz': 'zipped', 'data/rows.jsonl:1': 'one', '2': 'two', 'data/rows.ndjson.gz:1': 'three' };
  const found = await read([join(folder, 'data')]);
  expect(found).toEqual(expected);
  expect(Object.keys(found).filter((id) => id !== '2')).toEqual(Object.keys(expected).filter((id) => id !== '2'));
  expect(Object.keys(await read([join(folder, 'data', 'a')], { root: folder }))).toEqual(['data/a/types.d.ts', 'data/a/z.md']);
});

test('what a folder holds besides is passed over and counted', async () => {
  put('a.txt', 'a');
  put('image.png', 'x');
  put('.hidden.txt', 'x');
  put('node_modules/p/readme.md', 'x');
  put('empty.txt', '');
  symlinkSync('a.txt', join(folder, 'link.txt'));
  symlinkSync('/dev/zero', join(folder, 'zero.txt'));
  execFileSync('mkfifo', [join(folder, 'pipe.txt')]);
  const ledger = createLedger();
  expect(Object.values(await read([folder], { ledger }))).toEqual(['a']);
  expect(Object.fromEntries(ledger.toJSON().skipped.map(({ reason, count }) => [reason, count]))).toEqual({ excluded: 2, 'a symbolic link': 2, 'a named pipe': 1, 'other file type': 1, 'empty file': 1 });
  expect(Object.values(await read([folder], { exclude: ['a.txt', 'empty.txt'], include: ['md', '.txt'] }))).toEqual(['x', 'x']);
});

describe('what is named must be data', () => {
  test('links, devices, pipes and sockets', async () => {
    put('a.txt', 'a');
    symlinkSync('a.txt', join(folder, 'link.txt'));
    execFileSync('mkfifo', [join(folder, 'pipe.txt')]);
    const server = createServer().listen(join(folder, 'socket.txt'));
    await new Promise((done) => server.once('listening', done));
    try {
      expect(await failure([join(folder, 'link.txt')])).toMatchObject({ code: 'E_NOT_A_FILE', file: join(folder, 'link.txt'), message: expect.stringContaining('found a symbolic link to a.txt') });
      expect(await failure(['/dev/zero'])).toMatchObject({ code: 'E_NOT_A_FILE', file: '/dev/zero', message: expect.stringContaining('found a device') });
      expect((await failure([join(folder, 'pipe.txt')])).message).toContain('found a named pipe');
      expect((await failure([join(folder, 'socket.txt')])).message).toContain('found a socket');
      // Followed, a link is what it points to.
      expect(Object.values(await read([join(folder, 'link.txt')], { followSymlinks: true }))).toEqual(['a']);
      symlinkSync('/dev/zero', join(folder, 'zero.txt'));
      expect((await failure([join(folder, 'zero.txt')], { followSymlinks: true })).code).toBe('E_NOT_A_FILE');
    } finally {
      server.close();
    }
  });

  test('nothing there, a format with a structure, too large, text named .gz', async () => {
    expect(await failure([join(folder, 'no.txt')])).toMatchObject({ code: 'E_NOT_FOUND', file: join(folder, 'no.txt') });
    expect(await failure([put('a.arrow', 'ARROW1')])).toMatchObject({ code: 'E_FORMAT', remedy: expect.stringContaining('.jsonl') });
    expect(await failure([put('b.txt', 'x'.repeat(101))], { maxFileBytes: 100 })).toMatchObject({ code: 'E_FILE_TOO_LARGE' });
    expect(await failure([put('c.txt.gz', 'not zipped')])).toMatchObject({ code: 'E_GZIP_MAGIC', file: 'c.txt.gz' });
    expect(await failure([put('d.txt', gzipSync('zipped'))])).toMatchObject({ code: 'E_ENCODING', remedy: expect.stringContaining('.gz') });
    expect(await failure([put('e.txt.gz', gzipSync(new Uint8Array(1e6)))], { maxUnzippedBytes: 1e5 })).toMatchObject({ code: 'E_GZIP_BOMB' });
    expect(await failure([put('f.jsonl', '{"text":"a"}\n{"te')])).toMatchObject({ code: 'E_JSONL', file: 'f.jsonl', line: 2 });
    await expect(read('a.txt' as unknown as string[])).rejects.toThrow(TypeError);
  });

  test('any other file is text', async () => {
    expect(await read([put('notes', 'a'), put('x.log', 'b')])).toEqual({ notes: 'a', 'x.log': 'b' });
  });
});

test('nothing to read says what was looked for and what was there', async () => {
  put('a/image.png', 'x');
  put('a/empty.md', '');
  expect((await failure([join(folder, 'a')], { include: ['.md', '.txt'] })).message).toBe(
    `readDocuments: expected at least one document but found none: looked in ${join(folder, 'a')} for .md .txt, read 1 files, passed over 1 × empty file, 1 × other file type. Check the paths, or name further file types with include.`,
  );
  expect((await failure([])).message).toContain('no path was given');
});

test('bad lines within the budget are counted', async () => {
  const ledger = createLedger();
  expect(Object.values(await read([put('a.jsonl', '{"text":"a"}\nbad\n')], { skipBad: 1, ledger }))).toEqual(['a']);
  expect(ledger.toJSON().skipped).toEqual([{ reason: 'E_JSONL', count: 1, examples: ['a.jsonl:2'] }]);
});

/** Runs as a user who may read only what is open to all: root may read everything. */
async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return run();
  chmodSync(folder, 0o755);
  process.seteuid!(65534);
  try {
    return await run();
  } finally {
    process.seteuid!(0);
  }
}

test.skipIf(process.platform === 'win32')('what may not be read is an error, or counted', async () => {
  put('a.txt', 'a');
  chmodSync(put('b.txt', 'b'), 0);
  expect(await asNobody(() => failure([folder]))).toMatchObject({ code: 'E_UNREADABLE', file: join(folder, 'b.txt') });
  const ledger = createLedger();
  expect(Object.values(await asNobody(() => read([folder], { skipUnreadable: true, ledger })))).toEqual(['a']);
  expect(ledger.toJSON().skipped).toEqual([{ reason: 'E_UNREADABLE', count: 1, examples: [join(folder, 'b.txt')] }]);
});

test('followed links that lead back up end', async () => {
  put('a/b/x.txt', 'x');
  symlinkSync('..', join(folder, 'a/b/up'));
  symlinkSync('nowhere', join(folder, 'a/broken'));
  const ledger = createLedger();
  expect(Object.keys(await read([join(folder, 'a')], { followSymlinks: true, ledger }))).toEqual(['a/b/x.txt']);
  expect(ledger.toJSON().skipped.map(({ reason }) => reason).sort()).toEqual(['broken link', 'link to a folder above']);
});

test('a signal stops the walk', async () => {
  put('a.txt', 'a');
  put('b.txt', 'b');
  const controller = new AbortController();
  await expect(async () => {
    for await (const _ of readDocuments([folder], { signal: controller.signal })) controller.abort();
  }).rejects.toThrow(/abort/i);
});

test.runIf(process.platform === 'linux')('stopping early closes the file', async () => {
  const file = put('big.txt', 'line\n'.repeat(200_000));
  const open = (): number => readdirSync('/proc/self/fd').filter((fd) => existsSync(`/proc/self/fd/${fd}`) && readlinkSync(`/proc/self/fd/${fd}`) === file).length;
  for (let i = 0; i < 3; i++) {
    for await (const _ of readDocuments([file], { maxDocumentBytes: 100 })) {
      expect(open()).toBe(1);
      break;
    }
    expect(open()).toBe(0);
  }
});

test('100 MB of a zipped file pass through in flat memory', async () => {
  const part = gzipSync('{"text":"some words of a document that is fairly long, again and again and again"}\n'.repeat(125_000));
  const file = put('big.jsonl.gz', Buffer.concat(Array.from({ length: 10 }, () => part)));
  const before = process.memoryUsage();
  let most = 0;
  let documents = 0;
  for await (const _ of readDocuments([file])) {
    if (++documents % 100_000 !== 0) continue;
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    most = Math.max(most, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
  }
  expect(documents).toBe(1_250_000);
  expect(most).toBeLessThan(100e6);
});

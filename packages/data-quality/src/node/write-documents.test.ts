import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { processorMilliseconds } from '@llm/testing/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLedger } from '../ledger.ts';
import type { Document } from '../types.ts';
import { globMatcher } from './glob-pattern.ts';
import { readDocuments, type ReadDocumentsOptions } from './read-documents.ts';
import { writeDocuments } from './write-documents.ts';


let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'written-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (path: string, content: string | Uint8Array): string => {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  return file;
};

async function ids(paths: string[], options: ReadDocumentsOptions = {}): Promise<string[]> {
  const out: string[] = [];
  for await (const { id } of readDocuments(paths, options)) out.push(id);
  return out;
}

test('written and read back, plain and gzipped, in a folder that did not exist', async () => {
  const documents: Document[] = [{ id: 'a', text: 'one' }, { id: 'b', text: 'two', meta: { n: 1 } }];
  for (const name of ['deep/out.jsonl', 'deep/out.ndjson.gz']) {
    const file = join(folder, name);
    const written = await writeDocuments(file, documents);
    expect(written).toEqual({ documents: 2, bytes: readFileSync(file).length });
    expect(await ids([file])).toEqual(['a', 'b']);
  }
  expect(readdirSync(join(folder, 'deep'))).toEqual(['out.jsonl', 'out.ndjson.gz']);
  await expect(writeDocuments(join(folder, 'out.csv'), documents)).rejects.toThrow('writeDocuments: expected a name that ends in .jsonl');
});

test('a run that fails leaves the old file and nothing else', async () => {
  const file = put('out.jsonl', 'old\n');
  async function* failing(): AsyncGenerator<Document> {
    yield { id: 'a', text: 'x' };
    throw new Error('no more');
  }
  await expect(writeDocuments(file, failing())).rejects.toThrow('no more');
  await expect(writeDocuments(file, [{ id: 'a', text: 'x' }], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  expect(readFileSync(file, 'utf8')).toBe('old\n');
  expect(readdirSync(folder)).toEqual(['out.jsonl']);
});

test('what a killed process left beside the file is no hindrance', async () => {
  const file = join(folder, 'out.jsonl');
  put(`out.jsonl.${process.pid}.tmp`, 'half');
  await writeDocuments(file, [{ id: 'a', text: 'x' }]);
  expect(await ids([file])).toEqual(['a']);
  expect(readdirSync(folder)).toEqual(['out.jsonl', `out.jsonl.${process.pid}.tmp`]);
});

test('CSV and TSV are read where they are named or asked for, bad records counted', async () => {
  const file = put('a.csv', 'id,text\n1,x\n2,"a"b\n3,"y\nz"\n');
  put('b.tsv.gz', gzipSync('id\ttext\n4\tw\n'));
  put('c.txt', 'plain');
  const ledger = createLedger();
  expect(await ids([file], { skipBad: 1, ledger })).toEqual(['1', '3']);
  expect(ledger.toJSON().skipped).toEqual([{ reason: 'E_CSV', count: 1, examples: ['a.csv:3'] }]);
  await expect(ids([file])).rejects.toMatchObject({ code: 'E_CSV', file: 'a.csv', line: 3 });
  expect(await ids([folder], { root: folder })).toEqual(['c.txt']);
  expect(await ids([folder], { include: ['csv', 'tsv'], skipBad: 1 })).toEqual(['1', '3', '4']);
});

test('patterns stand for the files that they match', async () => {
  for (const name of ['a/1.txt', 'a/2.md', 'a/deep/er/3.txt', 'b/4.txt', 'b/5.log', 'top.txt']) put(name, 'x');
  const at = (pattern: string): string => join(folder, pattern);
  expect(await ids([at('a/*.txt')])).toEqual(['1.txt']);
  expect(await ids([at('**/*.txt')])).toEqual(['a/1.txt', 'a/deep/er/3.txt', 'b/4.txt', 'top.txt']);
  expect(await ids([at('{a,b}/?.{md,log}')], { root: folder })).toEqual(['a/2.md', 'b/5.log']);
  await expect(ids([at('none/*.txt')])).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  await expect(ids([at('a/*.none')])).rejects.toMatchObject({ code: 'E_EMPTY' });
  // A name that looks like a pattern is that file.
  put('b/{x}*.txt', 'y');
  expect(await ids([at('b/{x}*.txt')])).toEqual(['{x}*.txt']);
});

test('the matcher by itself, and in time on a hostile pattern', () => {
  const matched = (pattern: string, ...paths: string[]): string[] => paths.filter(globMatcher(pattern));
  expect(matched('a/**', 'a', 'a/b', 'a/b/c', 'b/a')).toEqual(['a', 'a/b', 'a/b/c']);
  expect(matched('**/b/**/c', 'b/c', 'a/b/c', 'a/b/x/y/c', 'a/c')).toEqual(['b/c', 'a/b/c', 'a/b/x/y/c']);
  expect(matched('*.t?t', 'a.txt', '.txt', 'a.tt', 'x/a.txt', '😀.t😀t')).toEqual(['a.txt', '.txt', '😀.t😀t']);
  expect(matched('./a/{b,}c', 'a/bc', 'a/c', './a/c', 'a/{b,}c')).toEqual(['a/bc', 'a/c', './a/c']);
  expect(() => globMatcher('{a,b}'.repeat(7))).toThrow(RangeError);
  const from = processorMilliseconds();
  expect(globMatcher(`${'*a'.repeat(100)}b`)('a'.repeat(5000))).toBe(false);
  expect(processorMilliseconds() - from).toBeLessThan(2000);
});

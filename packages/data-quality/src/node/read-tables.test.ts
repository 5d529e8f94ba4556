import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLedger } from '../ledger.ts';
import type { Document } from '../types.ts';
import { readDocuments, type ReadDocumentsOptions } from './read-documents.ts';
import { writeDocuments } from './write-documents.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tables-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read(paths: string[], options: ReadDocumentsOptions = {}): Promise<Document[]> {
  const out: Document[] = [];
  for await (const document of readDocuments(paths, options)) out.push(document);
  return out;
}
const documents = Array.from({ length: 50 }, (_, i): Document => ({ id: `d${i}`, text: `text ${i}`, meta: { n: i } }));

test('Parquet is written and read back, named or asked for', async () => {
  const file = join(folder, 'deep/out.parquet');
  expect(await writeDocuments(file, documents, { rowGroupBytes: 100 })).toEqual({ documents: 50, bytes: readFileSync(file).length });
  expect(readdirSync(join(folder, 'deep'))).toEqual(['out.parquet']);
  expect(await read([file])).toEqual(documents.map((document) => ({ ...document, source: 'out.parquet' })));
  expect((await read([join(folder, '**/*.parquet')])).length).toBe(50);
  expect((await read([file], { columns: [] }))[0]).toEqual({ id: 'd0', text: 'text 0', source: 'out.parquet' });
  expect((await read([folder], { include: ['parquet'] })).length).toBe(50);
  await expect(read([folder])).rejects.toMatchObject({ code: 'E_EMPTY' });
  writeFileSync(join(folder, 'b.parquet.gz'), gzipSync(readFileSync(file)));
  await expect(read([join(folder, 'b.parquet.gz')])).rejects.toMatchObject({ code: 'E_FORMAT', remedy: expect.stringContaining('Decompress') });
  writeFileSync(join(folder, 'c.parquet'), 'PAR1');
  await expect(read([join(folder, 'c.parquet')])).rejects.toMatchObject({ code: 'E_PARQUET', file: 'c.parquet' });
});

test('a failed run of Parquet leaves the old file', async () => {
  const file = join(folder, 'out.parquet');
  writeFileSync(file, 'old');
  await expect(writeDocuments(file, [{ id: 'a', text: 'x', meta: { id: 1 } }])).rejects.toThrow(RangeError);
  expect(readFileSync(file, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['out.parquet']);
});

test('rows without text are counted in the ledger; the file is closed in any case', async () => {
  const file = join(folder, 'out.parquet');
  await writeDocuments(file, documents.map((document) => ({ ...document, meta: { lang: Number(document.id.slice(1)) % 2 ? 'en' : null } })));
  const open = (): number => readdirSync('/proc/self/fd').filter((fd) => existsSync(`/proc/self/fd/${fd}`) && readlinkSync(`/proc/self/fd/${fd}`) === file).length;
  const ledger = createLedger();
  expect((await read([file], { textField: 'lang', skipBad: 25, ledger })).length).toBe(25);
  expect(ledger.toJSON().skipped).toMatchObject([{ reason: 'E_PARQUET', count: 25, examples: expect.arrayContaining(['out.parquet:1']) }]);
  await expect(read([file], { textField: 'lang' })).rejects.toMatchObject({ code: 'E_PARQUET', line: 1 });
  for await (const _ of readDocuments([file])) break;
  if (process.platform === 'linux') expect(open()).toBe(0);
});

test('JSON files are arrays or lines', async () => {
  writeFileSync(join(folder, 'a.json'), '[\n{"output":"one"},\n{"output":3},\n{"output":"two","id":7}\n]');
  writeFileSync(join(folder, 'b.json.gz'), gzipSync('{"output":"three"}\n'));
  const ledger = createLedger();
  expect((await read([join(folder, '*.json'), join(folder, 'b.json.gz')], { textField: 'output', skipBad: 1, ledger })).map(({ id, text }) => [id, text])).toEqual([['a.json:1', 'one'], ['7', 'two'], ['b.json.gz:1', 'three']]);
  expect(ledger.toJSON().skipped).toEqual([{ reason: 'E_JSON', count: 1, examples: ['a.json:3'] }]);
});

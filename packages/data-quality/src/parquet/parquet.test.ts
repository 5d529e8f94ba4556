import { readFileSync } from 'node:fs';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { DataError } from '../data-error.ts';
import type { Document } from '../types.ts';
import type { ByteSource } from './byte-source.ts';
import { parquetBytes, type ParquetBytesOptions } from './parquet-bytes.ts';
import { readParquet, type ReadParquetOptions } from './read-parquet.ts';

type Row = Record<string, unknown>;
interface Fixture {
  readonly plain: readonly Row[];
  readonly files: readonly { name: string; base64: string; rows: readonly Row[] | null }[];
  readonly written: readonly { documents: readonly Document[]; options: ParquetBytesOptions; base64: string; schema: Record<string, string>; rows: readonly Row[] }[];
}
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/parquet.json', import.meta.url), 'utf8')) as Fixture;
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64'));
const file = (name: string): Uint8Array<ArrayBuffer> => fromBase64(fixture.files.find((each) => each.name === name)!.base64);

async function read(source: ByteSource | Blob | Uint8Array, options: ReadParquetOptions = {}): Promise<Document[]> {
  const out: Document[] = [];
  for await (const document of readParquet(source, { source: 'a.parquet', ...options })) out.push(document);
  return out;
}
async function write(documents: Iterable<Document>, options: ParquetBytesOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of parquetBytes(documents, options)) parts.push(part);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
async function failure(source: ByteSource | Blob | Uint8Array, options: ReadParquetOptions = {}): Promise<DataError> {
  const error = await read(source, options).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
}

test.each(fixture.files)('what pyarrow wrote: $name', async ({ base64, rows }) => {
  const documents = await read(fromBase64(base64));
  expect(documents.map(({ id, text, meta }) => ({ id, text, ...meta }))).toEqual((rows ?? fixture.plain).map((row, i) => ({ id: `a.parquet:${i + 1}`, ...row })));
});

test.each(fixture.written)('what pyarrow reads of our files (%#)', async ({ documents, options, base64, schema, rows }) => {
  const bytes = await write(documents, options);
  // The very bytes that pyarrow has read.
  expect(Buffer.from(bytes).toString('base64')).toBe(base64);
  const { textField = 'text', idField = 'id', metaField } = options;
  const parsed = rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, schema[name]?.includes('json') && value !== null ? JSON.parse(String(value)) : value])));
  expect(parsed).toEqual(documents.map(({ id, text, meta = {} }) => {
    const columns = Object.fromEntries(Object.keys(schema).slice(2).map((name) => [name, metaField === undefined ? meta[name] ?? null : Object.keys(meta).length > 0 ? meta : null]));
    return { [idField]: id, [textField]: text, ...columns };
  }));
  const back = await read(bytes, { textField, idField, allowEmpty: true });
  expect(back.map(({ id, text }) => ({ id, text }))).toEqual(documents.map(({ id, text }, i) => ({ id: id === '' ? `a.parquet:${i + 1}` : id, text })));
});

test('only the ranges of the columns asked for are read, a row group at a time', async () => {
  const bytes = file('zstd, row groups of 7');
  const ranges: [number, number][] = [];
  const source: ByteSource = { byteLength: bytes.length, slice: (start, end) => { ranges.push([start, end]); return bytes.slice(start, end).buffer; } };
  const documents = readParquet(source, { columns: ['lang'] });
  expect((await documents.next()).value).toMatchObject({ id: 'doc-0', meta: { lang: 'en' } });
  const afterFirst = ranges.length;
  // The footer, then what there is of one row group.
  expect(ranges.slice(1).every(([start, end]) => end - start < bytes.length / 5)).toBe(true);
  for (let i = 1; i < 7; i++) await documents.next();
  expect(ranges.length).toBe(afterFirst);
  await documents.next();
  expect(ranges.length).toBeGreaterThan(afterFirst);
  await documents.return(undefined);
  expect(await read(bytes, { columns: [], idField: 'none' })).toEqual(fixture.plain.map(({ text }, i) => ({ id: `a.parquet:${i + 1}`, text, source: 'a.parquet' })));
  const controller = new AbortController();
  await expect(async () => { for await (const _ of readParquet(bytes, { signal: controller.signal })) controller.abort(); }).rejects.toThrow(/abort/i);
});

describe('faults', () => {
  const good = file('snappy');

  test('what is no Parquet file, or not all of one', async () => {
    for (const [bytes, found] of [
      [new Uint8Array(0), '0 bytes'], [new TextEncoder().encode('{"text":"hello there"}\n'), 'another ending'], [good.slice(0, -20), 'another ending'],
      [good.slice(-300), ''], [Uint8Array.from([...good.slice(0, -1), 0x45]), 'encrypted'],
    ] as const) {
      const error = await failure(bytes, { skipBad: 99 });
      expect(error).toMatchObject({ code: 'E_PARQUET', file: 'a.parquet' });
      expect(error.message).toContain(found);
    }
    const long = good.slice();
    new DataView(long.buffer).setUint32(long.length - 8, 0x7fffffff, true);
    expect((await failure(long)).message).toContain('a footer of 2147483655 bytes');
  });

  test('any changed byte is an error or other rows, never a crash of another kind', async () => {
    for (let at = 4; at < good.length; at += 23) {
      const changed = good.slice();
      changed[at]! ^= 0x55;
      await read(changed, { skipBad: 1e6, allowEmpty: true, maxRowGroupBytes: 1e6 }).catch((error: unknown) => {
        if (!(error instanceof DataError)) throw new Error(`byte ${at}`, { cause: error });
      });
    }
  });

  test.each(['none', 'snappy'] as const)('a flipped bit ends in an error or in as many rows, and soon (codec %s)', async (codec) => {
    const documents = Array.from({ length: 12 }, (_, i): Document => ({ id: `d${i}`, text: `text ${i % 3}`, meta: { n: i % 4 === 0 ? null : i, lang: i % 2 === 0 ? 'en' : null, kept: i % 3 === 0, score: i / 7 } }));
    const bytes = await write(documents, { codec });
    // Every seventh bit goes through all places in a byte; bits of the footer and of headers of pages are among them.
    for (let bit = 32; bit < 8 * bytes.length; bit += 7) {
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const start = processorMilliseconds();
      let bad = 0;
      const result = await read(changed, { skipBad: 1e6, onBad: () => bad++ }).catch((error: unknown) => error);
      if (!(result instanceof DataError) && (result as Document[]).length + bad !== documents.length) throw new Error(`bit ${bit}`, { cause: result });
      if (processorMilliseconds() - start > 3000) throw new Error(`bit ${bit} took ${processorMilliseconds() - start} ms`);
    }
  });

  test('a column that is not there, no rows', async () => {
    expect((await failure(good, { textField: 'content' })).message).toBe('readParquet: expected a column "content" but found id, text, score, count, lang, kept (a.parquet). Name the column that holds the text with textField, and those to keep with columns.');
    expect((await failure(good, { columns: ['url'] })).code).toBe('E_PARQUET');
    expect((await failure(await write([])))).toMatchObject({ code: 'E_EMPTY' });
    expect(await read(await write([]), { allowEmpty: true })).toEqual([]);
  });

  test('rows without text count against the budget', async () => {
    const bad: string[] = [];
    const options: ReadParquetOptions = { textField: 'lang', onBad: ({ code, line }) => bad.push(`${code} ${line}`) };
    expect((await read(good, { ...options, skipBad: 20 })).length).toBe(40);
    expect(bad).toEqual(Array.from({ length: 20 }, (_, i) => `E_PARQUET ${3 * i + 3}`));
    expect(await failure(good, { ...options, skipBad: 19 })).toMatchObject({ code: 'E_PARQUET', line: 60 });
    expect((await failure(good, { textField: 'count' })).message).toContain('found another type');
    await expect(read(good, { skipBad: -1 })).rejects.toThrow(RangeError);
  });

  test('text that is not UTF-8, text that is too long', async () => {
    const bytes = await write([{ id: 'a', text: 'good' }, { id: 'b', text: 'bad!' }, { id: 'c', text: 'x'.repeat(50) }], { codec: 'none' });
    bytes[Buffer.from(bytes).indexOf('bad!')] = 0xff;
    const bad: string[] = [];
    expect((await read(bytes, { maxDocumentBytes: 49, skipBad: 2, onBad: ({ code, line }) => bad.push(`${code} ${line}`) })).map(({ text }) => text)).toEqual(['good']);
    expect(bad).toEqual(['E_ENCODING 2', 'E_LINE_TOO_LONG 3']);
  });

  test('a row group over the limit', async () => {
    expect(await failure(good, { maxRowGroupBytes: 1000 })).toMatchObject({ code: 'E_PARQUET_TOO_LARGE' });
    expect((await read(good, { maxRowGroupBytes: 5000 })).length).toBe(60);
    const bomb = await write([{ id: 'a', text: 'a'.repeat(1e6) }], { codec: 'gzip' });
    expect(bomb.length).toBeLessThan(10_000);
    expect(await failure(bomb, { maxRowGroupBytes: 1e5 })).toMatchObject({ code: 'E_PARQUET_TOO_LARGE' });
  });

  test('pages that hold more than they say', async () => {
    // 4 MB of zeros in 153 bytes of zstd, as the data of a page of some 500 bytes.
    const bomb = fromBase64('KLUv/YBIAAk9AFQAABAAAAEA+/85wAICABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAANICAA=');
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'text', type: 'STRING', nullable: false, encoding: 'PLAIN', data: ['x'.repeat(500)] }], codec: 'ZSTD', compressors: { ZSTD: () => bomb } }));
    const error = await failure(bytes);
    expect(error).toMatchObject({ code: 'E_PARQUET', message: expect.stringContaining('damage in row group 1') });
    expect(String(error.cause)).toContain('a frame of 4000000 bytes in a page of 504');
  });

  test('what the source throws comes out as it is', async () => {
    const broken: ByteSource = { byteLength: good.length, slice: (start, end) => { if (end < good.length - 100) throw new DataError('E_UNREADABLE', { problem: 'disk', remedy: 'x' }); return good.slice(start, end).buffer; } };
    expect((await failure(broken)).message).toContain('disk');
  });
});

describe('writing', () => {
  test('what does not fit the columns is refused with what to do', async () => {
    const documents = (...metas: (Row | undefined)[]): Document[] => metas.map((meta, i) => ({ id: `d${i}`, text: 'x', ...(meta ? { meta } : {}) }));
    await expect(write(documents({ n: 1 }, { n: 'x' }), { rowGroupBytes: 1 })).rejects.toThrow('expected "n" in the meta of "d1" to be of the kind integer, as in the rows before, but found x. Say what the column holds with columns');
    await expect(write(documents({ n: 1 }, { n: 2, m: 3 }), { rowGroupBytes: 1 })).rejects.toThrow('but found "m" as well');
    await expect(write(documents({ text: 1 }))).rejects.toThrow('"text" twice');
    await expect(write([], { codec: 'zstd' as 'gzip' })).rejects.toThrow(RangeError);
    await expect(write([], { rowGroupBytes: 0 })).rejects.toThrow(RangeError);
    const metas = documents({ n: 1, left: 'out' }, undefined, { n: 1.5 });
    expect((await read(await write(metas, { rowGroupBytes: 1, columns: { n: 'number' } }))).map(({ meta }) => meta)).toEqual([{ n: 1 }, { n: null }, { n: 1.5 }]);
  });

  test('integers beyond doubles, dates of any kind and fields called __proto__ pass', async () => {
    const meta = JSON.parse('{"__proto__":"x"}') as Row;
    const [document] = await read(await write([{ id: 'a', text: '\ud800', meta: { ...{ n: 2n ** 60n, when: new Date(0) }, ...Object.fromEntries(Object.entries(meta)) } }]));
    expect(document?.text).toBe('\ufffd');
    expect(document?.meta?.['n']).toBe(String(2n ** 60n));
    expect(document?.meta?.['when']).toBe('1970-01-01T00:00:00.000Z');
  });
});

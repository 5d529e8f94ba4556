import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gunzip } from './gunzip.ts';
import { readJsonl } from './read-jsonl.ts';
import type { Document } from './types.ts';
import { jsonlBytes, type JsonlBytesOptions } from './write-jsonl.ts';

async function bytesOf(documents: Iterable<Document> | AsyncIterable<Document>, options?: JsonlBytesOptions): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of jsonlBytes(documents, options)) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

const documents: Document[] = [
  { id: 'a', text: 'one\ntwo \u2028 \0 <|im_end|>', meta: { lang: 'en', deep: { list: [1, null] } } },
  { id: 'b', text: '\ud800 😀', source: 'elsewhere' },
  ...Array.from({ length: 3000 }, (_, i): Document => ({ id: `n${i}`, text: `some words of document ${i * i} `.repeat(3) })),
];

test.each([false, true])('what is written is read back, gzip %s', async (gzip) => {
  async function* one(): AsyncGenerator<Uint8Array> {
    yield await bytesOf(documents, { gzip });
  }
  const back: Document[] = [];
  for await (const document of readJsonl(gzip ? gunzip(one()) : one())) back.push(document);
  expect(back).toEqual(documents.map(({ id, text, meta }) => ({ id, text, ...(meta ? { meta } : {}) })));
});

test('lines, field names, nothing at all', async () => {
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const document: Document = { id: 'a', text: 'x', meta: { id: 3 } };
  expect(decode(await bytesOf([document], { metaField: 'meta' }))).toBe('{"id":"a","text":"x","meta":{"id":3}}\n');
  expect(decode(await bytesOf([document], { idField: 'key', textField: 'content' }))).toBe('{"key":"a","content":"x","id":3}\n');
  await expect(bytesOf([document])).rejects.toThrow('jsonlBytes: expected no field "id" in the meta of "a" but found one.');
  expect(await bytesOf([])).toHaveLength(0);
  expect(gunzipSync(await bytesOf([], { gzip: true }))).toHaveLength(0);
});

test.each([false, true])('a failure of the source is the failure of the writer, and stopping early ends the source, gzip %s', async (gzip) => {
  let closed = false;
  async function* failing(): AsyncGenerator<Document> {
    try {
      for (let i = 0; i < 8000; i++) yield { id: String(i), text: `${Math.sin(i)}`.repeat(20) };
      throw new Error('no more');
    } finally {
      closed = true;
    }
  }
  await expect(bytesOf(failing(), { gzip })).rejects.toThrow('no more');
  closed = false;
  for await (const _ of jsonlBytes(failing(), { gzip })) break;
  expect(closed).toBe(true);
});

test('with gzip, documents are taken as they are compressed, not all at once', async () => {
  let taken = 0;
  function* many(): Generator<Document> {
    for (; taken < 10_000; taken++) yield { id: String(taken), text: `${Math.sin(taken)}`.repeat(60) };
  }
  let bytes = 0;
  for await (const part of jsonlBytes(many(), { gzip: true })) {
    bytes += part.length;
    if (bytes > 1000) break;
  }
  expect(taken).toBeLessThan(5000);
});

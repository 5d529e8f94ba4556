import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { metricTokens } from '../tokenized/token-format.ts';
import { tokenShard } from '../tokenized/token-shard.ts';
import type { Document } from '../types.ts';
import { readTokenShards, type ReadTokenShardsOptions } from './read-token-shards.ts';
import { writeTokenShards, type WriteTokenShardsOptions } from './write-token-shards.ts';

interface Fixture {
  readonly datatrove: readonly { vocabSize: number; tokenizerName: string | null; documents: number[][]; tokens: string; index: string; metadata: string }[];
  readonly llmc: readonly { vocabSize: number; documents: number[][]; base64: string }[];
  readonly metric: readonly [number, string][];
}
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/tokens.json', import.meta.url), 'utf8')) as Fixture;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Documents whose text is the list of their ids. */
const asDocuments = (lists: readonly (readonly number[])[]): Document[] => lists.map((ids, i) => ({ id: `d${i}`, text: ids.join(' ') }));
const encode = (text: string): number[] => (text === '' ? [] : text.split(' ').map(Number));
const write = (lists: readonly (readonly number[])[], options: Partial<WriteTokenShardsOptions> = {}) => writeTokenShards(folder, asDocuments(lists), { encode, vocabSize: 65536, ...options });
const bytes = (name: string): Uint8Array => readFileSync(join(folder, name));
async function read(names: readonly string[], options: ReadTokenShardsOptions = {}): Promise<number[][]> {
  const out: number[][] = [];
  for await (const ids of readTokenShards(names.map((name) => join(folder, name)), options)) out.push([...ids]);
  return out;
}

test.each(fixture.datatrove)("datatrove's own bytes, vocabulary of $vocabSize", async ({ vocabSize, tokenizerName, documents, tokens, index, metadata }) => {
  const written = await write(documents, { vocabSize, ...(tokenizerName === null ? {} : { tokenizerName }) });
  expect(written).toEqual({ shards: [{ file: join(folder, 'tokens_00000.ds'), tokens: documents.flat().length, documents: 30 }], documents: 30, tokens: documents.flat().length, empty: 0 });
  for (const [name, expected] of [['tokens_00000.ds', tokens], ['tokens_00000.ds.index', index], ['tokens_00000.ds.metadata', metadata]] as const) expect(Buffer.from(bytes(name)).toString('base64')).toBe(expected);
  expect(await read(['tokens_00000.ds'])).toEqual(documents);
  const shard = tokenShard({ tokens: bytes('tokens_00000.ds'), index: bytes('tokens_00000.ds.index'), metadata: bytes('tokens_00000.ds.metadata').toString() });
  expect([...shard.tokens]).toEqual(documents.flat());
  expect(shard.tokens.BYTES_PER_ELEMENT).toBe(vocabSize > 65536 ? 4 : 2);
  expect(shard.ends).toHaveLength(30);
});

test.each(fixture.llmc)("llm.c's bytes, vocabulary of $vocabSize", async ({ vocabSize, documents, base64 }) => {
  await write(documents, { vocabSize, format: 'llmc' });
  expect(readdirSync(folder)).toEqual(['tokens_000000.bin']);
  expect(Buffer.from(bytes('tokens_000000.bin')).toString('base64')).toBe(base64);
  expect(await read(['tokens_000000.bin'])).toEqual([documents.flat()]);
  expect([...tokenShard({ tokens: bytes('tokens_000000.bin') }).tokens]).toEqual(documents.flat());
});

test('counts as humanize writes them', () => {
  expect(fixture.metric.map(([count]) => [count, metricTokens(count)])).toEqual(fixture.metric);
});

test('bos and eos; llm.c files are cut at them again, across chunks of reading too', async () => {
  const documents = [[5], [6, 7, 8], Array.from({ length: 530_000 }, (_, i) => 10 + (i % 50)), [9]];
  await write(documents, { format: 'llmc', bos: 1, eos: 2 });
  // Texts, as comparing a million numbers one by one takes seconds.
  const expected = documents.map((ids) => [1, ...ids, 2].join());
  const found = async (name: string, options?: ReadTokenShardsOptions): Promise<string[]> => (await read([name], options)).map((ids) => ids.join());
  for (const options of [{ bos: 1 }, { eos: 2 }, { bos: 1, eos: 2 }]) expect(await found('tokens_000000.bin', options)).toEqual(expected);
  await write(documents, { bos: 1, eos: 2 });
  expect(await found('tokens_00000.ds')).toEqual(expected);
});

test('shards hold whole documents, up to their size', async () => {
  const documents = [[1, 2, 3], [4, 5], [6], Array.from({ length: 20 }, () => 7), [], [8, 9]];
  const { shards, empty } = await write(documents, { shardTokens: 5 });
  expect(shards.map(({ tokens, documents: count }) => [tokens, count])).toEqual([[5, 2], [1, 1], [20, 1], [2, 1]]);
  expect(empty).toBe(1);
  expect(await read(shards.map(({ file }) => file.slice(folder.length + 1)))).toEqual(documents.filter(({ length }) => length > 0));
  expect(await writeTokenShards(join(folder, 'none'), [], { encode, vocabSize: 9 })).toEqual({ shards: [], documents: 0, tokens: 0, empty: 0 });
});

test('the order of a seed is drawn out of a buffer, and every document is there once', async () => {
  const documents = Array.from({ length: 200 }, (_, i) => [i]);
  const order = async (seed: number, buffer: number): Promise<number[]> => {
    await write(documents, { shuffle: { documents: buffer, seed }, overwrite: true });
    return (await read(['tokens_00000.ds'])).flat();
  };
  const first = await order(1, 32);
  expect(first).toEqual(await order(1, 32));
  expect(first).not.toEqual(await order(2, 32));
  expect(first.toSorted((a, b) => a - b)).toEqual(documents.flat());
  // Nothing can come out more than a buffer early.
  expect(first.every((id, place) => id - place < 32)).toBe(true);
  const whole = await order(1, 1000);
  expect(whole.slice(0, 100).some((id) => id > 150)).toBe(true);
});

describe('faults of writing', () => {
  test('what is no id, with its document', async () => {
    await expect(write([[1], [2, 65536]])).rejects.toThrow('writeTokenShards: expected token 1 of "d1" to be an id below vocabSize, 65536, but found 65536.');
    await expect(write([[1.5]])).rejects.toThrow(RangeError);
    await expect(writeTokenShards(folder, asDocuments([[1]]), { encode: () => [undefined as unknown as number], vocabSize: 9 })).rejects.toThrow(RangeError);
    for (const options of [{ eos: -1 }, { bos: 65536 }, { vocabSize: 0 }, { shardTokens: 0 }, { name: '../x' }, { format: 'x' as 'llmc' }, { shuffle: { documents: 0, seed: 1 } }]) await expect(write([[1]], options)).rejects.toThrow(RangeError);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a run that fails leaves nothing, one that stands is not written over unasked', async () => {
    const failing = async function* (): AsyncGenerator<Document> {
      yield* asDocuments([[1, 2], [3, 4], [5]]);
      throw new Error('no more');
    };
    await expect(writeTokenShards(folder, failing(), { encode, vocabSize: 9, shardTokens: 2 })).rejects.toThrow('no more');
    expect(readdirSync(folder)).toEqual([]);
    await write([[1], [2]], { shardTokens: 1 });
    writeFileSync(join(folder, 'tokens_notes.txt'), '');
    await expect(write([[1]])).rejects.toThrow('but found tokens_00000.ds in');
    await write([[3]], { overwrite: true });
    expect(readdirSync(folder)).toEqual(['tokens_00000.ds', 'tokens_00000.ds.index', 'tokens_00000.ds.metadata', 'tokens_notes.txt']);
    await expect(write([[1]], { overwrite: true, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('faults of reading', () => {
  test('a shard, an index and metadata that do not belong together', async () => {
    await write([[1, 2], [3]]);
    const [tokens, index, metadata] = ['', '.index', '.metadata'].map((ending) => bytes(`tokens_00000.ds${ending}`)) as [Uint8Array, Uint8Array, Uint8Array];
    const fails = async (files: Record<string, Uint8Array | undefined>, found: string): Promise<void> => {
      for (const [ending, content] of Object.entries({ '': tokens, '.index': index, '.metadata': metadata, ...files })) {
        if (content) writeFileSync(join(folder, `a.ds${ending}`), content);
        else rmSync(join(folder, `a.ds${ending}`), { force: true });
      }
      const error = await read(['a.ds']).then(() => undefined, (reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'DataError', code: 'E_TOKENS', message: expect.stringContaining(found) });
    };
    await fails({ '': tokens.slice(0, 5) }, '5 bytes');
    await fails({ '': tokens.slice(0, 4) }, 'the end 3 after 2');
    await fails({ '': new Uint8Array(8) }, 'an index that ends at 4');
    await fails({ '.index': index.slice(0, 9) }, '9 bytes');
    await fails({ '.index': Uint8Array.from([...index.slice(8), ...index.slice(0, 8)]) }, 'the end 2 after 3');
    await fails({ '.index': undefined }, 'an index beside the shard');
    await fails({ '.metadata': undefined }, 'metadata beside the shard, or tokenBytes');
    await fails({ '.metadata': new TextEncoder().encode('gpt2\n3') }, 'a metadata file');
    rmSync(join(folder, 'a.ds.metadata'));
    writeFileSync(join(folder, 'a.ds'), tokens);
    writeFileSync(join(folder, 'a.ds.index'), index);
    expect(await read(['a.ds'], { tokenBytes: 2 })).toEqual([[1, 2], [3]]);
    await expect(read(['a.txt'])).rejects.toMatchObject({ code: 'E_FORMAT' });
    await expect(read(['none.ds'])).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  test("llm.c's header", async () => {
    await write([[1, 2], [3]], { format: 'llmc' });
    const good = bytes('tokens_000000.bin');
    const fails = async (content: Uint8Array, found: string): Promise<void> => {
      writeFileSync(join(folder, 'a.bin'), content);
      await expect(read(['a.bin'])).rejects.toMatchObject({ code: 'E_TOKENS', message: expect.stringContaining(found) });
      expect(() => tokenShard({ tokens: content })).toThrow(found);
    };
    await fails(good.slice(0, 100), '100 bytes');
    await fails(good.slice(0, -2), '3 tokens of 2 bytes after the header but found 1028 bytes');
    await fails(Uint8Array.from(good, (byte, i) => (i === 0 ? 0 : byte)), 'magic numbers');
    await fails(Uint8Array.from(good, (byte, i) => (i === 4 ? 7 : byte)), 'version 7');
  });
});

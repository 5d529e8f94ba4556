import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { DataError } from '../data-error.ts';
import { readDocuments } from './read-documents.ts';
import { unzstd, type UnzstdOptions } from './unzstd.ts';
import { zstdFrames } from './zstd-frames.ts';

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    // One buffer for all chunks, as the reader of files has it.
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}

async function read(bytes: Uint8Array, { size = 100, ...options }: UnzstdOptions & { size?: number } = {}): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of unzstd(chunks(bytes, size), { source: 'a.zst', ...options })) parts.push(part);
  return Buffer.concat(parts).toString();
}

const failure = (bytes: Uint8Array, options: UnzstdOptions = {}): Promise<DataError> => read(bytes, options).then(() => expect.fail('should throw'), (error: unknown) => error as DataError);

/** `hello zstd\n` as a frame of one raw block, written by hand: magic number, descriptor with a size of one byte, last block, bytes. */
const text = 'hello zstd\n';
const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length, (text.length << 3) | 1, 0, 0, ...new TextEncoder().encode(text));
const { zstdCompressSync } = zlib as unknown as { zstdCompressSync?: (bytes: Uint8Array, options?: object) => Uint8Array };

// Which of the two runs depends on the Node; neither passes on the other.
test.runIf(zstdCompressSync === undefined)('a Node without zstd says so', async () => {
  const error = await failure(frame);
  expect(error).toMatchObject({ code: 'E_ZSTD_UNSUPPORTED', file: 'a.zst', remedy: expect.stringContaining('22.15') });
});

test.runIf(zstdCompressSync !== undefined)('what went in comes out; damage, a missing end, other bytes and bombs are errors', async () => {
  expect(await read(frame)).toBe(text);
  const long = Array.from({ length: 5000 }, (_, i) => `line ${i * i}\n`).join('');
  const zipped = zstdCompressSync?.(new TextEncoder().encode(long), { params: { [(zlib.constants as unknown as { ZSTD_c_checksumFlag: number }).ZSTD_c_checksumFlag]: 1 } }) ?? new Uint8Array();
  expect(await read(zipped)).toBe(long);
  const skipped = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
  const several = new Uint8Array(Buffer.concat([zipped, frame, skipped, frame, skipped]));
  for (const size of [1, 7, 100, 1e6]) expect(await read(several, { size })).toBe(long + text + text);
  expect(await failure(zipped, { maxBytes: 1000 })).toMatchObject({ code: 'E_ZSTD_BOMB' });
  for (const wrong of [zipped.subarray(0, zipped.length - 5), zipped.with(500, (zipped[500] as number) ^ 255), new TextEncoder().encode('text'), new Uint8Array(), new Uint8Array([...frame, 1, 2, 3, 4, 5]), frame.subarray(0, 7)]) expect(await failure(wrong)).toMatchObject({ code: 'E_ZSTD_CORRUPT', file: 'a.zst' });
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield zipped.subarray(0, 100);
    throw new DataError('E_UNREADABLE', { problem: 'x: expected a but found b', remedy: 'c.' });
  };
  await expect(async () => {
    for await (const _ of unzstd(broken()));
  }).rejects.toMatchObject({ code: 'E_UNREADABLE' });
});

const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2);
/** Two blocks, the first of one byte seven times, with a window, and a checksum at the end. */
const blocks = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, (7 << 3) | 2, 0, 0, 97, (2 << 3) | 1, 0, 0, 98, 10, 1, 2, 3, 4);

test('frames are told apart on any Node, however the bytes are cut', async () => {
  const all = [frame, skippable, blocks, frame, Uint8Array.of(9, 9, 9, 9, 9)];
  const bytes = new Uint8Array(Buffer.concat(all));
  const ends = all.map((_, i) => all.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
  for (const size of [1, 3, 10, 1000]) {
    const seen: number[] = [];
    const out: number[] = [];
    for await (const part of zstdFrames(chunks(bytes, size))) {
      out.push(...part);
      seen.push(out.length);
    }
    expect(out).toEqual([...bytes]);
    expect(ends.filter((end) => !seen.includes(end))).toEqual([]);
  }
});

test('a .zst file is read, or refused by name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zstd-'));
  try {
    const file = join(folder, 'a.txt.zst');
    writeFileSync(file, frame);
    const found: string[] = [];
    const reading = (async () => {
      for await (const document of readDocuments([file])) found.push(document.text);
    })();
    if (zstdCompressSync) {
      await reading;
      expect(found).toEqual([text]);
    } else await expect(reading).rejects.toMatchObject({ code: 'E_ZSTD_UNSUPPORTED', file: 'a.txt.zst' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DataError } from './data-error.ts';
import { gunzip, type GunzipOptions } from './gunzip.ts';

async function* chunks(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function size(bytes: Uint8Array, options: GunzipOptions & { chunk?: number } = {}): Promise<number> {
  let total = 0;
  for await (const part of gunzip(chunks(bytes, options.chunk), options)) total += part.length;
  return total;
}

const failure = async (bytes: Uint8Array, options: GunzipOptions & { chunk?: number } = {}): Promise<DataError> => {
  const error = await size(bytes, { source: 'a.gz', ...options }).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
};

const text = Array.from({ length: 5000 }, (_, i) => `line ${i * i}\n`).join('');
const zipped = new Uint8Array(gzipSync(text));

test('what went in comes out, however it is cut', async () => {
  for (const chunk of [1, 999, 1e6]) expect(await size(zipped, { chunk })).toBe(text.length);
  let out = '';
  for await (const part of gunzip(chunks(zipped))) out += new TextDecoder().decode(part);
  expect(out).toBe(text);
  expect(await size(new Uint8Array(gzipSync('')))).toBe(0);
});

test('members one after another are one stream', async () => {
  const members = new Uint8Array([...gzipSync('one'), ...gzipSync('two'), ...gzipSync('')]);
  for (const chunk of [1, 7, 1000]) expect(await size(members, { chunk })).toBe(6);
  expect((await failure(members.subarray(0, -1))).code).toBe('E_GZIP_TRUNCATED');
  // Tapes and block devices pad with zeros.
  for (const chunk of [1, 1000]) {
    expect(await size(new Uint8Array([...members, 0, 0, 0, ...gzipSync('three')]), { chunk })).toBe(11);
    expect((await failure(new Uint8Array([...members, 0, 0, 0x50, 0x4b]), { chunk })).code).toBe('E_GZIP_CORRUPT');
  }
});

test('the checksum and the length at the end of each member are checked', async () => {
  for (const at of [-8, -1]) {
    const bytes = new Uint8Array(zipped);
    bytes[bytes.length + at] = (bytes.at(at) as number) ^ 1;
    expect((await failure(bytes)).code).toBe('E_GZIP_CORRUPT');
    expect((await failure(new Uint8Array([...bytes, ...zipped]))).code).toBe('E_GZIP_CORRUPT');
  }
});

describe('faults', () => {
  test('64 MiB of zeros stop at the cap, with little given out', async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(64 * 1024 ** 2)));
    expect(bomb.length).toBeLessThan(70_000);
    let given = 0;
    let error: unknown;
    try {
      for await (const part of gunzip(chunks(bomb), { maxBytes: 1024 ** 2, source: 'bomb.gz' })) given += part.length;
    } catch (reason) {
      error = reason;
    }
    expect(error).toMatchObject({ code: 'E_GZIP_BOMB', file: 'bomb.gz', message: 'gunzip: expected at most 1048576 bytes inside but found more (bomb.gz). Raise maxBytes if the data is meant to be that large.' });
    expect(given).toBeLessThanOrEqual(1024 ** 2);
    expect(await size(bomb, { maxBytes: 64 * 1024 ** 2 })).toBe(64 * 1024 ** 2);
  });

  test('cut off anywhere', async () => {
    for (const length of [2, 5, 10, 100, zipped.length - 8, zipped.length - 1]) expect((await failure(zipped.subarray(0, length))).code).toBe('E_GZIP_TRUNCATED');
  });

  test('not gzip, or nothing', async () => {
    for (const bytes of [new TextEncoder().encode('plain text'), new Uint8Array(0), Uint8Array.of(0x1f)]) expect(await failure(bytes)).toMatchObject({ code: 'E_GZIP_MAGIC', file: 'a.gz' });
  });

  test('a changed byte, bytes after the end', async () => {
    for (const at of [3, 40, zipped.length - 6]) {
      const bytes = zipped.slice();
      bytes[at] = (bytes[at] as number) ^ 0x55;
      expect((await failure(bytes)).code).toMatch(/^E_GZIP_(CORRUPT|TRUNCATED)$/);
    }
    expect((await failure(new Uint8Array([...zipped, ...new TextEncoder().encode('junkjunk')]))).code).toBe('E_GZIP_CORRUPT');
  });

  test('an error of the stream itself passes through', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield zipped.subarray(0, 100);
      throw new Error('disk on fire');
    }
    await expect(async () => {
      for await (const _ of gunzip(broken()));
    }).rejects.toThrow('disk on fire');
    await expect(size(zipped, { maxBytes: -1 })).rejects.toThrow(RangeError);
  });
});

test('stopping early closes the stream', async () => {
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield zipped;
    } finally {
      closed = true;
    }
  }
  for await (const _ of gunzip(endless())) break;
  expect(closed).toBe(true);
});

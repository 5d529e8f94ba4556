import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from './data-error.ts';
import { readLines, type ReadLinesOptions } from './read-lines.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // One buffer for all chunks, as a file reader would do.
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}

async function lines(bytes: Uint8Array, options: ReadLinesOptions & { chunk?: number } = {}): Promise<string[]> {
  const out: string[] = [];
  for await (const line of readLines(inChunks(bytes, options.chunk ?? 7), options)) out.push(line);
  return out;
}

async function failure(bytes: Uint8Array, options: ReadLinesOptions & { chunk?: number } = {}): Promise<DataError> {
  const error = await lines(bytes, options).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
}

test('line feeds, carriage returns, no end at the end, nothing', async () => {
  expect(await lines(utf8('a\nb\r\n\r\nc\rd\n'))).toEqual(['a', 'b', '', 'c\rd']);
  expect(await lines(utf8('a\nb'))).toEqual(['a', 'b']);
  expect(await lines(utf8('\n'))).toEqual(['']);
  expect(await lines(utf8(''))).toEqual([]);
});

test('one byte order mark at the start goes, any other stays', async () => {
  expect(await lines(utf8('\ufeff\ufeffa\n\ufeffb'), { chunk: 1 })).toEqual(['\ufeffa', '\ufeffb']);
});

test('how the bytes are cut into chunks does not matter', async () => {
  const text = fc.array(fc.constantFrom('a', '\n', '\r\n', '🙂', 'é', ' ', 'long line '.repeat(30), '\0\0'), { maxLength: 40 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 700 }), async (content, chunk) => {
      const expected = content.split('\n').map((line) => line.replace(/\r$/, ''));
      if (content.endsWith('\n') || content === '') expected.pop();
      expect(await lines(utf8(content), { chunk })).toEqual(expected);
    }),
  );
});

describe('faults', () => {
  const utf16 = (text: string, littleEndian: boolean): Uint8Array => {
    const bytes = new DataView(new ArrayBuffer(2 * text.length));
    [...text].forEach((_, i) => bytes.setUint16(2 * i, text.charCodeAt(i), littleEndian));
    return new Uint8Array(bytes.buffer);
  };

  test.each([true, false])('UTF-16, little endian %j, with a mark and without', async (littleEndian) => {
    for (const mark of ['\ufeff', '']) {
      const error = await failure(utf16(`${mark}{"text": "hello"}\n`, littleEndian), { source: 'x.jsonl' });
      expect(error.code).toBe('E_ENCODING');
      expect(error.message).toMatch(/^readLines: expected UTF-8 text but found .*UTF-16.* \(x\.jsonl, line 1\)\. Convert/);
    }
  });

  test('text with zeros in it is not UTF-16', async () => {
    expect(await lines(utf8('a\0\0b\0\0c\0\0d'))).toEqual(['a\0\0b\0\0c\0\0d']);
    expect(await lines(utf8('some text and a \0 or two \0'))).toHaveLength(1);
  });

  test('gzip and zstd data say what to do', async () => {
    expect((await failure(Uint8Array.of(0x1f, 0x8b, 8, 0))).message).toContain('Pass the stream through gunzip');
    expect((await failure(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd))).message).toContain('zstd');
  });

  test('bytes that are not UTF-8 name their line, or are replaced', async () => {
    const bytes = Uint8Array.of(...utf8('one\ntwo\nthr'), 0xff, ...utf8('ee\nfour\n'));
    for (const chunk of [1, 5, 1000]) {
      const error = await failure(bytes, { chunk, source: 'a.txt' });
      expect([error.code, error.line, error.file]).toEqual(['E_ENCODING', 3, 'a.txt']);
      expect(await lines(bytes, { chunk, replaceInvalid: true })).toEqual(['one', 'two', 'thr\ufffdee', 'four']);
    }
    // A code point that the end of the stream cuts in two.
    expect((await failure(utf8('a\né').subarray(0, 3))).line).toBe(2);
  });

  test('a line that is too long names its number, without being held in memory', async () => {
    for (const chunk of [3, 64, 10_000]) {
      const error = await failure(utf8(`ok\n${'x'.repeat(500)}\nend\n`), { maxLineBytes: 100, chunk });
      expect([error.code, error.line]).toEqual(['E_LINE_TOO_LONG', 2]);
      for (const end of ['\n', '\r\n', '']) {
        expect(await lines(utf8(`${'x'.repeat(100)}${end}`), { maxLineBytes: 100, chunk })).toHaveLength(1);
        expect((await failure(utf8(`${'x'.repeat(101)}${end}`), { maxLineBytes: 100, chunk })).code).toBe('E_LINE_TOO_LONG');
      }
    }
    await expect(lines(utf8('a'), { maxLineBytes: 0 })).rejects.toThrow(RangeError);
  });

  test('NUL and lone continuation are text and error', async () => {
    expect(await lines(utf8('a\0b\n'))).toEqual(['a\0b']);
    expect((await failure(Uint8Array.of(0x80))).code).toBe('E_ENCODING');
  });
});

async function* generated(bytes: number): AsyncGenerator<Uint8Array> {
  const line = utf8(`${'some words of a line that is fairly long '.repeat(5)}\n`);
  const chunk = new Uint8Array(line.length * 300);
  for (let i = 0; i < 300; i++) chunk.set(line, i * line.length);
  for (let given = 0; given < bytes; given += chunk.length) yield chunk;
}

test('200 MB pass through in flat memory', async () => {
  let count = 0;
  let most = 0;
  const before = process.memoryUsage();
  for await (const line of readLines(generated(200e6))) {
    count += line.length;
    if (count % 10e6 < 300) {
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      most = Math.max(most, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
    }
  }
  expect(count).toBeGreaterThan(199e6);
  expect(most).toBeLessThan(100e6);
});

test('a million lines of one character', async () => {
  let count = 0;
  for await (const line of readLines(inChunks(utf8('a\n'.repeat(1_000_000)), 2_000_000))) count += line.length;
  expect(count).toBe(1_000_000);
});

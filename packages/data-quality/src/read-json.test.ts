import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError } from './data-error.ts';
import { readJson, type ReadJsonOptions } from './read-json.ts';
import type { Document } from './types.ts';

async function* cut(content: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    // One buffer for all chunks, as the reader of files has it.
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}
async function read(content: string | Uint8Array, { size = 3, ...options }: ReadJsonOptions & { size?: number } = {}): Promise<Document[]> {
  const out: Document[] = [];
  for await (const document of readJson(cut(content, size), { source: 'a.json', ...options })) out.push(document);
  return out;
}
const failure = (content: string | Uint8Array, options: ReadJsonOptions = {}): Promise<DataError> => read(content, options).then(() => expect.fail('should throw'), (error: unknown) => error as DataError);

test('an array of objects, in any layout; ids are numbers of records', async () => {
  const text = '\ufeff [ {"text":"a ] } , \\" \\\\","id":"x","n":{"m":[1,{}]}},\n\n{"text":"b"}\r\n, {\n  "text": "今天"\n}\n]\n';
  for (const size of [1, 2, 5, 1000]) {
    expect(await read(text, { size })).toEqual([
      { id: 'x', text: 'a ] } , " \\', source: 'a.json', meta: { n: { m: [1, {}] } } },
      { id: 'a.json:2', text: 'b', source: 'a.json' },
      { id: 'a.json:3', text: '今天', source: 'a.json' },
    ]);
  }
});

test('white space before the first record is not held, and its lines are counted', async () => {
  const space = new TextEncoder().encode(`${' '.repeat(999)}\n`.repeat(1000));
  for (const [content, line] of [['[{"text":"a"}, 7]', 40_003], ['{"text":"a"}\n7', 40_004]] as const) {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield* cut('\ufeff\n \n', 1);
      for (let i = 0; i < 40; i++) yield space;
      yield* cut(content, 5);
    }
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const found: string[] = [];
    await expect((async () => {
      for await (const { text } of readJson(source())) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        found.push(text);
      }
    })()).rejects.toMatchObject({ line });
    expect(found).toEqual(['a']);
    expect(most).toBeLessThan(20e6);
  }
});

test('a source that is not gone through is closed', async () => {
  for (const content of ['x', '[{"text":"a"},7', '{"text":"a"}\n7\n']) {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* cut(content, 2);
        yield* cut(' '.repeat(100), 2);
      } finally {
        closed = true;
      }
    }
    await expect((async () => { for await (const _ of readJson(source())); })(), content).rejects.toThrow(DataError);
    expect(closed, content).toBe(true);
  }
});

test('any list of records comes back', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ text: fc.string({ unit: 'grapheme' }), other: fc.jsonValue() }), { minLength: 1 }), fc.integer({ min: 1, max: 50 }), fc.constantFrom(undefined, 2), async (records, size, indent) => {
    expect((await read(JSON.stringify(records, null, indent), { size })).map(({ text, meta }) => ({ text, other: meta?.['other'] }))).toEqual(JSON.parse(JSON.stringify(records)));
  }), { numRuns: 50 });
});

test('what starts with an object is JSON Lines', async () => {
  expect((await read('\n{"text":"a"}\n{"text":"b"}\n')).map(({ id, text }) => [id, text])).toEqual([['a.json:2', 'a'], ['a.json:3', 'b']]);
  expect(await failure('{"text":"a"}\nx')).toMatchObject({ code: 'E_JSONL', line: 2 });
});

describe('faults', () => {
  test.each([
    ['[{"text":"a"},\n{"text":"b"', 2, 'its end missing'],
    ['[{"text":"a"}]\n]', 2, 'more after its end'],
    ['[{"text":"a"},\n,{"text":"b"}]', 2, ', in place of a record'],
    ['[{"text":"a"},\n]', 2, '] in place of a record'],
    ['[', 1, 'its end missing'],
    ['"text"', 1, 'byte 0x22 at the start'],
    ['\u0000', 1, 'byte 0x00'],
  ])('%j is always thrown', async (content, line, found) => {
    const error = await failure(content, { skipBad: 99 });
    expect(error).toMatchObject({ name: 'DataError', code: 'E_JSON', file: 'a.json', line });
    expect(error.message).toContain(found);
  });

  test('no records', async () => {
    for (const content of ['', ' \n', '[]', ' [ ] ']) {
      expect(await failure(content)).toMatchObject({ code: 'E_EMPTY' });
      expect(await read(content, { allowEmpty: true })).toEqual([]);
    }
  });

  test('bad records count against the budget', async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('[{"text":"a"},\n3,\n{"text":5},\n"]",\n{text:1},\n["x"],\n{"text":"'), 0xff, ...new TextEncoder().encode(`"},\n{"text":"${'long'.repeat(20)}"},\n{"text":"b"}]`)]);
    const bad: string[] = [];
    const options: ReadJsonOptions = { maxRecordBytes: 50, onBad: ({ code, line }) => bad.push(`${code} ${line}`) };
    expect((await read(bytes, { ...options, skipBad: 7 })).map(({ id, text }) => [id, text])).toEqual([['a.json:1', 'a'], ['a.json:9', 'b']]);
    expect(bad).toEqual(['E_JSON 2', 'E_JSON 3', 'E_JSON 4', 'E_JSON 5', 'E_JSON 6', 'E_ENCODING 7', 'E_LINE_TOO_LONG 8']);
    expect(await failure(bytes, { ...options, skipBad: 6 })).toMatchObject({ code: 'E_LINE_TOO_LONG', line: 8 });
    await expect(read('[]', { skipBad: -1 })).rejects.toThrow(RangeError);
  });

  test('a string that is never closed is followed in flat memory', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('[{"text":"');
      const block = new Uint8Array(1e6).fill(0x61);
      for (let i = 0; i < 30; i++) yield block;
    }
    const bad: DataError[] = [];
    const before = process.memoryUsage().arrayBuffers;
    await expect(async () => { for await (const _ of readJson(endless(), { maxRecordBytes: 2e6, skipBad: 1, onBad: (error) => bad.push(error) })); }).rejects.toThrow('its end missing');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(15e6);
  });
});

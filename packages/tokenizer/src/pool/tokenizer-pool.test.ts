// The threads run what is built, so the pool does as well: `npm test` builds it first.
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { encodeBatch, readSentencePiece, tokenizerFromJson, trainBpe } from '../index.ts';
import type * as built from '../index.ts';
import { cutTexts } from './cut-texts.ts';

const { openTokenizerPool } = await import(new URL('../../dist/index.js', import.meta.url).href) as typeof built;
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8'));
const { strings } = read('hostile') as { strings: string[] };
const { tokenizers } = read('pipelines') as { tokenizers: Record<string, { file: built.TokenizerJson }> };
const pairs = strings.slice(0, 300).map((text, i) => [text, strings[i + 1]!] as const);
const long = Array.from({ length: 40 }, (_, i) => `${i} the theory of the other thing `.repeat(200));

/** Bytes, which are compared at once. */
const bytesOf = (batch: built.EncodedBatch): Buffer[] => [batch.ids, batch.rowOffsets, batch.attentionMask, batch.typeIds].map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength));
function expectSame(found: built.EncodedBatch, wanted: built.EncodedBatch): void {
  const theirs = bytesOf(wanted);
  expect(bytesOf(found).map((bytes, i) => bytes.equals(theirs[i]!))).toEqual([true, true, true, true]);
}

/** Node's handles of the threads, as they are started. */
function recordThreads(): Worker[] {
  const threads: Worker[] = [];
  const real = process.getBuiltinModule.bind(process) as (name: string) => object;
  class Recorded extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      threads.push(this);
    }
  }
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) => (name === 'node:worker_threads' ? { ...real(name), Worker: Recorded } : real(name))) as never);
  return threads;
}

afterEach(() => { vi.restoreAllMocks(); });

describe('a pool gives what encodeBatch gives', () => {
  test('of texts and pairs, cut and filled up, for a file and for a tokenizer', async () => {
    const file = tokenizers.BERT!.file;
    const tokenizer = tokenizerFromJson(file);
    const pool = await openTokenizerPool(file, { workers: 2 });
    const options = [{}, { addSpecialTokens: true, allowSpecial: true }, { truncation: { maxLength: 12 }, padding: { direction: 'left', multipleOf: 8, id: 3, typeId: 1 }, addSpecialTokens: true }] as const;
    for (const each of options) {
      for (const texts of [strings, pairs, []]) expectSame(await pool.encodeBatch(texts, each), encodeBatch(tokenizer, texts, each));
    }
    await pool.close();
  });

  test('in many shares by more threads, several batches at once, with the truncation and padding of the file', async () => {
    const trained = await trainBpe(['the theory of the other thing'], { vocabSize: 280 });
    const tokenizer = tokenizerFromJson({
      ...trained.toJSON(), truncation: { max_length: 500, strategy: 'LongestFirst', stride: 0, direction: 'Right' },
      padding: { strategy: 'BatchLongest', direction: 'Right', pad_to_multiple_of: null, pad_id: 1, pad_type_id: 0, pad_token: '!' },
    });
    const pool = await openTokenizerPool(tokenizer, { workers: 3 });
    const wanted = encodeBatch(tokenizer, [...long, ...strings]);
    const found = await Promise.all(Array.from({ length: 3 }, () => pool.encodeBatch([...long, ...strings])));
    for (const each of found) expectSame(each, wanted);
    expectSame(await pool.encodeBatch(['a'], { truncation: null, padding: null }), encodeBatch(tokenizer, ['a'], { truncation: null, padding: null }));
    expect(pool.workers).toBe(3);
    await pool.close();
  });

  test('of a SentencePiece model, whose tokenizer.json is not the same', async () => {
    const { models } = read('sentencepiece') as { models: Record<string, { model: string }> };
    const tokenizer = readSentencePiece(Uint8Array.from(Buffer.from(Object.values(models)[0]!.model, 'base64')));
    const built = await import(new URL('../../dist/index.js', import.meta.url).href) as { readSentencePiece: typeof readSentencePiece };
    const pool = await openTokenizerPool(built.readSentencePiece(Uint8Array.from(Buffer.from(Object.values(models)[0]!.model, 'base64'))), { workers: 1 });
    expectSame(await pool.encodeBatch(strings), encodeBatch(tokenizer, strings));
    await pool.close();
  });
});

describe('what goes wrong is an error, and no thread is left behind', () => {
  test('options and texts that encodeBatch refuses; the pool goes on', async () => {
    const pool = await openTokenizerPool(tokenizers.BERT!.file, { workers: 2 });
    await expect(pool.encodeBatch(['a'], { truncation: { maxLength: 1 }, addSpecialTokens: true })).rejects.toThrow(RangeError);
    await expect(pool.encodeBatch(['a', 3 as never])).rejects.toThrow(TypeError);
    await expect(pool.encodeBatch(['a', ['b', (() => {}) as never]])).rejects.toThrow('could not be cloned');
    await expect(pool.encodeBatch(['a'], { allowSpecial: (() => true) as never })).rejects.toThrow('expected allowSpecial to be true or false');
    await expect(pool.encodeBatch(['a'], { padding: { length: -1 } })).rejects.toThrow('padding.length');
    expect((await pool.encodeBatch(['a'])).ids.length).toBe(1);
    await pool.close();
  });

  test('tasks that can not be sent, one after the other: what waits behind them is done', async () => {
    const tokenizer = tokenizerFromJson(tokenizers.BERT!.file);
    const pool = await openTokenizerPool(tokenizers.BERT!.file, { workers: 1 });
    const first = pool.encodeBatch(long);
    const bad = Array.from({ length: 6 }, () => pool.encodeBatch(['a', ['b', (() => {}) as never], ...long]));
    const last = pool.encodeBatch(strings);
    for (const each of bad) await expect(each).rejects.toThrow('could not be cloned');
    expectSame(await first, encodeBatch(tokenizer, long));
    expectSame(await last, encodeBatch(tokenizer, strings));
    await pool.close();
  });

  test('what is no batch and what is no tokenizer are told in words', async () => {
    const pool = await openTokenizerPool(tokenizers.BERT!.file, { workers: 1 });
    for (const [texts, message] of [[[null], 'expected texts[0] to be a text or a pair of texts but found null'], [[...long, ...long, 7], `expected texts[${2 * long.length}] to be a text or a pair of texts but found 7`], [null, 'expected an array of texts but found null']] as const) {
      await expect(pool.encodeBatch(texts as never)).rejects.toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) }) as Error);
    }
    await pool.close();
    for (const [given, found] of [[null, 'null'], ['tokenizer.json', '"tokenizer.json"']] as const) {
      await expect(openTokenizerPool(given as never)).rejects.toThrow(`openTokenizerPool: expected a tokenizer or a tokenizer.json object but found ${found}. `);
    }
  });

  test('a thread that dies: what is on its way rejects, and whatever comes after', async () => {
    const threads = recordThreads();
    const pool = await openTokenizerPool(tokenizers.BERT!.file, { workers: 2 });
    const batches = [pool.encodeBatch(long), pool.encodeBatch(long)];
    await threads[0]!.terminate();
    for (const batch of batches) await expect(batch).rejects.toMatchObject({ code: 'E_TOKENIZER_POOL', message: expect.stringContaining('expected 2 threads but found that one ended: a thread ended with code 1. Open another pool') });
    await expect(pool.encodeBatch(['a'])).rejects.toMatchObject({ code: 'E_TOKENIZER_POOL' });
    await pool.close();
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });

  test('a tokenizer that no thread can read', async () => {
    const threads = recordThreads();
    await expect(openTokenizerPool({ ...tokenizers.BERT!.file, model: { type: 'Markov' } } as never, { workers: 2 })).rejects.toThrow('E_TOKENIZER_UNSUPPORTED');
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
    await expect(openTokenizerPool(tokenizers.BERT!.file, { workers: 0 })).rejects.toThrow('expected workers to be a whole number above 0');
  });

  test('closed with answers that have come but were not read: the process stays until the threads have ended', async () => {
    const pool = await openTokenizerPool(tokenizers.BERT!.file, { workers: 2 });
    await pool.encodeBatch(long);
    const batch = pool.encodeBatch(long).catch(({ code }) => code as string);
    for (const until = performance.now() + 300; performance.now() < until;);
    const letGo = vi.spyOn(Worker.prototype, 'unref');
    await pool.close();
    expect(await batch).toBe('E_TOKENIZER_POOL');
    expect(letGo).not.toHaveBeenCalled();
  });

  test('closed twice, with a batch on its way', async () => {
    const threads = recordThreads();
    const pool = await openTokenizerPool(tokenizers.BERT!.file, { workers: 2 });
    const batch = pool.encodeBatch(long);
    const [found] = await Promise.allSettled([batch, pool.close(), pool.close()]);
    expect(found).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('expected a pool that is open but found it closed') } });
    await expect(pool.encodeBatch(['a'])).rejects.toThrow('found it closed');
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });

  test('given up: the reason, and the pool goes on', async () => {
    const pool = await openTokenizerPool(tokenizers.BERT!.file, { workers: 1 });
    const controller = new AbortController();
    const batch = pool.encodeBatch(long, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(batch).rejects.toThrow('enough');
    await expect(pool.encodeBatch(long, { signal: controller.signal })).rejects.toThrow('enough');
    expectSame(await pool.encodeBatch(strings), encodeBatch(tokenizerFromJson(tokenizers.BERT!.file), strings));
    await pool.close();
  });
});

test('texts are cut in order into shares of about the wanted size, one text never', () => {
  const texts = ['aaaa', 'b', ['c', 'cc'], 'dddddddddd', '', 'e'] as const;
  expect(cutTexts(texts, { shares: 4, most: 4, least: 1 })).toEqual([0, 1, 3, 4, 6]);
  expect(cutTexts(texts, { shares: 4, most: 100, least: 50 })).toEqual([0, 6]);
  expect(cutTexts([], { shares: 4, most: 4, least: 1 })).toEqual([0]);
});

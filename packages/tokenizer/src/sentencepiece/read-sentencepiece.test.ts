// SentencePiece models against what SentencePiece does with hostile text, and against transformers' converters.
import { readFileSync } from 'node:fs';
import { processorMilliseconds } from '@llm/testing/node';
import { describe, expect, test } from 'vitest';
import { readSentencePiece, tokenizerFromJson, tokenizerToText, writeSentencePiece } from '../index.ts';

interface Expected { model: string; ids: string; decoded: string; saved?: string }

const fixture = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8'));
const { strings } = fixture('hostile') as { strings: string[] };
const { more, models } = fixture('sentencepiece') as { more: string[]; models: Record<string, Expected> };
const texts = [...strings, ...more];
const bytesOf = (name: string): Uint8Array => Uint8Array.from(atob(models[name]!.model), (char) => char.charCodeAt(0));

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe.each(Object.keys(models))('%s', (name) => {
  const tokenizer = readSentencePiece(bytesOf(name));
  const ids = texts.map((text) => [...tokenizer.encode(text)]);

  test('the ids of SentencePiece', async () => expect(await sha256(JSON.stringify(ids))).toBe(models[name]!.ids));

  test('its texts, where nothing is unknown', async () => {
    const unknown = tokenizer.tokenToId('<unk>');
    const known = ids.filter((row) => !row.includes(unknown!));
    expect(await sha256(JSON.stringify(known.map((row) => tokenizer.decode(row))))).toBe(models[name]!.decoded);
  });

  test('the file of the converters is read again, and gives the same ids for plain text', async () => {
    const file = tokenizerToText(tokenizer);
    if (models[name]!.saved !== undefined) expect(await sha256(file)).toBe(models[name]!.saved);
    const again = tokenizerFromJson(JSON.parse(file));
    expect(tokenizerToText(again)).toBe(file);
    if (name.includes('unused')) return;
    for (const text of ['the other water', 'some of them', 'most people see him']) expect([...again.encode(text)]).toEqual([...tokenizer.encode(text)]);
  });
});

test('offsets lie over the characters that a piece comes from: blanks left out, one of several, several of one', () => {
  const tokenizer = readSentencePiece(bytesOf('Unigram, bytes, pieces of users'));
  const text = ' \u3000the e\u0301\ufb01 A<sep>';
  const { ids, offsets } = tokenizer.encodeWithOffsets(text);
  expect([...ids]).toEqual([...tokenizer.encode(text)]);
  expect(Array.from(ids, (id, i) => [tokenizer.idToToken(id), offsets[2 * i], offsets[2 * i + 1]])).toEqual([
    ['\u2581the', 2, 5], ['\u2581', 5, 6], ['\u00e9', 6, 8], ['f', 8, 9], ['i', 8, 9], ['\u2581', 9, 10], ['A', 10, 11], ['<sep>', 11, 16],
  ]);
});

test('control pieces are text unless they are allowed', () => {
  const tokenizer = readSentencePiece(bytesOf('as Llama'));
  expect([...tokenizer.encode('<s>')]).not.toContain(1);
  expect([...tokenizer.encode('<s>', { allowSpecial: true })]).toEqual([1]);
  expect(tokenizer.specialTokens.get('</s>')).toBe(2);
});

test('what becomes of the bytes afterwards is nothing to the tokenizer, those of a Buffer of Node either', () => {
  for (const name of Object.keys(models)) {
    const [given, buffer] = [bytesOf(name), Buffer.from(bytesOf(name))];
    const tokenizer = readSentencePiece(buffer);
    buffer.fill(0);
    expect(writeSentencePiece(tokenizer).join() === given.join(), name).toBe(true);
    expect(tokenizer.encode(strings[0]!)).toEqual(readSentencePiece(given).encode(strings[0]!));
  }
});

describe('bytes that are no model', () => {
  const code = (bytes: Uint8Array): string => {
    try {
      readSentencePiece(bytes);
    } catch (error) {
      expect((error as Error).message).toMatch(/^readSentencePiece: expected .+ but found .+\. .+\. \[E_TOKENIZER_[A-Z]+\]$/s);
      return (error as { code: string }).code;
    }
    return 'none';
  };
  const message = (number: number, ...bytes: number[]): number[] => [number * 8 + 2, bytes.length, ...bytes];
  const piece = (text: string, type: number): number[] => message(1, ...message(1, ...new TextEncoder().encode(text)), 0x18, type);
  const model = (...fields: number[][]): Uint8Array => Uint8Array.from(fields.flat());

  test.each([
    ['nothing', model(), 'E_TOKENIZER_MODEL'],
    ['text', new TextEncoder().encode('{"version": "1.0"}'), 'E_TOKENIZER_MODEL'],
    ['a length beyond the end', model([0x0a, 0x7f, 1]), 'E_TOKENIZER_MODEL'],
    ['a negative length', model([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), 'E_TOKENIZER_MODEL'],
    ['a number without end', model(Array.from({ length: 20 }, () => 0xff)), 'E_TOKENIZER_MODEL'],
    ['a piece without text', model(message(1, 0x18, 1)), 'E_TOKENIZER_MODEL'],
    ['a piece that is no UTF-8', model(message(1, ...message(1, 0xff))), 'E_TOKENIZER_MODEL'],
    ['a type that there is not', model(piece('a', 7)), 'E_TOKENIZER_MODEL'],
    ['nothing for what is unknown', model(piece('a', 1)), 'E_TOKENIZER_VOCAB'],
    ['a piece twice', model(piece('<unk>', 2), piece('a', 1), piece('a', 1)), 'E_TOKENIZER_VOCAB'],
    ['bytes without fallback', model(piece('<unk>', 2), piece('<0x00>', 6)), 'E_TOKENIZER_VOCAB'],
    ['fallback without bytes', model(piece('<unk>', 2), message(2, 0x98, 0x02, 1)), 'E_TOKENIZER_VOCAB'],
    ['a model of words', model(piece('<unk>', 2), message(2, 0x18, 3)), 'E_TOKENIZER_UNSUPPORTED'],
    ['blanks at the ends of words', model(piece('<unk>', 2), message(2, 0xc0, 0x01, 1)), 'E_TOKENIZER_UNSUPPORTED'],
    ['blanks as they are', model(piece('<unk>', 2), message(3, 0x28, 0)), 'E_TOKENIZER_UNSUPPORTED'],
    ['a table that is none', model(piece('<unk>', 2), message(3, ...message(2, 9, 0, 0, 0, 1))), 'E_TOKENIZER_JSON'],
    ['a model', model(piece('<unk>', 2), piece('a', 1)), 'none'],
  ])('%s', (_, bytes, expected) => expect(code(bytes)).toBe(expected));

  test('a real model cut anywhere is refused or read, and nothing else', () => {
    const bytes = bytesOf('Unigram');
    for (let size = 0; size < bytes.length; size += 13) expect(code(bytes.subarray(0, size))).toMatch(/^E_TOKENIZER_|^none$/);
  });

  test('a long word takes no time to speak of', () => {
    const start = processorMilliseconds();
    readSentencePiece(bytesOf('as Llama')).encode('ab'.repeat(100_000));
    expect(processorMilliseconds() - start).toBeLessThan(5000);
  });
});

// Characters of all of Unicode, assigned or not, whatever version of it the engine has, against what Hugging Face `tokenizers` does with them.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tokenizerFromJson } from './index.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
const { codes, tokenizers } = read('characters') as { codes: number[]; tokenizers: Record<string, { ids: string; offsets: string }> };
const { tokenizers: files } = read('pipelines') as { tokenizers: Record<string, { file: unknown }> };
const long = ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}e\u0301\ufb01 '.repeat(700), '\u{1f1e9}\u{1f1ea}'.repeat(3000), `a${'\u0301'.repeat(9000)}b`, '\u0915\u094d\u0937'.repeat(3000)];
const texts = [...codes.map((code) => String.fromCodePoint(code)).map((char) => `a${char}b ${char} A${char}\u0301 \u0327${char}`), ...long];

async function digest(value: unknown): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(value)));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe.each(Object.entries(tokenizers))('%s', (name, { ids, offsets }) => {
  const tokenizer = tokenizerFromJson(files[name]!.file);

  test('gives the ids and offsets of the reference', async () => {
    const found = texts.map((text) => tokenizer.encodeWithOffsets(text, { unit: 'codePoint' }));
    expect(codes.length).toBeGreaterThan(2000);
    expect(await digest(found.map((each) => [...each.ids]))).toBe(ids);
    expect(await digest(found.map((each) => [...each.offsets]))).toBe(offsets);
  });

  test('takes half a character for U+FFFD', () => {
    for (const text of ['\ud83d', 'a\ude00b', '\ude00\ud83d \ud83d', 'the\udbff.']) {
      expect(tokenizer.encodeWithOffsets(text)).toEqual(tokenizer.encodeWithOffsets(text.replace(/\p{Surrogate}/gu, '\ufffd')));
    }
  });

  test('streams what is no text, or says that something was none, as soon as nothing can complete it', () => {
    for (const unit of ['\ufffd', '<0xE4>', '\u{10ffff}']) {
      const encoded = tokenizer.encode(unit.repeat(500));
      const stream = tokenizer.streamDecoder();
      const parts = Array.from(encoded, stream.push);
      // So each id is decoded with a few neighbours, however many make no character, and the time grows with their number, no faster. Of
      // what comes out of a step behind the bytes nobody knows which are missing.
      if (name !== 'whole words') expect(Math.max(...parts.join('\n').split(/[^\n]+/).map(({ length }) => length)), unit).toBeLessThan(10);
      expect(parts.join('') + stream.end(), unit).toBe(tokenizer.decode(encoded));
    }
  });
});

// Tokenizers of every make against what Hugging Face `tokenizers` does with the same text.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tokenizerFromJson, tokenizerToText } from './index.ts';

interface Expected { file: unknown; saved: string; ids: string; offsets: string; decoded: string; around: string }

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
const { strings } = read('hostile') as { strings: string[] };
const { more, young, tokenizers } = read('pipelines') as { more: string[]; young: number[]; tokenizers: Record<string, Expected> };
// Of characters younger than the reference knows each library says something else.
const texts = [...strings.filter((_, i) => !young.includes(i)), ...more];

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
const digest = (value: unknown): Promise<string> => sha256(JSON.stringify(value));

describe.each(Object.entries(tokenizers))('%s', (name, { file, saved, ids, offsets, decoded, around }) => {
  const tokenizer = tokenizerFromJson(file);
  const found = texts.map((text) => tokenizer.encodeWithOffsets(text, { allowSpecial: true, unit: 'codePoint' }));

  test('is saved again to the byte', async () => {
    expect(await sha256(tokenizerToText(tokenizer))).toBe(saved);
  });

  test('gives the ids, also around the text, and the offsets', async () => {
    expect(await digest(found.map((each) => [...each.ids]))).toBe(ids);
    expect(await digest(found.map((each) => [...each.offsets]))).toBe(offsets);
    expect(await digest(texts.map((text) => [...tokenizer.encode(text, { allowSpecial: true, addSpecialTokens: true })]))).toBe(around);
  });

  test('gives the texts, whole and token by token', async () => {
    expect(await digest(found.map((each) => tokenizer.decode(each.ids)))).toBe(decoded);
    expect(await digest(found.map((each) => {
      const stream = tokenizer.streamDecoder();
      return Array.from(each.ids, (id) => stream.push(id)).join('') + stream.end();
    }))).toBe(decoded);
  });
});

// Bytes by value, special tokens last: against rustbpe, the trainer of nanochat.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nanochatSplit, tokenizerFromJson, tokenizerToText, trainBpe } from '../index.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8'));
const expected = read('rustbpe') as Record<string, { vocabSize: number; size: number; tokens: string }>;
const documents: Record<string, string[]> = { ...(read('trained') as { documents: Record<string, string[]> }).documents, hostile: (read('hostile') as { strings: string[] }).strings };
const SPECIAL = ['<|bos|>', '<|user_start|>', '<|user_end|>'];

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

test.each(Object.keys(expected))('%s: the tokens of rustbpe', async (name) => {
  const { vocabSize, size, tokens } = expected[name]!;
  const tokenizer = await trainBpe(documents[name]!, { vocabSize: vocabSize + SPECIAL.length, pattern: nanochatSplit, specialTokens: SPECIAL, bytesFirst: true });
  expect(tokenizer.size).toBe(size + SPECIAL.length);
  expect(await sha256(Array.from({ length: size }, (_, id) => hex(tokenizer.idToBytes(id))).join(' '))).toBe(tokens);
});

test('special tokens come last, unless the text has learnt one, and the file is read again', async () => {
  const tokenizer = await trainBpe(['ab ab'], { vocabSize: 300, specialTokens: ['<|bos|>', 'ab', 'a'], bytesFirst: true });
  expect([...tokenizer.specialTokens]).toEqual([['a', 97], ['ab', 256], ['<|bos|>', 258]]);
  const again = tokenizerFromJson(JSON.parse(tokenizerToText(tokenizer)));
  expect([...again.encode('ab ab<|bos|>', { allowSpecial: true })]).toEqual([...tokenizer.encode('ab ab<|bos|>', { allowSpecial: true })]);
  expect([...tokenizer.encode('ba')]).toEqual([98, 97]);
});

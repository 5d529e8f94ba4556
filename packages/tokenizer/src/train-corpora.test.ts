// English, Chinese and code: the files of Hugging Face `tokenizers`, byte for byte.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { gpt2Split, llama3Split, tokenizerToText, trainBpe } from './index.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
const sources = (read('trained') as { documents: Record<string, string[]> }).documents;
const expected = read('corpora') as Record<string, { bytes: number } & Record<'gpt2' | 'llama3', { size: number; sha256: string }>>;
const BETWEEN: Record<string, string> = { English: ' ', Chinese: '\uff0c', code: '\n' };

/** The rule of fixtures/make_corpora.py. */
function corpus(documents: readonly string[], between: string): string[] {
  const units = [...new Set(documents.flatMap((document) => document.split(between)))].map((unit) => [...unit]);
  let state = 1;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % n;
  };
  const unit = (): string => {
    const one = units[Math.min(below(units.length), below(units.length))]!;
    if (below(3) > 0) return one.join('');
    const other = units[below(units.length)]!;
    return [...one.slice(0, Math.floor((one.length + 1) / 2)), ...other.slice(Math.floor(other.length / 2))].join('');
  };
  return Array.from({ length: 300 }, () => Array.from({ length: 60 }, unit).join(between));
}

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe.each(Object.keys(expected))('%s', (name) => {
  const documents = corpus(sources[name]!, BETWEEN[name]!);

  test('the corpus is the one that the reference was trained on', () => {
    expect(documents.reduce((sum, document) => sum + new TextEncoder().encode(document).length, 0)).toBe(expected[name]!.bytes);
  });

  test.each([['gpt2', gpt2Split], ['llama3', llama3Split]] as const)('%s: the same file to the byte', async (title, pattern) => {
    const tokenizer = await trainBpe(documents, { vocabSize: 2000, specialTokens: ['<|endoftext|>'], pattern });
    expect({ size: tokenizer.size, sha256: await sha256(tokenizerToText(tokenizer)) }).toEqual(expected[name]![title]);
    // And what was trained encodes its corpus: enough of it that pieces are read token by token.
    for (const document of documents.slice(0, 100)) expect(tokenizer.decode(tokenizer.encode(document))).toBe(document);
  });
});

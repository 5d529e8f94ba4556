// The vocabularies of OpenAI themselves, from the files that gpt-tokenizer carries.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encode as encodeCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { encode as encodeO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { encode as encodeR50k } from 'gpt-tokenizer/encoding/r50k_base';
import { describe, expect, test } from 'vitest';
import { cl100kSplit, gpt2Split, o200kSplit, readTiktoken, TokenizerError, tiktokenToText, tokenizerFromJson, tokenizerToText, trainBpe } from './index.ts';

const folder = new URL('../node_modules/gpt-tokenizer/data/', import.meta.url);
const ranks = (name: string): string => readFileSync(fileURLToPath(new URL(`${name}.tiktoken`, folder)), 'utf8');
const { strings, documents } = JSON.parse(readFileSync(new URL('../fixtures/hostile.json', import.meta.url), 'utf8')) as { strings: string[]; documents: string[] };
// gpt-tokenizer's patterns are JavaScript's: \s knows U+FEFF and not U+0085, and an s is no ſ.
const common = strings.slice(0, 740).filter((text) => !/[\u0085\ufeff]|'\u017f/.test(text));

const expected = JSON.parse(readFileSync(new URL('../fixtures/tiktoken.json', import.meta.url), 'utf8')) as Record<string, string>;

async function digest(value: unknown): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(value)));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe('the ids of tiktoken and of gpt-tokenizer, and the file again', () => {
  test.each([
    ['r50k_base', gpt2Split, encodeR50k, 50256], ['cl100k_base', cl100kSplit, encodeCl100k, 100257], ['o200k_base', o200kSplit, encodeO200k, 199999],
  ] as const)('%s', async (name, pattern, encode, end) => {
    const file = ranks(name);
    const tokenizer = readTiktoken(file, { pattern, specialTokens: { '<|endoftext|>': end } });
    expect(tiktokenToText(tokenizer).trim()).toBe(file.trim());
    expect(tokenizer.tokenToId('<|endoftext|>')).toBe(end);
    expect(await digest(strings.map((text) => [...tokenizer.encode(text)]))).toBe(expected[name]);
    expect(common.length).toBeGreaterThan(600);
    for (const text of common) expect(Array.from(tokenizer.encode(text)), text).toEqual(encode(text, { disallowedSpecial: new Set<string>() }));
    expect([...tokenizer.encode('<|endoftext|>', { allowSpecial: true })]).toEqual([end]);
  });
});

test('a token that is made in two ways merges from the left, as what it spells has one rank', () => {
  const { encode } = readTiktoken(tiktokenTextOf(['aa', 'aaa', 'ab', 'aab']), { pattern: gpt2Split });
  // aa first, from the left: aa aa b; then aab, since aa·b is a token.
  expect([...encode('aaaab')]).toEqual([256, 259]);
});

function tiktokenTextOf(tokens: readonly string[]): string {
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  return [...bytes, ...tokens].map((token, id) => `${btoa(token)} ${id}\n`).join('');
}

test('saved as tokenizer.json it is the same', async () => {
  const trained = await trainBpe(documents, { vocabSize: 380 });
  const read = readTiktoken(tiktokenToText(trained), { pattern: gpt2Split, specialTokens: { '<|start|>': 385, '<|end|>': 383 } });
  const again = tokenizerFromJson(JSON.parse(tokenizerToText(read)));
  expect([again.size, again.tokenToId('<|start|>'), again.idToToken(381)]).toEqual([386, 385, undefined]);
  for (const text of strings) {
    expect(again.encode(text, { allowSpecial: true })).toEqual(read.encode(text, { allowSpecial: true }));
    expect(read.decode(read.encode(text))).toBe(trained.decode(trained.encode(text)));
  }
});

test('what is no file of ranks is refused', () => {
  const pattern = gpt2Split;
  const good = tiktokenTextOf([]);
  for (const [text, code] of [['AA', 'E_TOKENIZER_JSON'], ['!! 3', 'E_TOKENIZER_JSON'], ['AA== 0', 'E_TOKENIZER_VOCAB'], [`${good}YWI= 5\n`, 'E_TOKENIZER_VOCAB'], [`${good}YQ== 256\n`, 'E_TOKENIZER_VOCAB'], [`${good}YWI= 9999999\n`, 'E_TOKENIZER_VOCAB']] as const) {
    expect(() => readTiktoken(text, { pattern })).toThrow(code);
  }
  expect(() => readTiktoken(good, { pattern, specialTokens: { x: 5 } })).toThrow(TokenizerError);
});

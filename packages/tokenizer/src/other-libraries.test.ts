import { readFileSync } from 'node:fs';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import cl100kRanks from 'gpt-tokenizer/bpeRanks/cl100k_base';
import r50kRanks from 'gpt-tokenizer/bpeRanks/r50k_base';
import { encode as encodeCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { encode as encodeR50k } from 'gpt-tokenizer/encoding/r50k_base';
import { describe, expect, test } from 'vitest';
import { bytesToToken } from './byte-level.ts';
import { cl100kSplit, gpt2Split, llama3Split, qwen2Split, tokenizerFromJson, tokenizerToText, trainBpe, type Split } from './index.ts';
import { mergeLong, type Merges } from './merge-word.ts';
import { pairTable } from './pair-table.ts';

const { strings, documents } = JSON.parse(
  readFileSync(new URL('../fixtures/hostile.json', import.meta.url), 'utf8'),
) as { strings: string[]; documents: string[] };

// The first 740 hold long-established characters only; U+0085 and U+FEFF are whitespace to one side and not to the other in
// JavaScript's \s and in Rust's, and these libraries use JavaScript's.
const common = strings.slice(0, 740).filter((text) => !/[\u0085\ufeff]/.test(text));

describe('@huggingface/tokenizers loads our file and gives the same ids', () => {
  test.each([gpt2Split, cl100kSplit, llama3Split, qwen2Split].map((split) => [split.name, split] as const))('%s', async (_, pattern) => {
    const ours = await trainBpe(documents, { vocabSize: 400, specialTokens: ['<|endoftext|>'], pattern });
    const theirs = new HuggingFaceTokenizer(JSON.parse(tokenizerToText(ours)), {});
    const options = { add_special_tokens: false };
    expect(common.length).toBeGreaterThan(600);
    for (const text of common) {
      expect(Array.from(ours.encode(text, { allowSpecial: true }))).toEqual(theirs.encode(text, options).ids);
    }
  });
});

type Ranks = readonly (string | readonly number[])[];

// A list of tokens by rank holds no pairs: each token is split the way in which the merges before it would build it.
function fileFromRanks(ranks: Ranks, split: Split): object {
  const utf8 = new TextEncoder();
  const tokens = ranks.map((token) => (typeof token === 'string' ? utf8.encode(token) : Uint8Array.from(token)));
  const byteIds = new Int32Array(256);
  tokens.forEach((token, id) => token.length === 1 && (byteIds[token[0]!] = id));
  const pairs = pairTable();
  const results: number[] = [];
  const known: Merges = { rank: pairs.find, result: (rank) => results[rank]! };
  const merges: [string, string][] = [];
  const names = tokens.map(bytesToToken);
  tokens.forEach((token, id) => {
    if (token.length === 1) return;
    const symbols = Int32Array.from(token, (byte) => byteIds[byte]!);
    if (mergeLong(symbols, token.length, known) !== 2) throw new Error(`token ${id} is no merge of two`);
    pairs.intern(symbols[0]!, symbols[1]!);
    results.push(id);
    merges.push([names[symbols[0]!]!, names[symbols[1]!]!]);
  });
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
  const vocab = Object.fromEntries(names.map((name, id) => [name, id]));
  return { pre_tokenizer: split.preTokenizer, decoder: byteLevel, model: { type: 'BPE', vocab, merges } };
}

// The vocabularies of GPT-2 and GPT-4 themselves.
describe('gpt-tokenizer gives the same ids', () => {
  const asText = { disallowedSpecial: new Set<string>() };

  test('r50k_base', () => {
    const tokenizer = tokenizerFromJson(fileFromRanks(r50kRanks, gpt2Split));
    for (const text of common) expect(Array.from(tokenizer.encode(text))).toEqual(encodeR50k(text, asText));
  });

  test('cl100k_base', () => {
    const tokenizer = tokenizerFromJson(fileFromRanks(cl100kRanks, cl100kSplit));
    // Its pattern has \s+$ in front of the one for line breaks; Hugging Face's has not.
    const comparable = common.filter((text) => !/[\r\n]\s*[^\S\r\n]$/.test(text));
    expect(comparable.length).toBeGreaterThan(600);
    for (const text of comparable) expect(Array.from(tokenizer.encode(text))).toEqual(encodeCl100k(text, asText));
  });
});

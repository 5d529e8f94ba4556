import { readFileSync } from 'node:fs';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { describe, expect, test } from 'vitest';
import { cl100kSplit, gpt2Split, llama3Split, o200kSplit, qwen2Split, tokenizerToText, trainBpe } from './index.ts';

const { strings, documents } = JSON.parse(
  readFileSync(new URL('../fixtures/hostile.json', import.meta.url), 'utf8'),
) as { strings: string[]; documents: string[] };

// The first 740 hold long-established characters only; U+0085 and U+FEFF are whitespace to one side and not to the other in
// JavaScript's \s and in Rust's, and these libraries use JavaScript's.
const common = strings.slice(0, 740).filter((text) => !/[\u0085\ufeff]/.test(text));

describe('@huggingface/tokenizers loads our file and gives the same ids', () => {
  test.each([gpt2Split, cl100kSplit, llama3Split, qwen2Split, o200kSplit].map((split) => [split.name, split] as const))('%s', async (_, pattern) => {
    const ours = await trainBpe(documents, { vocabSize: 400, specialTokens: ['<|endoftext|>'], pattern });
    const theirs = new HuggingFaceTokenizer(JSON.parse(tokenizerToText(ours)), {});
    const options = { add_special_tokens: false };
    expect(common.length).toBeGreaterThan(600);
    for (const text of common) {
      expect(Array.from(ours.encode(text, { allowSpecial: true }))).toEqual(theirs.encode(text, options).ids);
    }
  });
});

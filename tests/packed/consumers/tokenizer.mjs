import { cl100kSplit, gpt2Split, llama3Split, qwen2Split, tokenizerFromJson, tokenizerToText, trainBpe } from '@llm/tokenizer';
import { expect } from '../expect.mjs';

const text = 'low lower lowest, new newer newest 2024 😀';
for (const pattern of [gpt2Split, cl100kSplit, llama3Split, qwen2Split]) {
  const tokenizer = await trainBpe([text], { vocabSize: 265, pattern, specialTokens: ['<|endoftext|>'] });
  expect(tokenizer.size === 265, `265 ids but found ${tokenizer.size}`);
  expect(tokenizer.decode(tokenizer.encode(text)) === text, 'the same text back');
  const again = tokenizerFromJson(JSON.parse(tokenizerToText(tokenizer)));
  expect(again.encode(text).join() === tokenizer.encode(text).join(), 'the same ids from the saved file');
}

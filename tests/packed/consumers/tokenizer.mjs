import {
  boundedRegex, chatTemplate, chatTemplateConfig, ChatTemplateError, cl100kSplit, countTokens, encodeBatch, encodeChat, gpt2Split, isWithinTokenLimit, llama3Split, nanochatSplit, o200kSplit, openTokenizerPool, qwen2Split, readChatTemplate, readSentencePiece, sentinelTokens,
  readTiktoken, templates, textTemplate, tiktokenToText, tokenizerFromJson, tokenizerReport, tokenizerToText, trainBpe, trainCharacterBpe, trainUnigram, trainWordPiece, writeSentencePiece,
} from '@llm/tokenizer';
import { expect } from '../expect.mjs';

const text = 'low lower lowest, new newer newest 2024 😀';
for (const pattern of [gpt2Split, cl100kSplit, llama3Split, o200kSplit, qwen2Split, nanochatSplit]) {
  const tokenizer = await trainBpe([text], { vocabSize: 265, pattern, specialTokens: ['<|endoftext|>'] });
  expect(tokenizer.size === 265, `265 ids but found ${tokenizer.size}`);
  expect(tokenizer.decode(tokenizer.encode(text)) === text, 'the same text back');
  const again = tokenizerFromJson(JSON.parse(tokenizerToText(tokenizer)));
  expect(again.encode(text).join() === tokenizer.encode(text).join(), 'the same ids from the saved file');
}

const messages = [{ role: 'user', content: 'new 😀</s>' }, { role: 'assistant', content: 'low' }];
const tokenizer = await trainBpe([text], { vocabSize: 270, specialTokens: templates.zephyr.specialTokens });
const template = readChatTemplate(chatTemplateConfig(templates.zephyr));
expect(template.render(messages) === chatTemplate(templates.zephyr).render(messages), 'the same text from a file');
const { ids, assistantMask } = encodeChat(tokenizer, template, messages);
expect(tokenizer.decode(ids.filter((_, i) => assistantMask[i] === 1)) === 'low</s>', 'the mask to cover the answer');
expect(ids.filter((id) => id === tokenizer.tokenToId('</s>')).length === 2, 'the </s> in a message to stay text');
expect(tokenizer.encodeWithOffsets('a😀').offsets.at(-1) === 3, 'offsets in UTF-16 units');
try {
  chatTemplate('{% for i in range(30000000) %}x{% endfor %}').render(messages);
  expect(false, 'a bomb to be stopped');
} catch (error) {
  expect(error instanceof ChatTemplateError && error.code === 'E_TEMPLATE_LIMIT', `a limit but found ${error}`);
}
expect(textTemplate('{{ q | trim }}?\n').render({ q: ' why' }) === 'why?\n', 'a template over data');
expect(readTiktoken(tiktokenToText(tokenizer), { pattern: gpt2Split }).decode([...new TextEncoder().encode('a')].map(() => tokenizer.tokenToId('a'))) === 'a', 'ranks and back');
expect([...boundedRegex('b+', { dialect: 'python', maxSteps: () => 100 }).matches([...'abb'])][0].to === 3, 'a match in few steps');
const wordPiece = await trainWordPiece([text], { vocabSize: 40, specialTokens: ['[UNK]'], preTokenizer: { type: 'Whitespace' } });
const { rowOffsets, attentionMask } = encodeBatch(wordPiece, [['low', 'lower'], ['new', 'low']], { truncation: { maxLength: 3 }, padding: {} });
expect(rowOffsets[2] === 2 * rowOffsets[1] && attentionMask.length === rowOffsets[2], 'rows of one length');
const characters = await trainCharacterBpe([text], { vocabSize: 30, preTokenizer: { type: 'WhitespaceSplit' } });
expect(countTokens(characters, 'low') <= 3 && !isWithinTokenLimit(characters, text, { limit: 1 }), 'few tokens but more than one');
const piece = (content, type) => [0x0a, content.length + 4, 0x0a, content.length, ...new TextEncoder().encode(content), 0x18, type];
expect(readSentencePiece(Uint8Array.from([...piece('<unk>', 2), ...piece('a', 1)])).encode('a').includes(1), 'a piece of a model');
expect((await tokenizerReport(characters, { all: [text] })).total.tokens > 0, 'figures of a text');
const blanks = { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' };
const unigram = await trainUnigram([text, text], { vocabSize: 60, unkToken: '<unk>', initialAlphabet: ['\u2581'], normalizer: blanks });
const again = readSentencePiece(writeSentencePiece(unigram));
expect(unigram.encode(text).length < text.length && again.encode(text).join() === unigram.encode(text).join(), 'the ids of a trained model that was written and read');
const pool = await openTokenizerPool(tokenizer, { workers: 2 });
const lines = Array.from({ length: 2000 }, (_, i) => `${text} ${i}`);
const byThreads = await pool.encodeBatch(lines);
expect(byThreads.ids.join() === encodeBatch(tokenizer, lines).ids.join() && byThreads.rowOffsets.length === 2001, 'the same rows from a pool');
const late = pool.encodeBatch(lines).then(() => 'rows', ({ code }) => code);
await pool.close();
expect(await late === 'E_TOKENIZER_POOL', 'a closed pool to say so');
expect(sentinelTokens(2).join() === '<extra_id_1>,<extra_id_0>', 'sentinels downwards');

// Tokenizers of three kinds, from text to a file that is read again.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSentencePiece, tokenizerFromJson, type TokenizerJson } from '@llm/tokenizer';
import { runCli } from '../cli/run-cli.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

let folder: string;
const TEXT = Array.from({ length: 60 }, (_, i) => `The ${['cat', 'dog', 'bird'][i % 3]!} sees the other ${['garden', 'river'][i % 2]!}, and number ${i} of them sleeps.`).join('\n\n');
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llm-tokenizer-'));
  writeFileSync(join(folder, 'text.md'), TEXT);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function train(flags: string): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo(folder);
  const code = await runCli(['tokenizer', 'train', 'text.md', '--filters', 'none', '--vocab-size', '400', '--json', ...flags.split(' ')], { commands, version: '1.2.3', io });
  return { code, ...io.written };
}

test.each([
  ['bpe', 'BPE', 'The \u0436 sees\tthe 😀 other river.'],
  ['unigram', 'Unigram', 'The \u0436 sees\tthe 😀 other river.'],
  ['wordpiece', 'WordPiece', 'The cat sees the other river.'],
] as const)('--model %s', async (model, type, text) => {
  const { code, out, err } = await train(`--model ${model} --out ${model}.json`);
  expect([code, err]).toEqual([0, '']);
  const json = JSON.parse(readFileSync(join(folder, `${model}.json`), 'utf8')) as TokenizerJson;
  expect(json.model.type).toBe(type);
  const tokenizer = tokenizerFromJson(json);
  expect(JSON.parse(out)).toMatchObject({ size: tokenizer.size });
  expect(tokenizer.specialTokens.has('<|endoftext|>')).toBe(true);
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  expect(tokenizer.encode('the other').length).toBeLessThan(6);
});

test('a SentencePiece file, which only unigram can be', async () => {
  expect((await train('--model unigram --out small.model')).code).toBe(0);
  const tokenizer = readSentencePiece(readFileSync(join(folder, 'small.model')));
  expect(tokenizer.decode(tokenizer.encode('the cat, \u0436'))).toBe('the cat, \u0436');
  expect(tokenizer.specialTokens.get('<|endoftext|>')).toBe(0);
  const { code, err } = await train('--out small.model');
  expect(code).toBe(2);
  expect(err).toContain('expected --model unigram for a SentencePiece file but found bpe. Write small.json');
  expect((await train('--model bpee')).err).toContain('expected --model to be one of bpe, unigram, wordpiece but found "bpee"');
});

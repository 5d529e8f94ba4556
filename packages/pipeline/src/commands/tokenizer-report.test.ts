// What the command says of tokenizers of three makes, on two domains.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nanochatSplit, tiktokenToText, type TokenizerReport, tokenizerReport, tokenizerToText, trainBpe, trainUnigram, writeSentencePiece } from '@llm/tokenizer';
import { runCli } from '../cli/run-cli.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { commands } from './index.ts';

const ENGLISH = 'the cat sees the dog';
const CHINESE = '\u732b\u770b\u89c1\u72d7 cat';
const BLANK = '\u2581';
let folder: string;

const bpe = await trainBpe([ENGLISH], { vocabSize: 270, bytesFirst: true, pattern: nanochatSplit });
const unigram = await trainUnigram([ENGLISH], {
  vocabSize: 30, unkToken: '<unk>', specialTokens: ['<unk>'], preTokenizer: { type: 'Metaspace', replacement: BLANK, prepend_scheme: 'never', split: true },
  normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: BLANK }, { type: 'Replace', pattern: { String: ' ' }, content: BLANK }] },
  decoder: { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: BLANK }, content: ' ' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] },
});

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llm-tokenizer-report-'));
  mkdirSync(join(folder, 'runs/small'), { recursive: true });
  writeFileSync(join(folder, 'runs/small/tokenizer.json'), tokenizerToText(bpe));
  writeFileSync(join(folder, 'bpe.tiktoken'), tiktokenToText(bpe));
  writeFileSync(join(folder, 'unigram.json'), tokenizerToText(unigram));
  writeFileSync(join(folder, 'unigram.model'), writeSentencePiece(unigram));
  for (const [name, text] of [['english.txt', ENGLISH], ['chinese.txt', CHINESE], ['empty.txt', '']] as const) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function report(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo(folder);
  const code = await runCli(['tokenizer', 'report', ...words], { commands, version: '1.2.3', io });
  return { code, ...io.written };
}

test('the figures of tokenizerReport, a line for each tokenizer', async () => {
  const { code, out, err } = await report('small', 'bpe.tiktoken', 'unigram.json', 'unigram.model', '--data', 'english.txt', 'chinese.txt', '--json');
  expect([code, err]).toEqual([0, '']);
  const lines = out.trim().split('\n').map((line) => JSON.parse(line) as TokenizerReport & { tokenizer: string; model: string; size: number });
  expect(lines.map(({ tokenizer, model, size }) => [tokenizer, model, size])).toEqual([['small', 'BPE', bpe.size], ['bpe.tiktoken', 'BPE', bpe.size], ['unigram.json', 'Unigram', unigram.size], ['unigram.model', 'Unigram', unigram.size]]);
  const domains = { 'english.txt': [ENGLISH], 'chinese.txt': [CHINESE] };
  expect(lines[0]).toMatchObject(await tokenizerReport(bpe, domains));
  expect(lines[1]!.scripts).toEqual(lines[0]!.scripts);
  expect(lines[2]).toMatchObject(await tokenizerReport(unigram, domains));
  expect(lines[2]!.scripts.Han!.coveredShare).toBe(0);
  expect(lines[3]!.scripts.Han!.unknown).toBeGreaterThan(0);
});

test('a table, with what several tokenizers make of a text together', async () => {
  const { out } = await report('unigram.json', 'small', '--data', 'english.txt', 'chinese.txt');
  const rows = out.split('\n').filter((line) => /^(english|chinese|Han|Latin|all)/.test(line)).map((line) => line.trim().split(/ {2,}/).slice(0, 2));
  expect(rows).toEqual(['english.txt', 'chinese.txt', 'Latin', 'Han', 'all'].flatMap((of) => [[of, 'unigram.json'], [of, 'small']]));
  expect(out).toMatch(/^Han +small +1 +13 B +12 +1\.08 +\S+ +0 % +100 %$/m);
  expect((await report('small', '--data', 'english.txt')).out).not.toMatch(/ small /);
});

test.each([
  [['nothing.json', '--data', 'english.txt'], 1, 'expected a tokenizer at'],
  [['english.txt', '--data', 'english.txt'], 1, 'expected JSON in'],
  [['small'], 2, 'expected --data to be one path or more but found nothing'],
  [['--data', 'english.txt'], 2, 'expected TOKENIZERS to be one path or more'],
  [['small', '--data', 'empty.txt'], 1, 'expected at least one document but found none'],
  [['bpe.tiktoken', '--data', 'english.txt', '--split', 'x'], 2, 'expected --split to be one of'],
] as const)('%j', async (words, code, message) => {
  const said = await report(...words);
  expect([said.code, said.out]).toEqual([code, '']);
  expect(said.err).toContain(message);
});

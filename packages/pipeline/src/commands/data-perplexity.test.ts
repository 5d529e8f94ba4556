import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { overrideFilters } from '@llm/data-quality';
import { plainExample, toBatch, tokenMetrics } from '@llm/sft';
import { disposeTree } from '@llm/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { Stopped } from '../cli/stopped.ts';
import { readOverrides } from '../data-report/overrides.ts';
import { writeRecords, writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo, tinyText } from '../fixtures/tiny-run.ts';
import { openModel } from '../train/open-model.ts';
import { commands } from './index.ts';

let cwd: string;
const texts = ['The reader returns the text.', '', ...Array.from({ length: 6 }, (_, i) => tinyText(2 + 6 * i, i))];
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'perplexity-'));
  await writeTinyModel(cwd);
  writeRecords(cwd, 'docs.jsonl', texts.map((text, i) => ({ id: `d${i}`, text })));
});
afterAll(() => { rmSync(cwd, { recursive: true, force: true }); });

const llm = async (argv: string, stop?: AbortSignal): Promise<{ code: number; out: string; err: string }> => {
  const io = memoryIo(cwd, stop === undefined ? {} : { stop });
  const code = await runCli(argv.split(' '), { commands, version: '0', io });
  return { code, ...io.written };
};
interface Line { readonly id: string; readonly tokens: number; readonly perplexity: number | null; readonly above?: boolean }
const linesOf = (name: string): Line[] => readFileSync(join(cwd, name), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Line);

test('each document has the perplexity that another way gives; those above are named, an empty one among them', async () => {
  const { code, out, err } = await llm('data perplexity docs.jsonl --model base --max 302 --out found/all.jsonl --length 64 --batch 3 --device wasm');
  expect(code).toBe(0);
  expect(err).toMatch(/perplexity · 8\/8 documents · [\d.]+ ?k? tok\/s\n$/);
  const lines = linesOf('found/all.jsonl');
  expect(lines.map(({ id }) => id)).toEqual(texts.map((_, i) => `d${i}`));
  const { model, params, tokenizer, bosId } = await openModel(join(cwd, 'base'), 'wasm');
  const ids = [bosId!, ...tokenizer.encode(texts[0]!)];
  const { perplexity } = await tokenMetrics(model, params, { batches: [toBatch([[plainExample(ids)]])] });
  disposeTree(params);
  expect(lines[0]!.perplexity! / perplexity).toBeCloseTo(1, 4);
  expect(lines[1]).toEqual({ id: 'd1', tokens: 0, perplexity: null, above: true });
  // Longer than the context: each of its tokens counts all the same.
  expect(lines[7]!.tokens).toBe(tokenizer.encode(texts[7]!).length);
  expect(lines[7]!.tokens).toBeGreaterThan(64);
  const above = lines.filter(({ perplexity: each }) => each === null || each > 302).map(({ id }) => id);
  // What is above is an override that drops it.
  const overrides = await readOverrides(join(cwd, 'found/all.above.jsonl'));
  const [reviewed] = overrideFilters([], overrides);
  expect(texts.flatMap((text, i) => (reviewed!.check({ id: `d${i}`, text }).keep ? [] : [`d${i}`]))).toEqual(above);
  expect(out).toContain(`${above.length} of 8 documents are above 302`);
  expect(out).toMatch(/200 – 500 +\d +█+ ← 302\n/);
});

test('another threshold computes nothing again', async () => {
  const again = await llm('data perplexity docs.jsonl --model base --max 1 --out found/all.jsonl --length 64 --device wasm');
  expect(again.err).toContain('8/8 documents · 8 known before');
  const json = await llm('data perplexity docs.jsonl --model base --out found/all.jsonl --length 64 --device wasm --json');
  expect([JSON.parse(json.out), json.err]).toMatchObject([{ documents: 8, kept: 7, above: 1, max: 1500, aboveFile: join(cwd, 'found/all.above.jsonl') }, '']);
});

test('stopped amid the work, it leaves no half file and goes on with what it knows', async () => {
  const stop = new AbortController();
  const io = memoryIo(cwd, { stop: stop.signal, isTTY: true });
  const err = (text: string): void => { io.err(text); if (text.includes('perplexity · ')) stop.abort(new Stopped('SIGTERM')); };
  // A terminal is drawn on at most five times a second: documents enough for a second drawing.
  writeRecords(cwd, 'many.jsonl', Array.from({ length: 3000 }, (_, i) => ({ id: `m${i}`, text: tinyText(4, 7 * i) })));
  expect(await runCli('data perplexity many.jsonl --model base --out many.out.jsonl --batch 8 --device wasm'.split(' '), { commands, version: '0', io: { ...io, err } })).toBe(143);
  expect(io.written.err).toContain('Stopped. Run the same command again to go on');
  expect(existsSync(join(cwd, 'many.out.jsonl'))).toBe(false);
  expect(readFileSync(join(cwd, 'many.out.cache.jsonl'), 'utf8').split('\n').length).toBeGreaterThan(8);
});

test.each([
  ['data perplexity docs.jsonl', /--model to be the folder of a run or of a model but found nothing/, 2],
  ['data perplexity docs.jsonl --model base --max 0', /--max to be a number from 1 on/, 2],
  ['data perplexity bad.jsonl --model nowhere', /E_JSONL: .*bad\.jsonl, line 2/, 1],
  ['data perplexity docs.jsonl --model base --out docs.jsonl', /E_OUTPUT/, 1],
])('%s says what is wrong', async (argv, message, expected) => {
  writeFileSync(join(cwd, 'bad.jsonl'), '{"text":"fine"}\n{"body":"no text"}\n');
  const { code, out, err } = await llm(argv);
  expect([code, out]).toEqual([expected, '']);
  expect(err).toMatch(message);
});

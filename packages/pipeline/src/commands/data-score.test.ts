import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { localScorer } from '@llm/eval';
import { disposeTree, memory } from '@llm/tensor';
import { templates } from '@llm/tokenizer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { Stopped } from '../cli/stopped.ts';
import { conversations, writeRecords, writeTinyModel } from '../fixtures/tiny-model.ts';
import { memoryIo } from '../fixtures/tiny-run.ts';
import { openModel } from '../train/open-model.ts';
import { commands } from './index.ts';

const SECRET = 'sk-a-key-that-nobody-may-see';
let cwd: string;
let server: Server;
let url: string;
/** What was asked, and what is done at each question. */
let asked: { authorization: string | undefined; prompt: string }[] = [];
let onAsk: () => { status?: number; text?: string } = () => ({});

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'score-'));
  await writeTinyModel(cwd);
  writeRecords(cwd, 'talks.jsonl', [
    ...conversations.slice(0, 12),
    { instruction: 'List three rivers.', output: '1. Rhine\n2. Elbe', id: 'rivers' },
    { conversations: [{ from: 'human', value: 'Summarize the following text about [topic].' }, { from: 'gpt', value: '' }] },
    { prompt: 'Why is this text bad?', completion: 'As it says nothing true.' },
  ]);
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
    request.on('end', () => {
      const prompt = (JSON.parse(body) as { messages: { content: string }[] }).messages[0]!.content;
      asked.push({ authorization: request.headers.authorization, prompt });
      const accuracy = prompt.includes('bad') ? 1 : 5;
      const { status = 200, text = JSON.stringify({ accuracy, grammar: 4, informativeness: 4, coherence: 5, reason: accuracy === 1 ? 'it is false' : 'fine' }) } = onAsk();
      response.writeHead(status).end(JSON.stringify(status === 200 ? { choices: [{ message: { content: text } }], usage: { prompt_tokens: 100, completion_tokens: 10 } } : { error: `no, ${SECRET}` }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(cwd, { recursive: true, force: true });
});

const llm = async (argv: string, stop?: AbortSignal): Promise<{ code: number; out: string; err: string }> => {
  [asked, onAsk] = [[], stop === undefined ? () => ({}) : onAsk];
  const io = memoryIo(cwd, { env: { JUDGE_KEY: SECRET }, ...(stop === undefined ? {} : { stop }) });
  const code = await runCli(argv.split(' '), { commands, version: '0', io });
  return { code, ...io.written };
};
interface Line { readonly id: string; readonly scores: Record<string, number>; readonly evidence: Record<string, string[]>; readonly ifd: number; readonly loss: number; readonly lossAlone: number; readonly verdict?: string; readonly marks?: Record<string, number>; readonly kept?: boolean }
const linesOf = (name: string): Line[] => readFileSync(join(cwd, name), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Line);
const judge = (): string => `--judge-url ${url} --judge-model large`;

describe('llm data score', () => {
  test('six dimensions with evidence, of all shapes of records, without a model', async () => {
    const { code, out, err } = await llm('data score talks.jsonl --out plain/scored.jsonl');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^15 records\n/);
    expect(out).toMatch(/clarity +0\.\d{3} +0\.60 +\d+ +\d+\.\d % +15\n/);
    expect(out).toMatch(/difficulty +- +0\.10 +- +- +0\n/);
    expect(out).toContain('Scores: plain/scored.jsonl');
    const lines = linesOf('plain/scored.jsonl');
    expect(lines.map(({ id }) => id).slice(-4)).toEqual(['talks.jsonl:12', 'rivers', 'talks.jsonl:14', 'talks.jsonl:15']);
    expect(lines[12]!.evidence['completeness']).toEqual(['2 items where 3 were asked for']);
    expect(lines[13]!.evidence['clarity']!.join()).toContain('a placeholder that was not filled in: [topic]');
    expect(lines[13]!.scores).not.toHaveProperty('difficulty');
  });

  test('difficulty is the ratio of two losses of the model; a second run computes nothing again, not even after half a line', async () => {
    const { code, err } = await llm('data score talks.jsonl --out hard.jsonl --model base --device wasm --batch 4');
    expect(code).toBe(0);
    expect(err).toMatch(/losses · 15\/15 records · [\d.]+ ?k? tok\/s\n$/);
    const lines = linesOf('hard.jsonl');
    const opened = await openModel(join(cwd, 'base'), 'wasm');
    // Another implementation of the same sums.
    const [line, whole, alone] = await localScorer(opened).loglikelihood([
      { context: '<|endoftext|>List three rivers.', continuation: '\n' }, { context: '<|endoftext|>List three rivers.', continuation: '\n1. Rhine\n2. Elbe<|endoftext|>' }, { context: '', continuation: '1. Rhine\n2. Elbe<|endoftext|>' },
    ]);
    const given = whole!.logprob - line!.logprob;
    const tokens = opened.tokenizer.encode('1. Rhine\n2. Elbe').length + 1;
    disposeTree(opened.params);
    expect(lines[12]!.loss).toBeCloseTo(-given / tokens, 4);
    expect(lines[12]!.lossAlone).toBeCloseTo(-alone!.logprob / tokens, 4);
    expect(lines[12]!.ifd).toBeCloseTo(given / alone!.logprob, 5);
    truncateSync(join(cwd, 'hard.cache.jsonl'), readFileSync(join(cwd, 'hard.cache.jsonl')).length - 5);
    const again = await llm('data score talks.jsonl --out hard.jsonl --model base --device wasm --batch 4');
    expect(again.err).toContain('14 known before');
    expect((await llm('data score talks.jsonl --out hard.jsonl --model base --device wasm')).err).toContain('15 known before');
    // In other batches sums are rounded otherwise.
    linesOf('hard.jsonl').forEach(({ ifd }, i) => expect(ifd).toBeCloseTo(lines[i]!.ifd, 5));
  });

  test('with the chat template of a model; an answer beyond the length is not measured', async () => {
    cpSync(join(cwd, 'base'), join(cwd, 'chat'), { recursive: true });
    writeFileSync(join(cwd, 'chat/chat_template.jinja'), templates.alpaca.source);
    writeRecords(cwd, 'two.jsonl', [{ messages: [{ role: 'user', content: 'the reader '.repeat(30) }, { role: 'assistant', content: 'reads' }] }, conversations[0]]);
    const { out, code } = await llm('data score two.jsonl --model chat --length 120 --device wasm --json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ examples: 2, difficulty: { unmeasured: 1 }, dimensions: { difficulty: { measured: 1 } } });
  });

  test('a judge gives marks once; its cost is told, its key is not', async () => {
    const first = await llm(`data score talks.jsonl --out judged.jsonl ${judge()} --judge-key-env JUDGE_KEY --judge-price-in 1 --judge-price-out 10`);
    expect(first.code).toBe(0);
    expect(first.out).toContain('Judge: 14 to keep, 0 to review (0 without marks), 1 to discard\n  15 requests (0 of them again), 0 answered from the cache; 1.50 k tokens read, 150 written; cost 3.0e-3');
    expect(asked.map(({ authorization }) => authorization)).toEqual(Array.from({ length: 15 }, () => `Bearer ${SECRET}`));
    expect(linesOf('judged.jsonl').at(-1)).toMatchObject({ marks: { accuracy: 1, coherence: 5 }, verdict: 'discard', scores: { correctness: 0 }, evidence: { correctness: ['it is false'] } });
    for (const name of ['judged.jsonl', 'judged.cache.jsonl']) expect(readFileSync(join(cwd, name), 'utf8')).not.toContain(SECRET);
    const second = await llm(`data score talks.jsonl --out judged.jsonl ${judge()} --json`);
    expect(asked).toHaveLength(0);
    expect(JSON.parse(second.out)).toMatchObject({ judge: { keep: 14, discard: 1, requests: 0, cached: 15, cost: 0 } });
    expect((await llm(`data score talks.jsonl --out judged.jsonl ${judge()}`)).err).toMatch(/marks · 15\/15 records · 15 known before\n$/);
    // One more is asked at the same time as the others are found.
    writeRecords(cwd, 'more.jsonl', [{ prompt: 'Is this one new?', completion: 'Yes.' }]);
    expect((await llm(`data score more.jsonl talks.jsonl --out judged.jsonl ${judge()}`)).err).toMatch(/marks · 16\/16 records · 15 known before\n$/);
  });

  test('a run that was stopped goes on where it was', async () => {
    const stop = new AbortController();
    onAsk = () => { if (asked.length === 10) stop.abort(new Stopped('SIGINT')); return {}; };
    const { code, out, err } = await llm(`data score talks.jsonl --out stopped.jsonl ${judge()}`, stop.signal);
    expect([code, out]).toEqual([130, '']);
    expect(err).toContain('Stopped. Run the same command again to go on');
    const known = readFileSync(join(cwd, 'stopped.cache.jsonl'), 'utf8').split('\n').length - 1;
    expect(known).toBeGreaterThan(0);
    const again = await llm(`data score talks.jsonl --out stopped.jsonl ${judge()} --json`);
    expect(JSON.parse(again.out)).toMatchObject({ judge: { keep: 14, discard: 1, requests: 15 - known, cached: known } });
  });

  test.each([
    [{ status: 401 }, /E_JUDGE: llm data score: the judge does not answer: .*status 401/],
    [{ status: 400 }, /E_JUDGE: .*marks for one of the first 15 examples but found none: .*status 400/],
    [{ text: 'They are all good.' }, /found none: the judge gave no marks but "They are all good\."/],
  ])('a judge that answers %j is an error, without the key', async (reply, message) => {
    onAsk = () => reply;
    const { code, out, err } = await llm(`data score talks.jsonl ${judge()} --judge-key-env JUDGE_KEY`, new AbortController().signal);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain(SECRET);
  });

  test('chooses records in their own form, by difficulty and embeddings, without what a judge discards', async () => {
    writeRecords(cwd, 'sums.jsonl', conversations);
    expect((await llm('sft --model base --data sums.jsonl --steps 12 --batch 4 --max-length 96 --lr 3e-2 --eval-answers 0 --eval-every 12 --name taught --device wasm --json')).code).toBe(0);
    const before = memory().tensors;
    const { code, out } = await llm(`data score talks.jsonl --out set.jsonl --keep 6 --model taught --embeddings taught --device wasm ${judge()} --least clarity=0 completeness=0.5`);
    expect(code).toBe(0);
    // The angles of its rotations are what a model keeps.
    expect(memory().tensors - before).toBeLessThanOrEqual(2);
    expect(out).toMatch(/Chose 6 \(2 easy, 2 medium, 2 hard\): set\.kept\.jsonl\n/);
    expect(out).toContain('1 out of the question: the judge discards it');
    const given = readFileSync(join(cwd, 'talks.jsonl'), 'utf8').split('\n');
    const kept = readFileSync(join(cwd, 'set.kept.jsonl'), 'utf8').trimEnd().split('\n');
    expect(kept).toEqual(linesOf('set.jsonl').flatMap(({ kept: isKept }, i) => (isKept === true ? [given[i]] : [])));
    expect(kept.join()).not.toContain('text bad');
    expect(kept).toHaveLength(6);
    const { out: json } = await llm('data score talks.jsonl --out set.jsonl --keep 0.2 --json');
    expect(JSON.parse(json)).toMatchObject({ kept: 3, buckets: [3] });
  });

  test('bad records within the budget are passed over, and the first beyond it is told with its line', async () => {
    writeFileSync(join(cwd, 'bad.jsonl'), `${JSON.stringify(conversations[0])}\n{"text":"no conversation"}\n{oops\n`);
    const fine = await llm('data score bad.jsonl --skip-bad 2 --json');
    expect(JSON.parse(fine.out)).toMatchObject({ examples: 1, bad: 2 });
    expect((await llm('data score bad.jsonl')).err).toMatch(/E_SFT: .*but found fields text .*bad\.jsonl, line 2/);
    expect((await llm('data score bad.jsonl --skip-bad 1')).err).toMatch(/E_JSON: .*bad\.jsonl, line 3/);
    writeFileSync(join(cwd, 'array.json'), JSON.stringify([conversations[0], conversations[1]]));
    expect(JSON.parse((await llm('data score array.json --json')).out)).toMatchObject({ examples: 2 });
  });

  test('what is no record and what is no file of records is told as such', async () => {
    writeFileSync(join(cwd, 'null.jsonl'), `null\n${JSON.stringify(conversations[0])}\n`);
    expect((await llm('data score null.jsonl')).err).toMatch(/^error: E_SFT: .*expected an object but found null .*null\.jsonl, line 1/);
    expect(JSON.parse((await llm('data score null.jsonl --skip-bad 1 --json')).out)).toMatchObject({ examples: 1, bad: 1 });
    execFileSync('mkfifo', [join(cwd, 'pipe.jsonl')]);
    expect((await llm('data score pipe.jsonl')).err).toMatch(/^error: E_NOT_A_FILE: .*found a named pipe/);
    // An array that breaks off: what would come then is unknown, and nothing can be passed over.
    writeFileSync(join(cwd, 'broken.json'), JSON.stringify(conversations.slice(0, 2)).slice(0, -3));
    const broken = await llm('data score broken.json --skip-bad 9');
    expect([broken.code, broken.err]).toEqual([1, expect.stringMatching(/^error: E_JSON: .*its end missing .*broken\.json/)]);
    expect(broken.err).not.toContain('--skip-bad');
    writeFileSync(join(cwd, 'pretty.json.gz'), gzipSync(JSON.stringify([conversations[0], { text: 'none' }, conversations[1]], null, 2)));
    const pretty = await llm('data score pretty.json.gz --skip-bad 1 --out pretty.jsonl --keep 2');
    expect(pretty.err).toMatch(/Passed over 1 bad records, such as pretty\.json\.gz:2: /);
    expect(linesOf('pretty.jsonl').map(({ id }) => id)).toEqual(['pretty.json.gz:1', 'pretty.json.gz:3']);
    expect(readFileSync(join(cwd, 'pretty.kept.jsonl'), 'utf8')).toBe(`${JSON.stringify(conversations[0])}\n${JSON.stringify(conversations[1])}\n`);
  });

  test('a record without end is not held whole, however small its file', async () => {
    writeFileSync(join(cwd, 'much.json.gz'), gzipSync(`[${JSON.stringify(conversations[0])},${JSON.stringify({ prompt: 'a'.repeat(17 * 2 ** 20), completion: 'b' })}]`));
    expect((await llm('data score much.json.gz')).err).toMatch(/^error: E_LINE_TOO_LONG: .*much\.json\.gz/);
    expect(JSON.parse((await llm('data score much.json.gz --skip-bad 1 --json')).out)).toMatchObject({ examples: 1, bad: 1 });
  });

  test.each([
    ['data score nothing.jsonl', /E_NOT_FOUND/, 1],
    ['data score talks.jsonl --keep 5', /expected --out with --keep/, 2],
    ['data score talks.jsonl --keep 1.5 --out x.jsonl', /whole number of records or a share/, 2],
    ['data score talks.jsonl --embeddings base', /expected --keep with --embeddings/, 2],
    ['data score talks.jsonl --judge-url http://localhost', /--judge-url and --judge-model together/, 2],
    ['data score talks.jsonl --judge-url localhost --judge-model x', /to begin with http/, 2],
    ['data score talks.jsonl --judge-url http://localhost --judge-model x --judge-key-env NOT_SET', /NOT_SET but found none/, 2],
    ['data score talks.jsonl --least beauty=1', /--least to be a dimension/, 2],
    ['data score talks.jsonl --least clarity=2', /--least to be a dimension/, 2],
    ['data score talks.jsonl --out talks.jsonl', /E_OUTPUT/, 1],
    ['data score talks.jsonl --model nowhere --device wasm', /E_NOT_FOUND/, 1],
  ])('%s says what is wrong', async (argv, message, expected) => {
    const { code, out, err } = await llm(argv);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(code).toBe(expected);
  });
});

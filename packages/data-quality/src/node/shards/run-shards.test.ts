import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { filterDocuments } from '../../filter-documents.ts';
import { createLedger } from '../../ledger.ts';
import { createFastMinhash } from '../../minhash/fast-minhash.ts';
import type { Decision } from '../../shards/decision.ts';
import { exactAcross } from '../../shards/exact-across.ts';
import { nearAcross } from '../../shards/near-across.ts';
import { filter, type Recipe, type Step } from '../../shards/step.ts';
import type { Document, Filter } from '../../types.ts';
import { readDocuments } from '../read-documents.ts';
import type { RunManifest } from './finish-run.ts';
import { runShards, type RunShardsOptions } from './run-shards.ts';

let folder = '';
let out = '';
let number = 0;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'shards-')); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => { out = join(folder, `out-${number++}`); });

const WORDS = 'the boats lie in mud and wait for tide to lift them as they have done all winter near old wall of harbour'.split(' ');
/** Sentences that depend on the number alone. */
const sentence = (seed: number, words = 30): string => Array.from({ length: words }, (_, i) => `${WORDS[(seed * 7 + i * i * (seed % 5 + 1)) % WORDS.length]}${(seed * 31 + i) % 97 === 0 ? String(seed) : ''}`).join(' ');
const record = (id: string, text: string): string => `${JSON.stringify({ id, text })}\n`;

/** 90 documents in three files, some short, some twice, some nearly twice. */
function corpus(): string {
  const from = join(folder, `in-${number}`);
  mkdirSync(join(from, 'more'), { recursive: true });
  const lines = Array.from({ length: 60 }, (_, i) => record(`j${i}`, i % 10 === 3 ? 'short' : `${sentence(i % 45)} ${i}`));
  writeFileSync(join(from, 'a.jsonl'), lines.join(''));
  writeFileSync(join(from, 'b.jsonl'), Array.from({ length: 29 }, (_, i) => record(`k${i}`, i % 4 === 0 ? `  ${sentence(i % 45)}  ${i}\n` : sentence(100 + i))).join(''));
  writeFileSync(join(from, 'more', 'c.md'), `# Title\n\n${sentence(500)}\n`);
  return from;
}

const atLeast = (threshold: number): Filter => {
  const rule = { reason: 'too_short', threshold, comparison: 'min' } as const;
  return {
    name: 'atLeast', rules: [rule], measure: ({ text }) => ({ too_short: text.length }),
    check: ({ text }) => (text.length < threshold ? { keep: false, ...rule, measured: text.length } : { keep: true }),
  };
};
const noDigits: Filter = {
  name: 'noDigits', rules: [], measure: ({ text }) => ({ digits: text.replace(/\D/g, '').length }),
  check: (document) => ({ keep: true, document: { ...document, text: document.text.replace(/\d/g, '#') } }),
};
const plain = (): Recipe => [filter(atLeast(20)), filter(noDigits)];

const linesOf = <T>(path: string): T[] => (path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path)).toString('utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as T);
const manifestOf = (path: string): RunManifest => JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as RunManifest;
const documentsOf = (path: string): Document[] => manifestOf(path).files.flatMap(({ name }) => linesOf<Document>(join(path, name)));
const decisionsOf = (path: string): Decision[] => manifestOf(path).decisions.flatMap(({ name }) => linesOf<Decision>(join(path, name)));
const run = (from: string | string[], recipe: () => Recipe, options: Partial<RunShardsOptions> = {}): ReturnType<typeof runShards> => runShards([from].flat(), { out, recipe: { name: 'test', make: recipe }, shardBytes: 3000, ...options });
/** Everything that is a result, by name. */
const resultOf = (path: string): Record<string, string> => Object.fromEntries(readdirSync(path, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).filter((file) => !file.startsWith(join(path, 'run')))
  .sort().map((file) => [file.slice(path.length), createHash('sha256').update(readFileSync(file)).digest('hex')]));

test('the documents, decisions and ledger of a stream, in shards', async () => {
  const from = corpus();
  const ledger = createLedger();
  const expected: Document[] = [];
  for await (const document of filterDocuments(readDocuments([from], { ledger }), [atLeast(20), noDigits], { ledger })) expected.push(document);

  const { result, failed, tasksDone } = await run(from, plain);
  expect(failed).toEqual([]);
  expect(tasksDone).toBeGreaterThan(4);
  expect(documentsOf(out)).toEqual(expected);
  expect(result?.ledger).toEqual(ledger.toJSON());
  const decisions = decisionsOf(out);
  expect(decisions.map(({ id }) => id)).toEqual([...Array.from({ length: 60 }, (_, i) => `j${i}`), ...Array.from({ length: 29 }, (_, i) => `k${i}`), `${from.split('/').at(-1)}/more/c.md`]);
  expect(decisions[3]).toEqual({ id: 'j3', source: `${from.split('/').at(-1)}/a.jsonl`, characters: 5, kept: false, filter: 'atLeast', reason: 'too_short', measured: 5, threshold: 20, comparison: 'min' });
  expect(decisions.filter(({ kept }) => kept)).toHaveLength(expected.length);

  const manifest = manifestOf(out);
  expect(manifest.documents).toEqual({ in: 90, out: expected.length });
  expect(manifest.recipe.steps[0]).toEqual({ name: 'atLeast', rules: [{ reason: 'too_short', threshold: 20, comparison: 'min' }] });
  for (const { name, sha256, bytes } of [...manifest.files, ...manifest.decisions]) {
    const content = readFileSync(join(out, name));
    expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
  }
  expect(readdirSync(join(out, 'run', 'tmp'))).toEqual([]);
  expect(JSON.parse(readFileSync(join(out, 'examples.json'), 'utf8'))[0]).toMatchObject({ id: 'j3', reason: 'too_short', text: 'short' });
});

test('a large plain file is cut between lines, and lines without an id are called by their part', async () => {
  const file = join(folder, `big-${number}.jsonl`);
  const texts = Array.from({ length: 200 }, (_, i) => sentence(i));
  writeFileSync(file, texts.map((text) => JSON.stringify({ text })).join('\n'));
  const { tasksDone } = await run(file, () => [], { gzip: false });
  expect(tasksDone).toBeGreaterThan(8);
  const found = documentsOf(out);
  expect(found.map(({ text }) => text)).toEqual(texts);
  expect(new Set(found.map(({ id }) => id)).size).toBe(200);
  const [, start, line] = /@(\d+):(\d+)$/.exec(found[150]!.id)!.map(Number);
  expect(JSON.parse(readFileSync(file, 'utf8').slice(start).split('\n')[line! - 1]!).text).toBe(texts[150]);
});

test('duplicates are found across all tasks, and later steps do not see them', async () => {
  const from = corpus();
  const seen: string[] = [];
  const watch: Step = async function* watch(documents) {
    for await (const document of documents) {
      seen.push(document.id);
      yield document;
    }
  };
  const { result } = await run(from, () => [filter(atLeast(20)), filter(noDigits), exactAcross(), watch, nearAcross(createFastMinhash())]);
  const reasons = Object.fromEntries(result!.ledger.dropped.map(({ reason, documents }) => [reason, documents]));
  const kept = documentsOf(out);
  expect(reasons).toMatchObject({ too_short: 6, exact_duplicate: expect.any(Number) as number });
  expect(reasons['exact_duplicate']).toBeGreaterThan(5);
  expect(seen).toHaveLength(84 - reasons['exact_duplicate']!);
  expect(kept).toHaveLength(seen.length - (reasons['near_duplicate'] ?? 0));
  const normal = kept.map(({ text }) => text.replace(/\s+/g, ' ').trim());
  expect(new Set(normal).size).toBe(normal.length);
  expect(decisionsOf(out)).toHaveLength(90);
  // However the input is divided, the same ones go.
  const one = join(folder, `one-${number}`);
  await run(from, () => [filter(atLeast(20)), filter(noDigits), exactAcross(), nearAcross(createFastMinhash())], { out: one, shardBytes: 1e9 });
  expect(documentsOf(one)).toEqual(kept);
  expect(decisionsOf(one)).toEqual(decisionsOf(out));
});

test('measured: what all rules say of every document, also behind the one that drops it', async () => {
  const from = corpus();
  await run(from, () => [filter(atLeast(20)), filter(noDigits), exactAcross(), filter({ ...noDigits, name: 'again' })], { measure: true });
  const decisions = decisionsOf(out);
  expect(decisions[3]?.measures).toEqual({ atLeast: { too_short: 5 }, noDigits: { digits: 0 } });
  expect(decisions[12]).toMatchObject({ kept: true, measures: { noDigits: { digits: linesOf<Document>(join(from, 'a.jsonl'))[12]!.text.replace(/\D/g, '').length }, again: { digits: 0 } } });
  expect(decisions.every(({ measures }) => measures !== undefined)).toBe(true);
});

test('a task that fails leaves the others, names the document, and is all that the next run does', async () => {
  const from = corpus();
  let poison = true;
  const step: Step = async function* step(documents) {
    for await (const document of documents) {
      if (poison && document.id === 'j30') throw new Error('step: expected no poison but found some. Take it out.');
      yield document;
    }
  };
  const first = await run(from, () => [step, exactAcross()]);
  expect(first.result).toBeUndefined();
  expect(first.failed).toMatchObject([{ document: 'j30', error: 'step: expected no poison but found some. Take it out.', inputs: [expect.stringMatching(/a\.jsonl@\d+$/)] }]);
  expect(readdirSync(join(out, 'run', 'failed'))).toEqual([`${first.failed[0]!.name}.json`]);
  expect(existsSync(join(out, 'manifest.json'))).toBe(false);
  poison = false;
  const second = await run(from, () => [step, exactAcross()]);
  expect(second.tasksSkipped).toBe(first.tasksDone);
  expect(readdirSync(join(out, 'run', 'failed'))).toEqual([]);
  const third = await run(from, () => [step, exactAcross()]);
  expect([third.tasksDone, third.result]).toEqual([0, second.result]);
});

test('what has changed is done again, and what is gone is taken away', async () => {
  const from = corpus();
  const recipe = (): Recipe => [filter(atLeast(20)), exactAcross()];
  const { tasksDone: all } = await run(from, recipe);
  appendFileSync(join(from, 'more', 'c.md'), 'More of it.\n');
  const changed = await run(from, recipe);
  expect(changed.tasksDone).toBeGreaterThan(0);
  expect(changed.tasksDone).toBeLessThan(all);
  expect(documentsOf(out).at(-1)?.text).toContain('More of it.');
  // Another recipe: everything; fewer files: fewer shards.
  rmSync(join(from, 'a.jsonl'));
  const fewer = await run(from, () => [filter(atLeast(21)), exactAcross()]);
  expect(fewer.tasksSkipped).toBe(0);
  expect(readdirSync(out).filter((name) => name.startsWith('data-'))).toEqual(manifestOf(out).files.map(({ name }) => name));
  expect(decisionsOf(out)).toHaveLength(30);
  // A file that is lost is written again.
  rmSync(join(out, manifestOf(out).files[0]!.name));
  expect((await run(from, () => [filter(atLeast(21)), exactAcross()])).tasksDone).toBe(1);
});

test('ranks share the work, and one of them decides', async () => {
  const from = corpus();
  const recipe = (): Recipe => [filter(atLeast(20)), exactAcross(), filter(noDigits)];
  await run(from, recipe);
  const alone = resultOf(out);
  out = join(folder, `shared-${number}`);
  const runs = await Promise.all([0, 1, 2].map((rank) => run(from, recipe, { rank, worldSize: 3 })));
  expect(runs.every(({ failed }) => failed.length === 0)).toBe(true);
  expect(runs.some(({ result }) => result !== undefined)).toBe(true);
  expect(resultOf(out)).toEqual(alone);
  // Stage by stage, as an array of jobs does it.
  out = join(folder, `staged-${number}`);
  await expect(run(from, recipe, { stage: 'across-0' })).rejects.toMatchObject({ code: 'E_INCOMPLETE' });
  for (const stage of ['pass-0', 'across-0', 'pass-1']) for (const rank of stage === 'across-0' ? [0] : [0, 1]) await run(from, recipe, { stage, rank, worldSize: stage === 'across-0' ? 1 : 2 });
  expect(resultOf(out)).toEqual(alone);
});

test('what makes no sense is refused', async () => {
  const from = corpus();
  await expect(run(from, plain, { rank: 2, worldSize: 2 })).rejects.toThrow('expected a rank from 0 to below worldSize but found 2 of 2');
  await expect(run(from, plain, { workers: 2 })).rejects.toThrow('expected a module for 2 workers but found a function');
  await expect(run(from, plain, { stage: 'pass-7' })).rejects.toThrow('expected a stage of pass-0 but found pass-7');
  await expect(run(from, plain, { out: from })).rejects.toMatchObject({ code: 'E_NOT_EMPTY' });
  mkdirSync(join(folder, 'nothing'), { recursive: true });
  await expect(run(join(folder, 'nothing'), plain)).rejects.toMatchObject({ code: 'E_EMPTY' });
  writeFileSync(join(folder, 'nothing', 'empty.txt'), '');
  await expect(run(join(folder, 'nothing'), plain)).rejects.toMatchObject({ code: 'E_EMPTY', message: expect.stringContaining('expected at least one document but found none in 1 files') as string });
  expect(existsSync(join(out, 'manifest.json'))).toBe(false);
  const stopped = new AbortController();
  stopped.abort(new Error('enough'));
  await expect(run(from, plain, { signal: stopped.signal })).rejects.toThrow('enough');
});

test('a folder inside of what is read is refused, on the first run and before anything is removed', async () => {
  const from = corpus();
  const inside = join(from, 'clean');
  for (const input of [from, join(from, '**', '*.jsonl'), join(from, '**/data-*.jsonl.gz')]) await expect(run(input, plain, { out: inside })).rejects.toMatchObject({ code: 'E_OUTPUT', file: inside });
  expect(existsSync(inside)).toBe(false);
  // What is not found as input does no harm.
  await run(from, plain, { out: inside, read: { exclude: ['clean'] } });
  await run(join(from, '*.jsonl'), plain, { out: join(from, 'other') });
  await run(from, plain, { out: join(from, '.hidden'), read: { include: ['md'] } });
  const manifest = readFileSync(join(inside, 'manifest.json'), 'utf8');
  await expect(run(join(inside, manifestOf(inside).files[1]!.name), plain, { out: inside })).rejects.toMatchObject({ code: 'E_OUTPUT' });
  expect(readFileSync(join(inside, 'manifest.json'), 'utf8')).toBe(manifest);
});

test('bad lines count for the file, not for its parts', async () => {
  const file = join(folder, `bad-${number}.jsonl`);
  // Some in every part.
  writeFileSync(file, Array.from({ length: 200 }, (_, i) => (i % 20 === 7 ? '{"text":\n' : record(`b${i}`, sentence(i)))).join(''));
  const few = await run(file, plain, { read: { skipBad: 9 } });
  expect(few.result).toBeUndefined();
  expect(few.failed).toMatchObject([{ code: 'E_JSONL', error: expect.stringContaining('expected at most 9 bad lines in bad-') as string, inputs: [expect.stringContaining('@') as string] }]);
  // Again the same; enough of them, and in one part.
  expect((await run(file, plain, { read: { skipBad: 9 } })).failed).toEqual(few.failed);
  const { result } = await run([file, file], plain, { read: { skipBad: 10 } });
  expect(result?.ledger.skipped).toMatchObject([{ reason: 'E_JSONL', count: 20 }]);
  const whole = await run(file, plain, { read: { skipBad: 9 }, shardBytes: 1e9 });
  expect(whole.failed).toMatchObject([{ code: 'E_JSONL' }]);
});

test('a file that changes while the run goes on fails its task', async () => {
  const from = corpus();
  const file = join(from, 'more', 'c.md');
  const touch: Step = async function* touch(documents, { shard }) {
    if (shard === 0) utimesSync(file, new Date(), new Date(statSync(file).mtimeMs + 5000));
    yield* documents;
  };
  const { failed } = await run(from, () => [touch]);
  expect(failed).toMatchObject([{ code: 'E_CHANGED' }]);
});

test('a dataset on the Hub is one task, read with the token of the environment, which is written nowhere', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const before = { ...process.env };
  Object.assign(process.env, { HF_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, HF_TOKEN: 'hf_secretsecret' });
  try {
    const { failed } = await run([corpus(), 'hf://datasets/owner/name@main'], () => []);
    expect(failed).toMatchObject([{ code: 'E_HUB_ACCESS', inputs: ['hf://datasets/owner/name@main'] }]);
    expect(asked[0]).toBe('Bearer hf_secretsecret');
    for (const entry of readdirSync(join(out, 'run'), { recursive: true, withFileTypes: true })) if (entry.isFile()) expect(readFileSync(join(entry.parentPath, entry.name), 'utf8')).not.toContain('secretsecret');
  } finally {
    process.env = before;
    server.close();
  }
});

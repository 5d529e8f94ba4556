import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataError } from '../data-error.ts';
import { createLedger } from '../ledger.ts';
import { readDocuments } from '../node/read-documents.ts';
import { parquetBytes } from '../parquet/parquet-bytes.ts';
import { chooseFiles } from './hub-configs.ts';
import { parseHubPath, readHubDataset, type ReadHubDatasetOptions } from './read-hub-dataset.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const TOKEN = 'hf_secretSecretSecret';
type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The few routes of the Hub that the library calls, and a second server that the files lie on, as those of the Hub do. */
let hub: Server;
let store: Server;
let files: Record<string, Uint8Array> = {};
let card: unknown;
/** Sees every request first, and answers it where it returns true. */
let first: Answer = () => false;
let seen: { url: string; range: string | undefined; token: string | undefined; onStore: boolean }[] = [];
const address = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function sendFile(request: IncomingMessage, response: ServerResponse): void {
  const bytes = files[decodeURIComponent(request.url!.slice(1))]!;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const [start, end] = range ? [Number(range[1]), range[2] === '' ? bytes.length : Number(range[2]) + 1] : [0, bytes.length];
  response.writeHead(range ? 206 : 200, { etag: '"x"', 'content-length': end - start, ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` } : {}) }).end(bytes.subarray(start, end));
}
function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, address(hub));
  const json = (value: unknown, headers = {}): void => void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  if (url.pathname.startsWith('/api/datasets/some/set/revision/')) json({ _id: '1', id: 'some/set', sha: SHA, cardData: card, lastModified: '2026-01-01' });
  else if (url.pathname === `/api/datasets/some/set/tree/${SHA}`) {
    // Two files a page.
    const at = Number(url.searchParams.get('cursor') ?? 0);
    const names = Object.keys(files);
    url.searchParams.set('cursor', String(at + 2));
    json([{ type: 'directory', path: 'data' }, ...names.slice(at, at + 2).map((path) => ({ type: 'file', path, size: files[path]!.length }))], at + 2 < names.length ? { link: `<${url.href}>; rel="next"` } : {});
  } else if (url.pathname.startsWith(`/datasets/some/set/resolve/${SHA}/`)) response.writeHead(302, { location: `${address(store)}/${encodeURIComponent(decodeURIComponent(url.pathname.split(`${SHA}/`)[1]!))}`, etag: '"x"' }).end();
  else response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end();
}
beforeEach(async () => {
  const start = async (onStore: boolean, handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> => {
    const server = createServer((request, response) => {
      seen.push({ url: request.url!, range: request.headers.range, token: request.headers.authorization, onStore });
      if (!first(request, response)) handle(request, response);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return server;
  };
  [files, card, first, seen] = [{}, undefined, () => false, []];
  hub = await start(false, answer);
  store = await start(true, sendFile);
});
afterEach(async () => {
  for (const server of [hub, store]) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

const options = (more: ReadHubDatasetOptions = {}): ReadHubDatasetOptions => ({ hubUrl: more.hubUrl ?? address(hub), retryMilliseconds: 1, retries: 3, ...more });
async function read(more: ReadHubDatasetOptions = {}, dataset = 'some/set'): Promise<{ id: string; text: string }[]> {
  const out: { id: string; text: string }[] = [];
  for await (const { id, text } of readHubDataset(dataset, options(more))) out.push({ id, text });
  return out;
}
async function failure(more: ReadHubDatasetOptions = {}, dataset?: string): Promise<DataError> {
  const error = await read(more, dataset).then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
}
async function parquet(count: number): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of parquetBytes(Array.from({ length: count }, (_, i) => ({ id: `p${i}`, text: `text ${i} `.repeat(200) })), { rowGroupBytes: 50_000, codec: 'none' })) parts.push(part);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const lines = (from: number, count: number): string => Array.from({ length: count }, (_, i) => `{"text":"line ${from + i}"}\n`).join('');

test('Parquet of a split, in ranges, of one commit; the token goes to the Hub alone', async () => {
  files = { 'README.md': text('x'), 'data/train-00000-of-00002.parquet': await parquet(200), 'data/train-00001-of-00002.parquet': await parquet(1), 'data/test-00000-of-00001.parquet': text('no'), 'LICENSE': text('x') };
  const found = await read({ accessToken: TOKEN, revision: 'main' });
  expect(found.map(({ id }) => id)).toEqual([...Array.from({ length: 200 }, (_, i) => `p${i}`), 'p0']);
  expect(seen[0]).toMatchObject({ url: expect.stringContaining('/revision/main?'), token: `Bearer ${TOKEN}` });
  const fromStore = seen.filter(({ onStore }) => onStore);
  expect(fromStore.length).toBeGreaterThan(8);
  expect(fromStore.every(({ token }) => token === undefined)).toBe(true);
  expect(fromStore.filter(({ url }) => url.includes('00000-of')).every(({ range }) => range !== undefined)).toBe(true);
  expect(seen.filter(({ onStore }) => !onStore).every(({ token }) => token === `Bearer ${TOKEN}`)).toBe(true);
  // The first document needs the footer and one row group, not the file.
  seen = [];
  for await (const _ of readHubDataset('some/set', options())) break;
  const bytes = seen.reduce((sum, { range, onStore }) => { const [, start, end] = /(\d+)-(\d+)/.exec(range ?? '') ?? []; return onStore ? sum + Number(end) - Number(start) : sum; }, 0);
  expect(bytes).toBeLessThan(files['data/train-00000-of-00002.parquet']!.length / 2);
});

test('a list that goes on at another origin is not given the token', async () => {
  files = { 'a.jsonl': text(lines(0, 1)) };
  first = (request, response) => {
    if (!request.url!.includes('/tree/')) return false;
    const elsewhere = request.url!.startsWith('/other/');
    response.writeHead(200, { 'content-type': 'application/json', ...(elsewhere ? {} : { link: `<${address(store)}/other/tree/>; rel="next"` }) }).end(JSON.stringify(elsewhere ? [{ type: 'file', path: 'a.jsonl' }] : []));
    return true;
  };
  expect((await read({ accessToken: TOKEN })).length).toBe(1);
  expect(seen.filter(({ onStore }) => onStore).map(({ url, token }) => [url, token])[0]).toEqual(['/other/tree/', undefined]);
});

test('a stream that breaks is taken up where it broke', async () => {
  files = { 'train.jsonl.gz': gzipSync(lines(0, 20_000)), 'test.jsonl': text('') };
  let broken = 0;
  first = (request, response) => {
    if (request.url !== '/train.jsonl.gz' || request.headers.range === 'bytes=0-0' || broken >= 3) return false;
    const start = Number(/\d+/.exec(request.headers.range ?? '0')![0]);
    const bytes = files['train.jsonl.gz']!;
    broken++;
    response.writeHead(request.headers.range ? 206 : 200, { 'content-length': bytes.length - start, ...(request.headers.range ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}) });
    response.write(bytes.subarray(start, start + 10_000), () => response.destroy());
    return true;
  };
  const found = await read();
  expect(found.length).toBe(20_000);
  expect(found.every(({ id, text: each }, i) => each === `line ${i}` && id === `hf://datasets/some/set/train.jsonl.gz:${i + 1}`)).toBe(true);
  expect(broken).toBe(3);
  // What came before the break is not asked for again.
  const starts = seen.filter(({ url, range }) => url === '/train.jsonl.gz' && range !== 'bytes=0-0').map(({ range }) => Number(/\d+/.exec(range ?? '0')![0]));
  expect(starts.every((start, i) => i === 0 || start > starts[i - 1]!)).toBe(true);
});

test('a connection that breaks again and again at one place is given up, in streams and in ranges', async () => {
  for (const [name, content] of [['train.jsonl', text(lines(0, 9))], ['train.parquet', await parquet(3)]] as const) {
    files = { [name]: content };
    let tries = 0;
    first = (request, response) => {
      if (request.url !== `/${name}` || request.headers.range === 'bytes=0-0') return false;
      tries++;
      response.writeHead(request.headers.range ? 206 : 200, { 'content-length': content.length, ...(request.headers.range ? { 'content-range': request.headers.range.replace('=', ' ') } : {}) });
      response.flushHeaders();
      response.destroy();
      return true;
    };
    expect(await failure()).toMatchObject({ code: 'E_HUB', message: expect.stringContaining('connection') });
    expect(tries).toBeGreaterThanOrEqual(4);
  }
});

test('429 is waited out as long as it says; 5xx and its kin as often as allowed', async () => {
  files = { 'a.jsonl': text(lines(0, 3)) };
  const refused = new Set<string>();
  first = (request, response) => {
    const key = `${request.url} ${request.headers.range}`;
    if (refused.has(key)) return false;
    refused.add(key);
    response.writeHead(429, { 'retry-after': refused.size % 2 === 1 ? '0' : 'Mon, 01 Jan 2024 00:00:00 GMT' }).end();
    return true;
  };
  // Ten minutes between tries, were it not for the header.
  expect((await read({ retryMilliseconds: 600_000 })).length).toBe(3);
  expect(refused.size).toBeGreaterThan(4);
  for (const status of [500, 502, 503, 504, 408, 429]) {
    seen = [];
    first = (_, response) => { response.writeHead(status).end(); return true; };
    const error = await failure({ retries: 2 });
    expect(error).toMatchObject({ code: 'E_HUB', message: expect.stringContaining(`found ${status}`), remedy: expect.stringContaining('retries') });
    expect(seen.length).toBe(3);
  }
  seen = [];
  first = (_, response) => { response.writeHead(429, { 'retry-after': '3600' }).end(); return true; };
  expect(await failure()).toMatchObject({ code: 'E_HUB' });
  expect(seen.length).toBe(1);
});

test('what is refused says why, and never shows the token', async () => {
  files = { 'a.jsonl': text(lines(0, 3)) };
  for (const [status, header, code, remedy] of [
    [401, undefined, 'E_HUB_ACCESS', 'pass an accessToken'], [401, 'GatedRepo', 'E_HUB_ACCESS', '/datasets/some/set'], [403, undefined, 'E_HUB_ACCESS', 'may read this dataset'],
    [403, 'GatedRepo', 'E_HUB_ACCESS', 'Accept its terms'], [404, 'RepoNotFound', 'E_NOT_FOUND', 'Check the name'], [404, 'RevisionNotFound', 'E_NOT_FOUND', 'revision'], [400, undefined, 'E_HUB', 'hubUrl'],
  ] as const) {
    seen = [];
    first = (_, response) => { response.writeHead(status, header === undefined ? {} : { 'x-error-code': header }).end(`token ${TOKEN}`); return true; };
    const error = await failure({ accessToken: TOKEN });
    expect(error).toMatchObject({ code, remedy: expect.stringContaining(remedy), file: 'hf://datasets/some/set' });
    expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
    expect(seen.length).toBe(1);
  }
  // Refused later, for the file itself.
  first = (request, response) => { if (!request.url!.includes('/resolve/')) return false; response.writeHead(403, { 'x-error-code': 'GatedRepo' }).end(); return true; };
  expect(await failure({ accessToken: TOKEN })).toMatchObject({ code: 'E_HUB_ACCESS', file: 'hf://datasets/some/set/a.jsonl' });
  first = (request, response) => { if (!request.url!.startsWith('/a.jsonl') || request.headers.range === 'bytes=0-0') return false; response.writeHead(403).end(); return true; };
  expect(await failure()).toMatchObject({ code: 'E_HUB_ACCESS' });
  expect(await failure({}, 'other/set')).toMatchObject({ code: 'E_NOT_FOUND' });
  for (const wrong of ['set', 'a/b/c', '../x', 'a/..', 'a b/c']) await expect(read({}, wrong)).rejects.toThrow(RangeError);
  await expect(read({ accessToken: 'secretSecret' })).rejects.toThrow(/^(?!.*secretSecret).*hf_/);
});

test('a server without ranges, one of something else, and none', async () => {
  files = { 'train.parquet': await parquet(3) };
  first = (request, response) => { if (request.url !== '/train.parquet' || request.headers.range === 'bytes=0-0') return false; response.writeHead(200).end(files['train.parquet']); return true; };
  expect(await failure()).toMatchObject({ code: 'E_HUB', message: expect.stringContaining('range') });
  first = (_, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'); return true; };
  expect(await failure()).toMatchObject({ code: 'E_HUB', message: expect.stringContaining('another') });
  const port = address(hub);
  hub.closeAllConnections();
  await new Promise((done) => hub.close(done));
  expect(await failure({ hubUrl: port, retries: 1 })).toMatchObject({ code: 'E_HUB', message: expect.stringContaining('failed connection, 2 times') });
});

test('a signal ends the wait', async () => {
  const controller = new AbortController();
  first = (_, response) => { response.writeHead(503, { 'retry-after': '200' }).end(() => controller.abort()); return true; };
  await expect(read({ signal: controller.signal })).rejects.toThrow(/abort/i);
  expect(seen.length).toBe(1);
});

test('files by path, formats, limits', async () => {
  files = { 'en/a.jsonl': text(lines(0, 2)), 'en/b c#.jsonl': text(lines(2, 1)), 'fr/a.csv': text('text\nbonjour\n'), 'fr/notes.txt': text('x'), 'img/a.png': text('x') };
  expect((await read({ path: 'en' })).map((each) => each.text)).toEqual(['line 0', 'line 1', 'line 2']);
  expect((await read({ path: 'en/b c#.jsonl' })).length).toBe(1);
  expect((await read({ path: '*/a.csv' })).map((each) => each.text)).toEqual(['bonjour']);
  const skipped: string[] = [];
  expect((await read({ onSkip: (reason, path) => skipped.push(`${reason}: ${path}`) })).length).toBe(3);
  expect(skipped).toEqual(['other file type: fr/a.csv', 'other file type: fr/notes.txt', 'other file type: img/a.png']);
  expect(await failure({ path: 'img' })).toMatchObject({ code: 'E_FORMAT', message: expect.stringContaining('found .png') });
  expect(await failure({ path: 'de' })).toMatchObject({ code: 'E_NOT_FOUND' });
  expect(await failure({ split: 'test' })).toMatchObject({ code: 'E_HUB', message: expect.stringContaining('the splits train') });
  expect(await failure({ maxFiles: 4 })).toMatchObject({ code: 'E_HUB', remedy: 'Raise maxFiles.' });
  expect(await failure({ path: 'fr/notes.txt', textField: 'x' }).catch(() => undefined)).toBeUndefined();
});

test('hf:// among the paths of readDocuments; bad lines in the ledger', async () => {
  files = { 'train.jsonl': text('{"text":"a"}\nbad\n'), 'test.jsonl': text('{"text":"b"}\n') };
  card = { configs: [{ config_name: 'x', data_files: [{ split: 'odd', path: 'te*' }] }] };
  const ledger = createLedger();
  const found: string[] = [];
  for await (const { id } of readDocuments(['hf://datasets/some/set@v1.0/train.jsonl', 'hf://datasets/some/set'], { skipBad: 1, ledger, hub: { ...options(), split: 'odd' } })) found.push(id);
  expect(found).toEqual(['hf://datasets/some/set/train.jsonl:1', 'hf://datasets/some/set/test.jsonl:1']);
  expect(ledger.toJSON().skipped).toEqual([{ reason: 'E_JSONL', count: 1, examples: ['hf://datasets/some/set/train.jsonl:2'] }]);
  expect(seen[0]!.url).toContain('/revision/v1.0?');
});

test('addresses', () => {
  expect(parseHubPath('docs/a.md')).toBeUndefined();
  expect(parseHubPath('hf://datasets/a/b')).toEqual({ dataset: 'a/b' });
  expect(parseHubPath('hf://datasets/a/b@refs/convert/parquet/default/train')).toEqual({ dataset: 'a/b', revision: 'refs/convert/parquet', path: 'default/train' });
  expect(parseHubPath('hf://datasets/a/b@refs%2Fpr%2F1/x')).toEqual({ dataset: 'a/b', revision: 'refs/pr/1', path: 'x' });
  for (const wrong of ['hf://models/a/b', 'hf://datasets/a', 'hf://']) expect(() => parseHubPath(wrong)).toThrow(DataError);
});

describe('the configs of a card', () => {
  const names = ['a/train.csv', 'a/test.csv', 'b/x.csv', 'b/y.csv'];
  const choose = (configs: unknown, more: { config?: string; split?: string } = {}): string[] => chooseFiles(names, { configs, config: undefined, split: 'train', source: 'x', ...more });

  test('one, a default, a name, a folder', () => {
    const a = { config_name: 'a', data_files: [{ split: 'train', path: 'a/train.csv' }, { split: 'dev', path: ['b/*', 'a/test.csv'] }] };
    expect(choose([a])).toEqual(['a/train.csv']);
    expect(choose([a], { split: 'dev' })).toEqual(['b/x.csv', 'b/y.csv', 'a/test.csv']);
    expect(choose([a, { config_name: 'default', data_files: 'b/*' }])).toEqual(['b/x.csv', 'b/y.csv']);
    expect(choose([a, { config_name: 'c', data_files: ['b/y*'], default: true }])).toEqual(['b/y.csv']);
    expect(choose([a, { config_name: 'c', data_dir: 'b' }], { config: 'c' })).toEqual(['b/x.csv', 'b/y.csv']);
    expect(choose(undefined)).toEqual(['a/train.csv']);
    // Below data_dir, as datasets resolves it.
    for (const folder of ['b', './b/', 'b//', './/b/.']) {
      expect(choose([{ config_name: 'c', data_dir: folder, data_files: 'y*' }])).toEqual(['b/y.csv']);
      expect(choose([{ config_name: 'c', data_dir: folder, data_files: [{ split: 'train', path: './x.csv' }] }])).toEqual(['b/x.csv']);
      expect(() => choose([{ config_name: 'c', data_dir: folder, data_files: 'b/*' }])).toThrow('files of the split "train"');
    }
    for (const folder of ['.', './', '']) expect(choose([{ config_name: 'c', data_dir: folder }])).toEqual(choose(undefined));
  });

  test.each([
    [[{ config_name: 'a' }, { config_name: 'b' }], {}, 'a, b to choose from'],
    [[{ config_name: 'a' }], { config: 'b' }, 'found a'],
    [undefined, { config: 'b' }, 'none in the card'],
    [[{ config_name: 'a', data_files: 3 }], {}, 'found others'],
    [[{ config_name: 'a', data_files: [{ split: 'train' }] }], {}, 'found others'],
    [[{ data_files: 'x' }], {}, 'found others'],
    [[null], {}, 'found others'],
    [[{ config_name: 'a', data_files: '*'.repeat(1001) }], {}, 'found others'],
    [[{ config_name: 'a', data_files: 'nothing/*' }], {}, 'the splits train'],
  ])('%j %j is refused', (configs, more, message) => {
    expect(() => choose(configs, more)).toThrow(message);
  });
});

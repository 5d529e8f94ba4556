import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EndpointError } from './endpoint-error.ts';
import { type EndpointOptions, openEndpoint } from './open-endpoint.ts';

/** What the server does with one request after the other; afterwards it fails. */
interface Reply { readonly status?: number; readonly headers?: Record<string, string>; readonly hang?: true; readonly body?: string }
const good: Reply = { body: '{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":2}}' };
let script: Reply[] = [];
let seen: { path: string | undefined; authorization: string | undefined; body: unknown }[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    request.on('end', () => {
      seen.push({ path: request.url, authorization: request.headers.authorization, body: JSON.parse(text) });
      const { status = 200, headers = {}, hang, body = '' } = script.shift() ?? { status: 500 };
      if (!hang) response.writeHead(status, headers).end(body);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`;
});
afterAll(() => { server.closeAllConnections(); server.close(); });

const opened = (replies: Reply[], options: Partial<EndpointOptions> = {}): ReturnType<typeof openEndpoint> => {
  [script, seen] = [replies, []];
  return openEndpoint({ url, model: 'large', apiKey: 'secret', backoffMs: 5, ...options });
};
const failure = (asking: Promise<unknown>): Promise<EndpointError> => asking.then(() => { throw new Error('an answer'); }, (error: unknown) => error as EndpointError);

test('is asked once for the same, unless a fresh answer is wanted, and its cost is counted', async () => {
  const endpoint = opened([good, good, good], { prices: { prompt: 1, completion: 10 } });
  await Promise.all([endpoint.ask('/completions', { prompt: 'a' }), endpoint.ask('/completions', { prompt: 'a' })]);
  expect(await endpoint.ask('/completions', { prompt: 'a' })).toMatchObject({ choices: [] });
  expect(seen).toEqual([{ path: '/v1/completions', authorization: 'Bearer secret', body: { model: 'large', prompt: 'a' } }]);
  expect(endpoint.usage).toEqual({ requests: 1, cached: 2, retries: 0, promptTokens: 100, completionTokens: 2, cost: 120 / 1e6 });
  await Promise.all([endpoint.ask('/completions', { prompt: 'a' }, { fresh: true }), endpoint.ask('/completions', { prompt: 'a' }, { fresh: true })]);
  expect(seen).toHaveLength(3);
});

test('a cache of one\'s own sees no key, and none forgets at once', async () => {
  const cache = new Map<string, string>();
  await opened([good], { cache }).ask('/completions', {});
  expect([...cache.keys()]).toEqual([`${url}completions {"model":"large"}`]);
  await opened([], { cache }).ask('/completions', {});
  const endpoint = opened([good, good], { cache: false });
  await endpoint.ask('/completions', {});
  await endpoint.ask('/completions', {});
  expect(seen).toHaveLength(2);
});

test('is tried again where it is busy, broken, garbled, slow or away', async () => {
  const date = new Date(Date.now() + 1).toUTCString();
  const endpoint = opened([{ status: 503 }, { status: 429, headers: { 'retry-after': '0.02' } }, { status: 408, headers: { 'retry-after': date } }, { body: '<html>' }, good], { retries: 4 });
  await endpoint.ask('/completions', {});
  expect(endpoint.usage).toMatchObject({ requests: 5, retries: 4 });
  await opened([{ hang: true }, good], { timeoutMs: 200 }).ask('/completions', {});
  expect(await failure(opened([], { retries: 1 }).ask('/completions', {}))).toMatchObject({ code: 'unreachable', status: 500, message: expect.stringContaining('within 2 tries but found status 500') as string });
  expect(await failure(opened([], { url: 'http://127.0.0.1:9', retries: 0 }).ask('/completions', {}))).toMatchObject({ code: 'unreachable', status: undefined });
});

test('waits as long as it is asked to, but not for an hour', async () => {
  const started = performance.now();
  await opened([{ status: 429, headers: { 'retry-after': '0.3' } }, good]).ask('/completions', {});
  expect(performance.now() - started).toBeGreaterThan(290);
  expect((await failure(opened([{ status: 429, headers: { 'retry-after': '3600' } }]).ask('/completions', {}))).message).toContain('to come again in 60 minutes');
});

test('a refusal is told at once, with what was said but the key', async () => {
  const error = await failure(opened([{ status: 401, body: 'no such key:\n\u001b[31m secret' }]).ask('/completions', {}));
  expect(error).toBeInstanceOf(EndpointError);
  expect(error).toMatchObject({ code: 'refused', status: 401 });
  expect(error.message).toBe(`openEndpoint: expected an answer from ${url}completions but found status 401: no such key: [31m …. Check the address, the key and the name of the model.`);
  expect(seen).toHaveLength(1);
});

test('no more than so many requests are under way, and the rest in their order', async () => {
  let [now, most] = [0, 0];
  const order: unknown[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    order.push((JSON.parse(init!.body as string) as { i: number }).i);
    most = Math.max(most, ++now);
    await new Promise((resolve) => { setTimeout(resolve, 3); });
    now--;
    return new Response(good.body);
  };
  const endpoint = opened([], { fetch, concurrency: 2 });
  await Promise.all(Array.from({ length: 6 }, (_, i) => endpoint.ask('/completions', { i })));
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a signal ends the question that is under way, and the wait for the next try', async () => {
  const stop = new AbortController();
  const endpoint = opened([{ hang: true }], { signal: stop.signal });
  const asking = failure(endpoint.ask('/completions', {}));
  stop.abort(new Error('enough'));
  expect((await asking).message).toBe('enough');
  const waiting = new AbortController();
  const tries = failure(opened([{ status: 503 }], { signal: waiting.signal, backoffMs: 600_000 }).ask('/completions', {}));
  while (script.length > 0) await new Promise((resolve) => { setTimeout(resolve, 1); });
  setTimeout(() => waiting.abort(new Error('done')), 20);
  expect((await tries).message).toBe('done');
  // Given up while the answer comes that asks for a wait.
  const early = new AbortController();
  const fetch: typeof globalThis.fetch = async () => ({ ok: false, status: 503, headers: new Headers(), text: async () => { early.abort(new Error('over')); return ''; } }) as Response;
  expect((await failure(opened([], { fetch, signal: early.signal, backoffMs: 600_000 }).ask('/completions', {}))).message).toBe('over');
});

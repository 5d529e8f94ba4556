import { createServer, type Server } from 'node:http';
import { createModel } from '@llm/model';
import { useDevice } from '@llm/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointJudge, type EndpointJudgeOptions, JudgeError } from './endpoint-judge.ts';
import { bothOrders, type Comparison, type Judge, scoreJudge } from './judge.ts';
import { judgePrompt, readVerdict } from './judge-prompt.ts';
import { judgedPairs, judgedRound } from './judged-round.ts';
import { modelJudge } from './model-judge.ts';

const question: Comparison = { prompt: 'What is 2 + 2?', first: '4', second: '5' };

describe('orders', () => {
  test('a judge that likes whatever comes first has no opinion; one with an opinion keeps it', async () => {
    expect(await bothOrders(() => 1)(question)).toBe(0.5);
    const right: Judge = ({ first }) => (first === '4' ? 0.9 : 0.2);
    expect(await bothOrders(right)(question)).toBeCloseTo((0.9 + 0.8) / 2, 12);
    expect(await bothOrders(right)({ ...question, first: '5', second: '4' })).toBeCloseTo((0.2 + 0.1) / 2, 12);
    expect(await bothOrders(({ first }) => (first === '4' ? 1 : undefined))(question)).toBeUndefined();
  });

  test('scores become probabilities', async () => {
    expect(await scoreJudge((_, answer) => Number(answer))(question)).toBeCloseTo(1 / (1 + Math.E), 12);
  });

  test('the verdict that stands last counts', () => {
    expect(['so [[B]], no: [[A]]', 'x [[B]]', '[[C]]', 'A'].map(readVerdict)).toEqual([1, 0, 0.5, undefined]);
    expect(judgePrompt(question)).toMatch(/\[Answer A\]\n4\n[\s\S]*\[Answer B\]\n5\n/);
  });
});

describe('an endpoint', () => {
  /** What the server does with one request after the other. */
  interface Body { readonly messages: { readonly content: string }[]; readonly temperature: number }
  interface Served { readonly status?: number; readonly headers?: Record<string, string>; readonly text?: string; readonly hang?: true }
  let script: ((body: Body) => Served)[] = [];
  const answerTo = (body: Body): Served => script.shift()?.(body) ?? {};
  let seen: { authorization: string | undefined; url: string | undefined }[] = [];
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => { body += part.toString(); });
      request.on('end', () => {
        seen.push({ authorization: request.headers.authorization, url: request.url });
        const { status = 200, headers = {}, text = '[[A]]', hang } = answerTo(JSON.parse(body) as Body);
        if (hang) return;
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify({ choices: [{ message: { content: text } }], usage: { prompt_tokens: 100, completion_tokens: 10 } }));
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}/v1/`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const judge = (options: Partial<EndpointJudgeOptions> = {}) => {
    seen = [];
    return endpointJudge({ url, model: 'judge', apiKey: 'secret', backoffMs: 5, ...options });
  };

  test('is asked in the manner of OpenAI, at temperature 0, once for the same question, and its cost is counted', async () => {
    script = [({ messages, temperature }) => ({ text: temperature === 0 && messages[0]!.content.includes('2 + 2') ? 'Right. [[A]]' : '[[B]]' }), () => ({ text: 'no idea' })];
    const ask = judge({ prices: { prompt: 1, completion: 10 } });
    expect(await Promise.all([ask(question), ask(question)])).toEqual([1, 1]);
    expect(await ask(question)).toBe(1);
    expect(await ask({ ...question, prompt: 'else' })).toBeUndefined();
    expect(seen).toEqual(Array.from({ length: 2 }, () => ({ authorization: 'Bearer secret', url: '/v1/chat/completions' })));
    expect(ask.usage).toEqual({ requests: 2, cached: 2, retries: 0, unreadable: 1, promptTokens: 200, completionTokens: 20, cost: (200 + 200) / 1e6 });
  });

  test('is tried again where it is busy, broken or away, with longer and longer waits', async () => {
    script = [() => ({ status: 503 }), () => ({ status: 429, headers: { 'retry-after': '0.05' } }), () => ({ hang: true }), () => ({ text: '[[B]]' })];
    const ask = judge({ timeoutMs: 100 });
    const started = performance.now();
    expect(await ask(question)).toBe(0);
    expect(performance.now() - started).toBeGreaterThan(5 + 50 + 100);
    expect(ask.usage).toMatchObject({ requests: 4, retries: 3 });
    script = Array.from({ length: 9 }, () => () => ({ status: 500 }));
    await expect(judge({ retries: 2 })(question)).rejects.toThrow(/expected an answer from .* within 3 tries but found status 500/);
    script = [];
    expect(seen).toHaveLength(3);
    const away = endpointJudge({ url: 'http://127.0.0.1:9', model: 'm', retries: 1, backoffMs: 1 });
    await expect(away(question)).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('that refuses is not asked again, and no key is told', async () => {
    script = [() => ({ status: 401 })];
    const refused = await Promise.resolve(judge()(question)).catch((error: unknown) => error) as JudgeError;
    expect(refused).toBeInstanceOf(JudgeError);
    expect(refused).toMatchObject({ code: 'refused', status: 401 });
    expect(refused.message).not.toContain('secret');
    expect(seen).toHaveLength(1);
  });

  test('no more than so many requests are under way', async () => {
    let now = 0;
    let most = 0;
    const fetch = async (): Promise<Response> => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => { setTimeout(resolve, 5); });
      now--;
      return Response.json({ choices: [{ message: { content: '[[C]]' } }] });
    };
    const ask = judge({ fetch, concurrency: 3 });
    await Promise.all(Array.from({ length: 10 }, (_, i) => ask({ ...question, prompt: String(i) })));
    expect(most).toBe(3);
  });
});

const completion = (...ids: number[]) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' as const });

test('a model of one\'s own judges by how likely both verdicts are', async () => {
  await useDevice('wasm', { threads: 1 });
  const model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1, initializer_range: 0.5 });
  const params = model.init(0);
  const encode = ({ first, second }: Comparison) => [1, Number(first), Number(second)];
  const judge = (verdicts: [number[], number[]]) => modelJudge(model, params, { encode, verdicts })(question);
  const p = await judge([[3], [7]]);
  expect(await judge([[7], [3]])).toBeCloseTo(1 - p!, 6);
  expect(p).toBeGreaterThan(0);
  expect(Math.abs(p! - 0.5)).toBeGreaterThan(1e-3);
});

test('a judged round keeps what was decided, in the order in which it was sampled', async () => {
  const groups = [[5, 3], [1, 1], [2, 9]].map(([a, b], i) => ({ prompt: { ids: [i] }, completions: [completion(a!, 0), completion(b!, 0)] }));
  const judge: Judge = ({ prompt, first, second }) => (prompt === '1' ? 0.5 : Number(first) > Number(second) ? 0.8 : 0.1);
  const judged = await judgedRound({ groups }, { judge, promptText: ({ ids }) => String(ids[0]), decode: (ids) => ids.join() });
  expect(judged.groups.map(({ prompt }) => prompt.ids)).toEqual([[0], [2]]);
  expect([...judged.advantages]).toEqual([1, -1, -1, 1]);
  expect([...judged.probabilities]).toEqual([0.8, 0.1]);
  expect(judged.undecided).toBe(1);
  expect(judgedPairs(judged).map(({ chosen, rejected }) => [chosen[0], rejected[0]])).toEqual([[5, 3], [9, 2]]);
  const odd = [{ prompt: { ids: [1] }, completions: [completion(1)] }];
  await expect(judgedRound({ groups: odd }, { judge, promptText: String, decode: String })).rejects.toThrow('judgedRound: expected an even number of completions for each prompt but found 1');
});

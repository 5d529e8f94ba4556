import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TeacherError } from './teacher-error.ts';
import { endpointTeacher, type EndpointTeacherOptions, type NamedToken } from './endpoint-teacher.ts';
import { keptFromTokens } from './kept-from-tokens.ts';

type Reply = { status?: number; headers?: Record<string, string>; hang?: true; body?: unknown };
type Body = { model: string; messages?: { content: string }[]; prompt?: string; logprobs: unknown; top_logprobs?: number; temperature: number; echo?: boolean };
let server: Server;
let url: string;
let script: ((body: Body, path: string) => Reply)[] = [];
let seen: { path: string; body: Body; authorization: string | undefined }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    request.on('end', () => {
      const body = JSON.parse(text) as Body;
      seen.push({ path: request.url!, body, authorization: request.headers.authorization });
      const { status = 200, headers = {}, hang, body: answer = {} } = (script.shift() ?? ((): Reply => ({ status: 500 })))(body, request.url!);
      if (!hang) response.writeHead(status, headers).end(JSON.stringify(answer));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`;
});
afterAll(() => { server.closeAllConnections(); server.close(); });

const teacherOf = (options: Partial<EndpointTeacherOptions> = {}): ReturnType<typeof endpointTeacher> => {
  seen = [];
  return endpointTeacher({ url, model: 'large', apiKey: 'secret', backoffMs: 5, ...options });
};
const named = (token: string, p: number): NamedToken => ({ token, logprob: Math.log(p) });
const chat = (content: unknown): Reply => ({ body: { choices: [{ message: { content: 'ab' }, finish_reason: 'stop', logprobs: content === undefined ? null : { content } }], usage: { prompt_tokens: 100, completion_tokens: 2 } } });
const question = [{ role: 'user', content: 'Say ab.' }];

describe('a teacher behind an endpoint', () => {
  test('answers with the likeliest tokens of each place, is asked once for the same, and its cost is counted', async () => {
    script = [() => chat([{ ...named('a', 0.5), top_logprobs: [named('a', 0.5), named('c', 0.3)] }, { ...named('b', 0.9), top_logprobs: [named('b', 0.9)] }])];
    const teacher = teacherOf({ prices: { prompt: 1, completion: 10 }, topLogprobs: 5, temperature: 0.7 });
    const [first] = await Promise.all([teacher.answer(question, { seed: 3 }), teacher.answer(question, { seed: 3 })]);
    await teacher.answer(question, { seed: 3 });
    expect(first).toMatchObject({ text: 'ab', reason: 'stop', tokens: [{ token: 'a', top: [{ token: 'a' }, { token: 'c' }] }, { token: 'b' }] });
    expect(seen).toEqual([{ path: '/v1/chat/completions', authorization: 'Bearer secret', body: { model: 'large', messages: question, temperature: 0.7, max_tokens: 512, logprobs: true, top_logprobs: 5, seed: 3 } }]);
    expect(teacher.usage).toEqual({ requests: 1, cached: 2, retries: 0, promptTokens: 100, completionTokens: 2, cost: 120 / 1e6 });
  });

  test('scores a text that is there already, without what the server writes behind it', async () => {
    script = [() => ({ body: { choices: [{ logprobs: { tokens: ['a', 'b', 'x'], token_logprobs: [null, -0.5, -1], top_logprobs: [null, { c: -2, b: -0.5 }, { x: -1 }] } }] } })];
    const { tokens } = await teacherOf().score('ab');
    expect(tokens).toEqual([{ token: 'a', logprob: 0, top: [] }, { token: 'b', logprob: -0.5, top: [{ token: 'b', logprob: -0.5 }, { token: 'c', logprob: -2 }] }]);
    expect(seen[0]).toMatchObject({ path: '/v1/completions', body: { prompt: 'ab', echo: true, logprobs: 20 } });
  });

  test('that gives no log-probabilities cannot teach; a refusal is told at once', async () => {
    script = [() => chat(undefined), () => ({ body: { choices: [{}] } }), () => ({ status: 401 })];
    await expect(teacherOf().answer(question)).rejects.toThrow(TeacherError);
    await expect(teacherOf().score('a')).rejects.toMatchObject({ code: 'no-logprobs' });
    await expect(teacherOf().answer(question)).rejects.toMatchObject({ code: 'refused', status: 401 });
  });
});

test('what an endpoint told is rows to learn from; tokens that the student has not are part of the rest', () => {
  const ids = new Map([['a', 3], ['b', 1]]);
  const idOf = ({ token }: NamedToken): number | undefined => ids.get(token);
  const tokens = [{ ...named('a', 0.5), top: [named('a', 0.5), named('b', 0.25), named('?', 0.2)] }, { ...named('b', 1), top: [named('b', 1), named('a', 1e-9)] }, { ...named('b', 0.1), top: [named('?', 0.9)] }];
  const { ids: written, kept } = keptFromTokens(tokens, { idOf, vocabSize: 5 });
  expect([...written]).toEqual([3, 1, 1]);
  expect(kept).toMatchObject({ count: 3, k: 2, temperature: 1 });
  expect([...kept.ids]).toEqual([3, 1, 1, 3, 0, 1]);
  const expected = [0.5, 0.25, 0.25, 1, 1e-9, 0, 0, 0, 1];
  kept.probs.forEach((p, i) => { expect(p).toBeCloseTo(expected[i]!, 6); });
  expect(keptFromTokens(tokens, { idOf, vocabSize: 5, k: 1 }).kept.probs[1]).toBeCloseTo(0.5, 6);
  expect(() => keptFromTokens([{ ...named('?', 1), top: [] }], { idOf, vocabSize: 5 })).toThrow('keptFromTokens: expected tokens of the student but found "?"');
});

import { describe, expect, test } from 'vitest';
import { chatEndpoint } from './endpoint.ts';
import { gEval } from './g-eval.ts';
import { askedPairJudge, judgePairs, pairwisePrompt, readPairwise } from './pairwise.ts';
import { judgeAnswers, readRating, singlePrompt } from './single.ts';

const pairs = [{ prompt: 'p', model: 'long answer', baseline: 'short' }, { prompt: 'p', model: 'a', baseline: 'bb' }, { prompt: 'p', model: 'same', baseline: 'same' }];

describe('judgePairs', () => {
  test('a judge of its own mind is consistent, one of the order is not', async () => {
    const byLength = await judgePairs(pairs, ({ first, second }) => (first.length === second.length ? 0.5 : Number(first.length > second.length)));
    expect(byLength).toEqual({ preferences: [1, 0, 0.5], consistency: 1, firstBias: 0 });
    expect(await judgePairs(pairs, () => 1)).toEqual({ preferences: [0.5, 0.5, 0.5], consistency: 0, firstBias: 0.5 });
    // Likes the first a little, and length more.
    const half = await judgePairs(pairs, ({ first, second }) => (first.length > second.length ? 0.9 : first.length === second.length ? 0.6 : 0.4));
    expect(half.consistency).toBeCloseTo(2 / 3, 12);
    expect(half.preferences[0]).toBeCloseTo(0.75, 12);
  });

  test('what it cannot say in one order counts nowhere', async () => {
    const found = await judgePairs(pairs, ({ first }) => (first === 'a' ? undefined : 1), { concurrency: 1 });
    expect(found.preferences).toEqual([0.5, undefined, 0.5]);
    expect((await judgePairs([], () => 1)).consistency).toBeNaN();
  });

  test('a model that is asked in words', async () => {
    const prompts: string[] = [];
    const judge = askedPairJudge(async (prompt) => {
      prompts.push(prompt);
      return { text: prompt.indexOf('long answer') < prompt.indexOf('short') ? 'Not [[B]]: [[A]]' : '[[B]]' };
    });
    expect(await judgePairs(pairs.slice(0, 1), judge)).toMatchObject({ preferences: [1], consistency: 1 });
    expect(prompts[0]).toBe(pairwisePrompt({ prompt: 'p', first: 'long answer', second: 'short' }));
    expect(['[[C]]', 'A', ''].map(readPairwise)).toEqual([0.5, undefined, undefined]);
  });
});

describe('judgeAnswers', () => {
  test('ratings, and what is none', async () => {
    expect(['[[7]] or rather [[8.5]]', '[[11]]', '[[0]]', '7', '[[10]]'].map(readRating)).toEqual([8.5, undefined, undefined, undefined, 10]);
    expect(singlePrompt({ prompt: 'q', answer: 'a', reference: 'r' })).toContain('[A correct answer]\nr\n');
    const found = await judgeAnswers(Array.from({ length: 20 }, (_, i) => ({ prompt: 'q', answer: String(i) })), async (prompt) => ({ text: prompt.includes('[Answer]\n3\n') ? '[[4]]' : 'no' }), { concurrency: 3 });
    expect(found).toMatchObject({ mean: 4, unreadable: 19 });
    expect(found.scores[3]).toBe(4);
  });
});

describe('gEval', () => {
  test('probabilities where there are some, over the scores alone', async () => {
    let steps = 0;
    const judge = gEval(async (prompt) => {
      if (!prompt.includes('Steps:')) {
        steps++;
        return { text: 'Read it.' };
      }
      return { text: ' 2', alternatives: [[{ token: '\n', logprob: 0 }], [{ token: ' 2', logprob: Math.log(0.5) }, { token: '4', logprob: Math.log(0.25) }, { token: 'no', logprob: Math.log(0.2) }, { token: '9', logprob: -3 }]] };
    }, { criteria: 'c' });
    expect(await judge('t')).toBeCloseTo((2 * 0.5 + 4 * 0.25) / 0.75, 12);
    await judge('u');
    expect(steps).toBe(1);
  });

  test('draws where there are none', async () => {
    const asked: (number | undefined)[] = [];
    const judge = gEval(async (_, { sample, temperature } = {}) => {
      asked.push(temperature);
      return { text: sample === undefined ? 'three' : `Score: ${1 + (sample % 2)}` };
    }, { criteria: 'c', steps: 's', samples: 4 });
    expect(await judge('t', 'context')).toBe(1.5);
    expect(asked).toEqual([undefined, 1, 1, 1, 1]);
    expect(await gEval(async () => ({ text: 'well' }), { criteria: 'c', steps: 's' })('t')).toBeUndefined();
  });
});

describe('chatEndpoint', () => {
  const answer = { choices: [{ message: { content: '[[A]]' }, logprobs: { content: [{ top_logprobs: [{ token: 'A', logprob: -0.1, bytes: null }] }] } }], usage: { prompt_tokens: 10, completion_tokens: 3 } };

  test('what is sent, and what comes back', async () => {
    let sent: { url: string; body: Record<string, unknown>; headers: Record<string, string> } | undefined;
    const ask = chatEndpoint({
      url: 'http://judge/v1/', model: 'm', apiKey: 'k', fetch: async (url, init) => {
        sent = { url: String(url), body: JSON.parse(init!.body as string) as Record<string, unknown>, headers: init!.headers as Record<string, string> };
        return Response.json(answer);
      },
    });
    expect(await ask('hello', { alternatives: 5, temperature: 1, sample: 3 })).toEqual({ text: '[[A]]', alternatives: [[{ token: 'A', logprob: -0.1 }]] });
    expect(sent).toMatchObject({ url: 'http://judge/v1/chat/completions', body: { model: 'm', temperature: 1, seed: 3, max_tokens: 512, logprobs: true, top_logprobs: 5, messages: [{ role: 'user', content: 'hello' }] }, headers: { authorization: 'Bearer k' } });
    expect(ask.usage).toMatchObject({ requests: 1, promptTokens: 10, completionTokens: 3 });
  });

  test('a judge that says nothing has said nothing; a refusal is told at once', async () => {
    expect((await chatEndpoint({ url: 'http://judge', model: 'm', fetch: async () => Response.json({}) })('q')).text).toBe('');
    await expect(chatEndpoint({ url: 'http://judge', model: 'm', fetch: async () => new Response('', { status: 401 }) })('q')).rejects.toMatchObject({ code: 'refused', status: 401 });
  });
});

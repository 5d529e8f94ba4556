import { createModel } from '@llm/model';
import { useDevice } from '@llm/tensor';
import { describe, expect, test } from 'vitest';
import { endpointJudge } from './endpoint-judge.ts';
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

test('an endpoint is asked in the manner of OpenAI, at temperature 0, once for the same question, and its cost is counted', async () => {
  const bodies: { readonly messages: readonly { readonly content: string }[]; readonly temperature: number; readonly max_tokens: number }[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    bodies.push(JSON.parse(init!.body as string) as typeof bodies[0]);
    return Response.json({ choices: [{ message: { content: bodies.at(-1)!.messages[0]!.content.includes('2 + 2') ? 'Right. [[A]]' : 'no idea' } }], usage: { prompt_tokens: 100, completion_tokens: 10 } });
  };
  const judge = endpointJudge({ url: 'http://localhost/v1', model: 'judge', prices: { prompt: 1, completion: 10 }, fetch });
  expect(await Promise.all([judge(question), judge(question)])).toEqual([1, 1]);
  expect(await judge({ ...question, prompt: 'else' })).toBeUndefined();
  expect(bodies).toMatchObject([{ temperature: 0, max_tokens: 256 }, { temperature: 0 }]);
  expect(judge.usage).toEqual({ requests: 2, cached: 1, retries: 0, unreadable: 1, promptTokens: 200, completionTokens: 20, cost: (200 + 200) / 1e6 });
  await expect(endpointJudge({ url: 'http://localhost/v1', model: 'judge', fetch: async () => new Response('', { status: 401 }) })(question)).rejects.toMatchObject({ code: 'refused' });
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

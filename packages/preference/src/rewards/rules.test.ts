import { describe, expect, test } from 'vitest';
import { dynamicSampling } from '../online/dynamic-sampling.ts';
import type { Round } from '../online/round.ts';
import { cosineLength } from './cosine-length.ts';
import { repetitionPenalty } from './repetition-penalty.ts';
import { type Answer, rewardRound } from './reward.ts';
import { softOverlong } from './soft-overlong.ts';
import { isThought } from './think-format.ts';

const answer = (ids: number[] | number, text = ''): Answer => ({ ids: typeof ids === 'number' ? new Int32Array(ids) : Int32Array.from(ids), text, prompt: { ids: [1] }, reason: 'eos' });

// Cases and values are those of TRL's reward functions.
describe('rule rewards', () => {
  test('format: one block of thought, at the beginning', () => {
    for (const text of ['<think>a</think>b', '<think>\na\n</think>\nb', '<think></think>', '<think>a</think>b</think>']) expect(isThought(text), text).toBe(true);
    for (const text of ['', 'a', ' <think>a</think>', '<think>a', '<think><think>a</think></think>', '<think>a</think><think>b</think>']) expect(isThought(text), text).toBe(false);
  });

  test('repetition', async () => {
    expect(await repetitionPenalty({ n: 2 })(answer([1, 2, 3, 4]))).toBe(0);
    expect(await repetitionPenalty({ n: 2 })(answer([5, 5, 5, 5, 5]))).toBe(-0.75);
    expect(await repetitionPenalty()(answer([1, 2]))).toBe(0);
    expect(await repetitionPenalty({ penalty: -2 })(answer([1, 1, 1, 1]))).toBe(-1);
    expect(() => repetitionPenalty({ penalty: 1 })).toThrow('repetitionPenalty: expected a penalty of at most 0 but found 1');
  });

  test('over-long', async () => {
    const reward = softOverlong({ maxTokens: 100, margin: 20 });
    expect(await Promise.all([80, 90, 100, 101].map((length) => reward(answer(length))))).toEqual([0, -0.5, -1, -1]);
    expect(await softOverlong({ maxTokens: 10, margin: 0 })(answer(10))).toBe(0);
    expect(() => softOverlong({ maxTokens: 10, margin: 11 })).toThrow('softOverlong: expected a margin in [0, 10] but found 11');
  });

  test('cosine of the length', async () => {
    const reward = cosineLength(({ text }) => ({ right: 1, wrong: 0 })[text], { maxTokens: 100 });
    const cases: [number, string, number | undefined][] = [[0, 'right', 1], [50, 'right', 0.75], [100, 'right', 0.5], [150, 'right', 0.5], [0, 'wrong', -1], [50, 'wrong', -0.75], [400, 'wrong', -0.5], [1, '?', undefined]];
    for (const [length, text, expected] of cases) {
      const found = await reward(answer(length, text));
      if (expected === undefined) expect(found).toBeUndefined();
      else expect(found).toBeCloseTo(expected, 12);
    }
  });
});

const completion = (...ids: number[]) => ({ ids: Int32Array.from(ids), logProbs: new Float32Array(ids.length), reason: 'eos' as const });

test('rewards of a round: weights, missing ones, and text without the end token', async () => {
  const groups = [{ prompt: { ids: [1] }, completions: [completion(5, 2), completion(6, 2)] }];
  const seen: string[] = [];
  const found = await rewardRound({ groups }, {
    decode: (ids) => ids.join('+'), weights: [1, 2],
    rewards: [({ text }) => { seen.push(text); return text === '5' ? 1 : undefined; }, async ({ ids }) => (ids[0] === 5 ? 0.5 : undefined)],
  });
  expect(seen).toEqual(['5', '6']);
  expect([...found.rewards]).toEqual([2, NaN]);
  expect(found.each.map((values) => [...values])).toEqual([[1, NaN], [0.5, NaN]]);
  await expect(rewardRound({ groups }, { rewards: [() => NaN] })).rejects.toThrow('rewardRound: expected a finite reward but found NaN from function 0');
  await expect(rewardRound({ groups }, { rewards: [] })).rejects.toThrow('rewardRound: expected as many weights as rewards');
});

test('dynamic sampling asks for more until enough groups can be learnt from', async () => {
  const rounds = [[0, 0, 1, 1], [0, 1, 1, 1], [NaN, 1, 1, 0], [1, 0, 0, 1]].map((rewards, index) => ({
    rewards, round: { index, temperature: 1, groups: [0, 1].map((i) => ({ prompt: { ids: [index, i] }, completions: [completion(1), completion(2)] })) } satisfies Round,
  }));
  let asked = 0;
  const source = function* () { for (const round of rounds) { asked++; yield round; } };
  const found = [];
  for await (const { round, rewards } of dynamicSampling(source(), { groups: 2 })) found.push({ asked, index: round.index, prompts: round.groups.map(({ prompt }) => prompt.ids.join()), rewards: [...rewards] });
  // The first group of round 1 and the second of round 2; then both of round 3.
  expect(found).toEqual([{ asked: 3, index: 0, prompts: ['1,0', '2,1'], rewards: [0, 1, 1, 0] }, { asked: 4, index: 1, prompts: ['3,0', '3,1'], rewards: [1, 0, 0, 1] }]);
  const flat = async () => { for await (const _ of dynamicSampling(rounds.slice(0, 1), { groups: 1, mostRounds: 1 })) expect.fail('nothing to learn'); };
  await expect(flat()).rejects.toThrow('dynamicSampling: expected 1 groups with different rewards in 1 rounds but found 0');
});

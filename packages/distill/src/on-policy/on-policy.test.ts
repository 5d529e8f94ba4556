import { greedy } from '@llm/model';
import { useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { beforeAll, expect, test } from 'vitest';
import { distillLoss } from '../distill-loss.ts';
import { tinyModel } from '../fixtures/models.ts';
import { jsd } from '../losses/jsd.ts';
import { softened } from '../losses/softened.ts';
import { localTeacher } from '../teacher/local-teacher.ts';
import { repetitive, teacherTexts, unfinished } from '../teacher/teacher-texts.ts';
import { onPolicyBatches, type OnPolicyOptions } from './on-policy-batches.ts';

beforeAll(async () => { await useDevice('wasm'); });

const model = tinyModel();
const examples = Array.from({ length: 12 }, (_, i) => [{ ids: [1 + i, 2, 3, 4], promptLength: 2 }, { ids: [5, 6, 7], promptLength: 1 }]);

async function collect(options: OnPolicyOptions, from = 0): Promise<{ ids: number[]; targets: number[]; places: number[] }[]> {
  const params = model.init(1);
  const found = [];
  for await (const { ids, targets, places } of onPolicyBatches(model, params, examples.slice(from), { eosIds: [0], maxTokens: 5, first: from, ...options })) found.push({ ids: [...ids], targets: [...targets], places: [...places] });
  return found;
}

test('λ is the share of batches that the student writes; only what is behind the prompt is learned', async () => {
  const data = await collect({ lambda: 0 });
  expect(data[0]).toEqual({ ids: [1, 2, 3, 4, 5, 6, 7, 0], targets: [3, 4, 6, 7], places: [1, 2, 4, 5] });
  const [half, all] = [await collect({ lambda: 0.5, seed: 1 }), await collect({ lambda: 1, seed: 1 })];
  const own = half.filter((batch, i) => JSON.stringify(batch) !== JSON.stringify(data[i]));
  expect(own.length).toBeGreaterThan(2);
  expect(own.length).toBeLessThan(10);
  half.forEach((batch, i) => { expect([JSON.stringify(data[i]), JSON.stringify(all[i])]).toContain(JSON.stringify(batch)); });
  all.forEach(({ ids, places }, i) => {
    const length = ids.length / 2;
    expect(ids.slice(0, 2)).toEqual([1 + i, 2]);
    expect(places[0]).toBe(1);
    expect(places.find((place) => place >= length)).toBe(length);
  });
});

test('a run that goes on draws what it would have drawn', async () => {
  const whole = await collect({ seed: 3 });
  expect(await collect({ seed: 3 }, 7)).toEqual(whole.slice(7));
  expect(await collect({ seed: 4 })).not.toEqual(whole);
});

test('with a teacher, it writes what the student does not', async () => {
  const above = tinyModel({ layers: 2 });
  const teacher = { model: above, params: above.init(2) };
  const [data, written] = [await collect({ lambda: 0 }), await collect({ lambda: 0, teacher })];
  expect(written).not.toEqual(data);
  expect(written).not.toEqual(await collect({ lambda: 1 }));
});

test('what it says itself is learned from a teacher', async () => {
  const above = tinyModel();
  const [params, ofTeacher] = [model.init(1), above.init(9)];
  const losses: number[] = [];
  const loss = distillLoss(model, { loss: softened(jsd()), teacher: localTeacher(above, ofTeacher) });
  const batches = onPolicyBatches(model, params, Array.from({ length: 2 }, () => examples).flat(), { lambda: 0.7, eosIds: [], maxTokens: 5 });
  for await (const step of train({ params, loss, batches, optimizer: adamw({ lr: 2e-2, weightDecay: 0 }) })) losses.push(step.loss);
  const mean = (some: number[]): number => some.reduce((sum, each) => sum + each, 0) / some.length;
  expect(mean(losses.slice(-6))).toBeLessThan(0.8 * mean(losses.slice(0, 6)));
});

test('what makes no sense is refused', async () => {
  await expect(collect({ lambda: 2 })).rejects.toThrow('onPolicyBatches: expected lambda from 0 to 1 but found 2');
  await expect(collect({ temperature: 0 })).rejects.toThrow('expected a temperature above 0');
  const params = model.init(0);
  await expect(onPolicyBatches(model, params, [[{ ids: [1], promptLength: 2 }]]).next()).rejects.toThrow('expected a prompt of 1 to 1 tokens but found 2');
});

test('a teacher\'s texts are records, the same whatever runs beside them, and filters say why one is left out', async () => {
  const params = model.init(4);
  const prompts = Array.from({ length: 5 }, (_, i) => ({ ids: [i + 1, 2], prompt: `q${i}` }));
  const run = async (options: object): Promise<{ record: { prompt: string; completion: string }; dropped?: string }[]> => {
    const found = [];
    for await (const each of teacherTexts(model, params, prompts, { decode: (ids) => ids.join(' '), maxTokens: 6, eosIds: [0], sampler: greedy, ...options })) found.push(each);
    return found;
  };
  const all = await run({ filters: [] });
  expect(all.map(({ record }) => record.prompt)).toEqual(['q0', 'q1', 'q2', 'q3', 'q4']);
  expect(await run({ filters: [], promptsAtOnce: 2 })).toEqual(all);
  expect((await run({ samples: 2, filters: [] })).map(({ record }) => record.prompt)).toEqual(['q0', 'q0', 'q1', 'q1', 'q2', 'q2', 'q3', 'q3', 'q4', 'q4']);
  const filtered = await run({ filters: [unfinished(), (record: { completion: string }) => (record.completion.startsWith('1') ? 'one' : undefined)] });
  expect(filtered.filter(({ dropped }) => dropped === 'not finished').length).toBe(all.filter(({ record }) => record.completion.split(' ').length === 6).length);
  expect(unfinished()({ prompt: '', completion: ' ' }, 'eos')).toBe('empty');
  expect(unfinished()({ prompt: '', completion: 'a' }, 'stop')).toBeUndefined();
  expect(repetitive()({ prompt: '', completion: 'a b c a b c a b c a b c' }, 'eos')).toBe('repetitive');
  expect(repetitive()({ prompt: '', completion: 'a b c d e f' }, 'eos')).toBeUndefined();
  expect(() => repetitive({ n: 0 })).toThrow('repetitive: expected n of 1 or more');
});

import { disposeTree, memory, type Tensor, useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeConfig } from '../config/config.ts';
import { createModel } from '../config/create-model.ts';
import { logProbability } from './candidates.ts';
import { generate, type GeneratedToken, type GenerateOptions } from './generate.ts';
import { lastLogits } from './last-logits.ts';
import { kvCache } from '../layers/kv-cache.ts';
import type { Sampler } from './sampler.ts';
import { defaultSampler } from './samplers.ts';
import { greedy, temperature } from './temperature.ts';
import { topP } from './top-p.ts';

const model = createModel({
  model_type: 'llama', vocab_size: 40, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
  max_position_embeddings: 32, initializer_range: 0.5, eos_token_id: [38, 39],
});
let params: ReturnType<typeof model.init>;

beforeAll(async () => {
  await useDevice();
  params = model.init(5);
});

async function all(prompts: readonly ArrayLike<number>[], options: GenerateOptions = {}): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  for await (const token of generate(model, params, prompts, options)) tokens.push(token);
  return tokens;
}
const read = async (logits: Tensor | undefined): Promise<Float32Array> => {
  const values = await logits!.data() as Float32Array;
  logits!.dispose();
  return values;
};
const rowOf = (tokens: GeneratedToken[], row: number): number[] => tokens.filter((token) => token.row === row).map(({ id }) => id);
const PROMPTS = [[1, 2, 3, 4, 5, 6, 7], Uint32Array.of(9), [20, 21, 22]];

describe('generate', () => {
  test('the same seed, the same tokens; another seed, others', async () => {
    const run = (seed: number): Promise<GeneratedToken[]> => all(PROMPTS, { maxTokens: 12, seed, eosIds: [] });
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  test('rows do not depend on each other, nor on how the prompt is cut', async () => {
    const together = await all(PROMPTS, { sampler: greedy, maxTokens: 8, eosIds: [] });
    for (const prefillTokens of [1, 2, 3, 7]) expect(await all(PROMPTS, { sampler: greedy, maxTokens: 8, eosIds: [], prefillTokens })).toEqual(together);
    for (const [row, prompt] of PROMPTS.entries()) {
      expect(rowOf(await all([prompt], { sampler: greedy, maxTokens: 8, eosIds: [] }), 0)).toEqual(rowOf(together, row));
    }
    // Row 0 draws from the same stream alone and in company.
    expect(rowOf(await all(PROMPTS, { seed: 3, maxTokens: 8, eosIds: [] }), 0)).toEqual(rowOf(await all(PROMPTS.slice(0, 1), { seed: 3, maxTokens: 8, eosIds: [] }), 0));
  });

  test('several samples of a prompt are what the prompt gives when it is repeated, however it is cut', async () => {
    const options = { maxTokens: 8, seed: 4, logprobs: true, eosIds: [38], sampler: temperature(1) };
    const repeats = PROMPTS.flatMap((prompt) => [prompt, prompt, prompt]);
    const expected = await all(repeats, options);
    for (const prefillTokens of [3, 256]) {
      const found = await all(PROMPTS, { ...options, samples: 3, prefillTokens });
      for (let row = 0; row < 9; row++) expect(rowOf(found, row)).toEqual(rowOf(expected, row));
      for (const [i, { logprob }] of found.entries()) expect(Math.abs(logprob! - expected[i]!.logprob!)).toBeLessThan(1e-4);
    }
    await expect(all(PROMPTS, { samples: 0 })).rejects.toThrow('generate: expected samples of 1 or more but found 0');
  });

  test('drawn where the logits are or on the host: the same tokens', async () => {
    for (const sampler of [greedy, temperature(0.7), defaultSampler(), topP(0.8)]) {
      const onHost: Sampler = (list, context) => sampler(list, context);
      for (const logprobs of [true, { temperature: 0.7 }]) {
        const options = { maxTokens: 12, seed: 6, eosIds: [38], logprobs };
        const [drawn, expected] = [await all(PROMPTS, { ...options, sampler }), await all(PROMPTS, { ...options, sampler: onHost })];
        expect(drawn.map(({ row, id, reason }) => [row, id, reason])).toEqual(expected.map(({ row, id, reason }) => [row, id, reason]));
        for (const [i, { logprob }] of drawn.entries()) expect(Math.abs(logprob! - expected[i]!.logprob!)).toBeLessThan(1e-4);
      }
    }
  });

  test('log-probabilities may be told under a temperature', async () => {
    const [plain] = await all([[1, 2]], { maxTokens: 1, sampler: greedy, logprobs: true });
    const [warm] = await all([[1, 2]], { maxTokens: 1, sampler: greedy, logprobs: { temperature: 2 } });
    const logits = await read(lastLogits({ model, params, cache: kvCache(model.shape, { batch: 1, capacity: 2 }) }, { ids: Int32Array.of(1, 2), count: 2, places: [1] }));
    const halved = logits.map((logit) => logit / 2);
    expect(plain!.logprob).toBeCloseTo(logProbability(logits, plain!.id), 6);
    expect(warm!.logprob).toBeCloseTo(logProbability(halved, warm!.id), 6);
    expect(warm!.logprob).toBeLessThan(plain!.logprob!);
  });

  test('rows end at their end token, stop sequence, length or context, which is told once', async () => {
    const ids = rowOf(await all([[1, 2, 3]], { sampler: temperature(1), seed: 2, maxTokens: 10, eosIds: [] }), 0);
    const last = (tokens: GeneratedToken[]): GeneratedToken => tokens.at(-1)!;
    const at = ids.findIndex((id, i) => i >= 2 && ids.indexOf(id) === i);
    const ended = await all([[1, 2, 3]], { sampler: temperature(1), seed: 2, maxTokens: 10, eosIds: [ids[at]!] });
    expect(last(ended)).toEqual({ row: 0, id: ids[at], done: true, reason: 'eos' });
    expect(ended).toHaveLength(at + 1);
    const stopped = await all([[1, 2, 3]], { sampler: temperature(1), seed: 2, maxTokens: 10, eosIds: [], stop: [[], ids.slice(at - 1, at + 1)] });
    expect(last(stopped)).toMatchObject({ done: true, reason: 'stop', id: ids[at] });
    expect(last(await all([[1]], { maxTokens: 3, eosIds: [] }))).toMatchObject({ done: true, reason: 'length' });
    const full = await all([Array.from({ length: 30 }, () => 1), [2]], { maxTokens: 1000, eosIds: [] });
    // 30 + 2 positions run; the token drawn at the last one is the third.
    expect(full.filter(({ row }) => row === 0)).toHaveLength(3);
    expect(full.filter(({ row }) => row === 1)).toHaveLength(32);
    expect(full.filter(({ done }) => done).map(({ row, reason }) => [row, reason])).toEqual([[0, 'context'], [1, 'context']]);
  });

  test('the cache grows as rows do, and a large maxTokens reserves nothing', async () => {
    const long = createModel({ ...writeConfig(model.config), max_position_embeddings: 700 });
    const weights = long.init(5);
    const run = async (prompt: number[], count: number): Promise<number[]> => {
      const ids: number[] = [];
      for await (const { id } of generate(long, weights, [prompt], { maxTokens: count, eosIds: [], seed: 1, sampler: temperature(1) })) ids.push(id);
      return ids;
    };
    const { usedBytes } = memory();
    const stream = generate(long, weights, [[1]], { maxTokens: 1e9, eosIds: [] });
    await stream.next();
    // Two layers of keys and values, 2 heads of 4, for at most 257 positions, and the tables of the rotation.
    expect(memory().usedBytes - usedBytes).toBeLessThan(2 * 2 * 8 * 4 * 257 + 8192);
    await stream.return();
    const ids = await run([1], 600);
    expect(ids).toHaveLength(600);
    // The logits after 550 tokens, run at once, are those that grew.
    const cache = kvCache(long.shape, { batch: 1, capacity: 551 });
    const logits = await read(lastLogits({ model: long, params: weights, cache }, { ids: Int32Array.from([1, ...ids.slice(0, 550)]), count: 551, places: [550] }));
    cache.dispose();
    const tokens: GeneratedToken[] = [];
    for await (const token of generate(long, weights, [[1]], { maxTokens: 551, eosIds: [], seed: 1, sampler: temperature(1), logprobs: true })) tokens.push(token);
    expect(tokens[550]!.logprob).toBeCloseTo(logProbability(logits, tokens[550]!.id), 3);
    disposeTree(weights);
  });

  test('a stop sequence must be generated, not given', async () => {
    const free = rowOf(await all([[1, 2, 3]], { sampler: greedy, maxTokens: 2, eosIds: [] }), 0);
    const stop = [[3, free[0]!]];
    expect(rowOf(await all([[1, 2, 3]], { sampler: greedy, maxTokens: 2, eosIds: [], stop }), 0)).toEqual(free);
  });

  test('the end tokens of the configuration count by default', async () => {
    const sampler = (): { ids: Int32Array; logits: Float32Array; sorted: boolean } => ({ ids: Int32Array.of(39), logits: Float32Array.of(0), sorted: true });
    expect(await all([[1]], { sampler })).toEqual([{ row: 0, id: 39, done: true, reason: 'eos' }]);
  });

  test('log-probabilities are the model\'s own', async () => {
    const [token] = await all([[1, 2, 3]], { seed: 4, maxTokens: 1, logprobs: true });
    const cache = kvCache(model.shape, { batch: 1, capacity: 3 });
    const logits = await read(lastLogits({ model, params, cache }, { ids: Int32Array.of(1, 2, 3), count: 3, places: [2] }));
    cache.dispose();
    expect(token!.logprob).toBeCloseTo(logProbability(logits, token!.id), 5);
  });

  test('frees all it made: at the end, when left early, when aborted, when a sampler throws', async () => {
    await all(PROMPTS, { maxTokens: 4 });
    const before = memory().tensors;
    await all(PROMPTS, { maxTokens: 12 });
    expect(memory().tensors).toBe(before);
    for await (const { row } of generate(model, params, PROMPTS)) if (row === 1) break;
    expect(memory().tensors).toBe(before);
    const failing = (): never => { throw new Error('no'); };
    await expect(all(PROMPTS, { sampler: failing })).rejects.toThrow('no');
    expect(memory().tensors).toBe(before);
    expect(await all(PROMPTS, { signal: AbortSignal.abort() })).toEqual([]);
    expect(memory().tensors).toBe(before);
  });

  test('hears an abort that comes from a timer, though the consumer never waits', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    let count = 0;
    for await (const { done } of generate(model, params, [[1]], { signal: controller.signal, eosIds: [], maxTokens: 1e9 })) {
      expect(done && !controller.signal.aborted).toBeFalsy();
      count++;
      if (count > 31) break;
      const until = performance.now() + 2;
      while (performance.now() < until);
    }
    expect(controller.signal.aborted).toBe(true);
    expect(count).toBeLessThan(31);
  });

  test.each([
    ['an empty prompt', [[1], []], {}, 'at least one id but found none in row 1'],
    ['a prompt beyond the context', [Array.from({ length: 33 }, () => 1)], {}, 'at most 32 ids but found 33'],
    ['an id beyond the vocabulary', [[1, 40]], {}, 'ids from 0 to 39 but found 40 at 1 in row 0'],
    ['a negative id', [[-1]], {}, 'found -1'],
    ['a fraction', [[0.5]], {}, 'found 0.5'],
    ['maxTokens 0', [[1]], { maxTokens: 0 }, 'maxTokens of 1 or more but found 0'],
    ['maxTokens NaN', [[1]], { maxTokens: NaN }, 'maxTokens'],
    ['prefillTokens −1', [[1]], { prefillTokens: -1 }, 'prefillTokens'],
    ['a seed that is no whole number', [[1]], { seed: 0.5 }, 'seed'],
  ])('refuses %s', async (_, prompts, options, words) => {
    const before = memory().tensors;
    await expect(all(prompts, options)).rejects.toThrow(RangeError);
    await expect(all(prompts, options)).rejects.toThrow(words);
    expect(memory().tensors).toBe(before);
  });

  test('no prompt, no token; parameters with NaN are named', async () => {
    expect(await all([])).toEqual([]);
    const bad = model.init(1);
    (bad as unknown as { model: { norm: { weight: { dataId: object } } } }).model.norm.weight = (await import('@llm/tensor')).tensor(new Float32Array(16).fill(NaN)) as never;
    await expect(generate(model, bad, [[1]]).next()).rejects.toThrow(/found NaN/);
    disposeTree(bad);
  });
});

import { readFileSync } from 'node:fs';
import { disposeTree, memory, readSafetensors, scope, tensor, toFloat32, type Tree, useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { paramsFromTensors } from '../checkpoint/checkpoint.ts';
import { createEncoderDecoder } from '../config/create-model.ts';
import type { EncoderDecoder } from '../encoder-decoder.ts';
import { logProbability } from './candidates.ts';
import type { GeneratedToken } from './generate.ts';
import { generateFrom, type GenerateFromOptions } from './generate-from.ts';
import { greedy, temperature } from './temperature.ts';

const at = (name: string): URL => new URL(`../architectures/fixtures/${name}`, import.meta.url);
const CONFIGS = JSON.parse(readFileSync(at('encoders.json'), 'utf8')) as { continuations: Record<string, number[][]> } & Record<string, Record<string, unknown>>;

beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
});

function load(name: string): { model: EncoderDecoder; params: Tree; texts: number[][] } {
  const { tensors } = readSafetensors(readFileSync(at(`${name}.safetensors`)));
  const model = createEncoderDecoder(CONFIGS[name]!);
  const params = paramsFromTensors(model, new Map([...tensors].flatMap(([path, raw]) => (path.startsWith('param.') ? [[path.slice(6), raw] as const] : []))));
  const [ids, mask] = [toFloat32(tensors.get('ids')!), toFloat32(tensors.get('mask')!)];
  const length = ids.length / 2;
  return { model, params, texts: [0, 1].map((row) => [...ids.subarray(row * length, (row + 1) * length)].filter((_, i) => mask[row * length + i] === 1)) };
}

async function all(loaded: ReturnType<typeof load>, options: GenerateFromOptions, texts: number[][] = loaded.texts): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  for await (const token of generateFrom(loaded.model, loaded.params, texts, options)) tokens.push(token);
  return tokens;
}
const rowOf = (tokens: readonly GeneratedToken[], row: number): number[] => tokens.filter((token) => token.row === row).map(({ id }) => id);

describe.each(['t5', 't5-v1_1'])('%s', (name) => {
  test('greedy continuations as transformers has them, alone and in a batch of unequal lengths', async () => {
    const loaded = load(name);
    const expected = CONFIGS.continuations[name]!;
    const before = memory().tensors;
    const tokens = await all(loaded, { sampler: greedy, maxTokens: 9 });
    expect([rowOf(tokens, 0), rowOf(tokens, 1)]).toEqual(expected);
    for (const row of [0, 1]) expect(rowOf(await all(loaded, { sampler: greedy, maxTokens: 9 }, [loaded.texts[row]!]), 0)).toEqual(expected[row]);
    expect(memory().tensors).toBe(before);
    disposeTree(loaded.params);
  });

  test('step by step with a cache: the log-probabilities are those of the whole text at once', async () => {
    const loaded = load(name);
    const { model, params, texts } = loaded;
    const tokens = await all(loaded, { sampler: temperature(1), seed: 3, maxTokens: 12, eosIds: [], logprobs: true }, [texts[0]!]);
    const ids = tokens.map(({ id }) => id);
    expect(new Set(ids).size).toBeGreaterThan(3);
    const logits = scope(() => model.apply(params, {
      encoder: { ids: tensor(texts[0]!, [1, texts[0]!.length], 'int32') }, decoder: { ids: tensor([model.startId, ...ids.slice(0, -1)], [1, 12], 'int32') },
    }).dataSync() as Float32Array);
    for (const [i, { id, logprob }] of tokens.entries()) expect(logprob).toBeCloseTo(logProbability(logits.subarray(40 * i, 40 * (i + 1)), id), 4);
    disposeTree(params);
  });
});

test('rows end at their own end token, and what the others draw does not change', async () => {
  const loaded = load('t5-v1_1');
  const options = { sampler: temperature(1), seed: 5, maxTokens: 10 };
  const free = await all(loaded, { ...options, eosIds: [] });
  const end = rowOf(free, 0)[2]!;
  const tokens = await all(loaded, { ...options, eosIds: [end] });
  const cut = (ids: number[]): number[] => ids.slice(0, ids.includes(end) ? ids.indexOf(end) + 1 : ids.length);
  for (const row of [0, 1]) expect(rowOf(tokens, row)).toEqual(cut(rowOf(free, row)));
  expect(tokens.filter(({ done }) => done).map(({ row, reason }) => [row, reason])).toContainEqual([0, 'eos']);
  const controller = new AbortController();
  let count = 0;
  const before = memory().tensors;
  for await (const _ of generateFrom(loaded.model, loaded.params, loaded.texts, { eosIds: [], signal: controller.signal })) if (++count === 4) controller.abort();
  expect(count).toBe(4);
  expect(memory().tensors).toBe(before);
  await expect(all(loaded, {}, [[]])).rejects.toThrow('expected a prompt of at least one id but found none in row 0');
  await expect(all(loaded, {}, [[40]])).rejects.toThrow('expected ids from 0 to 39 but found 40');
  disposeTree(loaded.params);
});

import { askedDevices } from '@llm/kernels';
import { disposeTree, memory, scope, tensor, useDevice } from '@llm/tensor';
import { describe, expect, test } from 'vitest';
import { createModel } from '../config/create-model.ts';
import { generate, type GenerateOptions } from '../generate/generate.ts';
import { greedy } from '../generate/temperature.ts';
import { kvCache, selectRows } from './kv-cache.ts';

const CONFIG = { model_type: 'llama', vocab_size: 96, hidden_size: 128, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 512 };
const IDS = Array.from({ length: 24 }, (_, i) => (i * 37 + 5) % 96);
const int = (values: readonly number[], shape: number[]): ReturnType<typeof tensor> => tensor(Int32Array.from(values), shape, 'int32');

describe.each(['cpu', ...askedDevices()] as const)('on %s', (device) => {
  const loaded = async (): Promise<{ model: ReturnType<typeof createModel>; params: ReturnType<ReturnType<typeof createModel>['init']> }> => {
    await useDevice(device as 'cpu');
    const model = createModel(CONFIG);
    const params = model.init(3);
    // Tables of the rotation are made at the first use.
    scope(() => { model.apply(params, { ids: int(IDS, [1, IDS.length]) }); });
    return { model, params };
  };

  /** Logits of all tokens: many, then one by one, then of rows that were picked. */
  const logitsWith = async (bits: 32 | 8 | 4): Promise<Float32Array> => {
    const { model, params } = await loaded();
    const before = memory().tensors;
    let cache = kvCache(model.shape, { batch: 2, capacity: 22, bits });
    const found: Float32Array[] = [];
    let from = 0;
    for (const count of [18, 1, 1]) {
      const y = scope(() => model.apply(params, { ids: int([...IDS.slice(from, from + count), ...IDS.slice(from + 1, from + 1 + count)], [2, count]), cache }));
      found.push(await y.data() as Float32Array);
      y.dispose();
      from += count;
    }
    cache = selectRows(cache, [1, 0, 1], { shape: model.shape, capacity: 30 });
    expect([cache.bits, cache.capacity]).toEqual([bits, 30]);
    const y = scope(() => model.apply(params, { ids: int([7, 8, 9], [3, 1]), cache }));
    found.push(await y.data() as Float32Array);
    y.dispose();
    cache.dispose();
    expect(memory().tensors).toBe(before);
    disposeTree(params);
    return Float32Array.from(found.flatMap((each) => [...each]));
  };

  test('8 bits change logits by less than a hundredth of their spread, 4 bits by less than a tenth', async () => {
    const exact = await logitsWith(32);
    const size = Math.hypot(...exact);
    const [eight, four] = [await logitsWith(8), await logitsWith(4)].map((values) => Math.hypot(...values.map((value, i) => value - exact[i]!)) / size) as [number, number];
    expect(eight).toBeGreaterThan(1e-5);
    expect(eight).toBeLessThan(0.01);
    expect(four).toBeGreaterThan(2 * eight);
    expect(four).toBeLessThan(0.1);
  });

  test('8 bits take 9/32 of the memory, 4 bits 5/32', async () => {
    const { model, params } = await loaded();
    const bytesOf = (bits: 32 | 8 | 4): number => {
      const before = memory().usedBytes;
      const cache = kvCache(model.shape, { batch: 2, capacity: 256, bits });
      const bytes = cache.layers.reduce((sum, { k, v }) => sum + 4 * (k.size + v.size), 0);
      if (device === 'wasm') expect(memory().usedBytes - before).toBeLessThan(bytes + 4096);
      cache.dispose();
      return bytes;
    };
    expect([bytesOf(8), bytesOf(4)]).toEqual([bytesOf(32) * 9 / 32, bytesOf(32) * 5 / 32]);
    expect(() => kvCache({ ...model.shape, headDim: 6 }, { batch: 1, capacity: 1, bits: 8 })).toThrow('a multiple of 4, for 8 bits, but found 6');
    disposeTree(params);
  });

  test('generation takes it, from a recorded step too', async () => {
    const { model, params } = await loaded();
    const run = async (options: GenerateOptions): Promise<number[]> => {
      const ids: number[] = [];
      for await (const { id } of generate(model, params, [IDS.slice(0, 9), IDS.slice(3, 9)], { maxTokens: 12, sampler: greedy, eosIds: [], ...options })) ids.push(id);
      return ids;
    };
    const before = memory().tensors;
    const [exact, eight] = [await run({}), await run({ cacheBits: 8 })];
    expect(eight.filter((id, i) => id === exact[i]).length).toBeGreaterThan(16);
    expect(await run({ cacheBits: 8 })).toEqual(eight);
    expect(await run({ cacheBits: 4, samples: 2 })).toHaveLength(48);
    expect(memory().tensors).toBe(before);
    disposeTree(params);
  });
});

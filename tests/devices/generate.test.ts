// Generation on a graphics card: the tokens of the host's own way, from a step that is recorded once.
import { readFile } from 'node:fs/promises';
import { askedDevices } from '@llm/kernels';
import {
  createModel, defaultSampler, generate, type GeneratedToken, type GenerateOptions, greedy, type Model, paramsFromTensors, penalties, type Sampler, samplers,
  temperature, topK, topP,
} from '@llm/model';
import { disposeTree, memory, readSafetensors, type Tensor, tensor, type Tree, useDevice } from '@llm/tensor';
import { engine } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const read = async (path: string): Promise<Uint8Array> => readFile(new URL(`../golden/models/${path}`, import.meta.url));
const json = async <T>(path: string): Promise<T> => JSON.parse(new TextDecoder().decode(await read(path))) as T;

interface Stored { readonly max_new_tokens: number; readonly prompts: number[][]; readonly continuations: number[][]; readonly with_eos: { readonly eos_token_id: number; readonly continuations: number[][] } }
interface Loaded { readonly model: Model; readonly params: Tree }

async function load(name: string, change: object = {}): Promise<Loaded> {
  const model = createModel({ ...await json<object>(`${name}/config.json`), ...change });
  return { model, params: paramsFromTensors(model, readSafetensors(await read(`${name}/model.safetensors`)).tensors) };
}

async function all({ model, params }: Loaded, prompts: readonly ArrayLike<number>[], options: GenerateOptions): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  for await (const token of generate(model, params, prompts, options)) tokens.push(token);
  return tokens;
}
const rowsOf = (tokens: readonly GeneratedToken[], count: number): number[][] => Array.from({ length: count }, (_, row) => tokens.filter((token) => token.row === row).map(({ id }) => id));
/** By row and in order, as tokens of different rows may come in another order where a row ends. */
const byRow = (tokens: readonly GeneratedToken[]): GeneratedToken[] => tokens.toSorted((a, b) => a.row - b.row);

interface Card { readonly buffersCreated: number; readonly bufferBytes: number; readonly dispatches: number; readonly submits: number }
const card = (): Card => (engine().backend as unknown as { gpu: { stats(): Card } }).gpu.stats();

/** A small model of its own on the device in use, by the same seed on each. */
function small(positions = 64): Loaded {
  const model = createModel({
    model_type: 'llama', vocab_size: 300, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2,
    max_position_embeddings: positions, initializer_range: 0.5, eos_token_id: 38,
  });
  return { model, params: model.init(5) };
}

const SEVENS = Array.from({ length: 43 }, (_, i) => 7 * i);
const PROMPTS = [[1, 2, 3, 4, 5, 6, 7], Uint32Array.of(9), [20, 21, 22]];

describe.runIf(askedDevices().includes('webgpu'))('generate on a graphics card', () => {
  /** What `run` gives on both devices. */
  async function onBoth<T>(run: () => Promise<T>): Promise<{ wasm: T; webgpu: T }> {
    await useDevice('wasm');
    const wasm = await run();
    await useDevice('webgpu');
    return { wasm, webgpu: await run() };
  }

  test.each([
    ['gpt2', {}], ['llama', {}], ['llama-tied', {}], ['qwen2', { use_sliding_window: true, sliding_window: 3, layer_types: ['full_attention', 'sliding_attention'] }], ['qwen3', {}],
  ])('%s %j: greedy continuations are those of transformers and of wasm, alone and in a batch', async (name, change) => {
    const { max_new_tokens: maxTokens, prompts, continuations, with_eos } = await json<Stored>(`${name}/generate.json`);
    const { wasm, webgpu } = await onBoth(async () => {
      const loaded = await load(name, change);
      const before = memory().tensors;
      const found = {
        batch: rowsOf(await all(loaded, prompts, { sampler: greedy, maxTokens, eosIds: [] }), prompts.length),
        eos: rowsOf(await all(loaded, prompts, { sampler: greedy, maxTokens, eosIds: [with_eos.eos_token_id], prefillTokens: 5 }), prompts.length),
        alone: rowsOf(await all(loaded, prompts.slice(1, 2), { sampler: greedy, maxTokens, eosIds: [] }), 1),
      };
      // The tables of the rotation stay with the model.
      expect(memory().tensors - before).toBeLessThanOrEqual(name === 'gpt2' ? 0 : 4);
      disposeTree(loaded.params);
      return found;
    });
    expect(webgpu).toEqual(wasm);
    if (Object.keys(change).length === 0) expect(webgpu).toEqual({ batch: continuations, eos: with_eos.continuations, alone: [continuations[1]] });
  }, 180_000);

  test.each<[string, Sampler]>([
    ['the default', defaultSampler()], ['flat', temperature(1.5)], ['top-p alone', topP(0.8)], ['greedy', greedy], ['top-k of all', topK(1000)],
    ['a sampler that the card does not know', samplers([penalties({ repeat: 1.3 }), topK(20)])],
  ])('%s: the same seed, the tokens of wasm; rows end at different times', async (_name, sampler) => {
    const { wasm, webgpu } = await onBoth(async () => {
      const loaded = small();
      const found = byRow(await all(loaded, PROMPTS, { sampler, seed: 3, maxTokens: 12, eosIds: SEVENS, logprobs: true }));
      disposeTree(loaded.params);
      return found;
    });
    const strip = (tokens: readonly GeneratedToken[]): object[] => tokens.map(({ logprob: _, ...rest }) => rest);
    expect(strip(webgpu)).toEqual(strip(wasm));
    expect(new Set(rowsOf(webgpu, 3).map(({ length }) => length)).size).toBeGreaterThan(1);
    webgpu.forEach(({ logprob }, i) => expect(logprob).toBeCloseTo(wasm[i]!.logprob!, 3));
  });

  test('rows that end by their end token, a stop sequence, the context and the length are told as on wasm', async () => {
    const { wasm, webgpu } = await onBoth(async () => {
      const loaded = small(16);
      const free = await all(loaded, PROMPTS, { sampler: greedy, maxTokens: 40, eosIds: [] });
      const [first, second] = rowsOf(free, 3);
      const found = [free, await all(loaded, PROMPTS, { sampler: greedy, maxTokens: 40, eosIds: [first![2]!], stop: [second!.slice(3, 5)] }), await all(loaded, PROMPTS, { sampler: greedy, maxTokens: 1, eosIds: [] })];
      disposeTree(loaded.params);
      return found.map(byRow);
    });
    expect(webgpu).toEqual(wasm);
    // 7 + 9, 1 + 15 and 3 + 13 positions, and the token drawn at the last.
    expect(webgpu[0]!.filter(({ done }) => done)).toMatchObject([0, 1, 2].map((row) => ({ row, reason: 'context' })));
    expect(rowsOf(webgpu[0]!, 3).map(({ length }) => length)).toEqual([10, 16, 14]);
  });

  test('a long text grows its cache: 280 tokens as on wasm, from two recordings', async () => {
    const { wasm, webgpu } = await onBoth(async () => {
      const plain = createModel({ model_type: 'gpt2', vocab_size: 40, n_positions: 400, n_embd: 8, n_head: 2, n_layer: 1, initializer_range: 0.5 });
      let hidden = 0;
      const model: Model = { ...plain, hidden: (...given) => { hidden++; return plain.hidden(...given); } };
      const params = model.init(5);
      const tokens = await all({ model, params }, [[1, 2]], { sampler: topK(5), seed: 2, maxTokens: 280, eosIds: [] });
      disposeTree(params);
      return { tokens, hidden };
    });
    expect(webgpu.tokens.length).toBe(280);
    expect(webgpu.tokens).toEqual(wasm.tokens);
    expect([wasm.hidden, webgpu.hidden]).toEqual([3, 3]);
  }, 180_000);

  test.each<[string, Sampler]>([['drawn on the card', defaultSampler()], ['drawn on the host', samplers([penalties({ repeat: 1.3 })])]])('the step is recorded once and replayed, without new buffers: %s', async (_name, sampler) => {
    await useDevice('webgpu');
    const loaded = small();
    const seen: Card[] = [];
    let hidden = 0;
    const counted: Loaded = { ...loaded, model: { ...loaded.model, hidden: (...given) => { hidden++; return loaded.model.hidden(...given); } } };
    const before = memory();
    for await (const { done } of generate(counted.model, counted.params, [[1, 2, 3]], { sampler, maxTokens: 20, eosIds: [] })) {
      seen.push(card());
      // The model runs in JavaScript for the prompt and for the recording.
      expect(hidden).toBeLessThanOrEqual(2);
      expect(done ?? false).toBe(seen.length === 20);
    }
    expect(hidden).toBe(2);
    const later = seen.slice(4, -2).map(({ buffersCreated, dispatches }, i) => [buffersCreated - seen[i + 3]!.buffersCreated, dispatches - seen[i + 3]!.dispatches]);
    // The same dispatches for every token.
    expect(later).toEqual(later.map(() => [0, later[0]![1]]));
    expect(later[0]![1]).toBeGreaterThan(10);
    // What is drawn on the card runs on before it is read: the last step but one has run all there is.
    expect(seen[19]!.dispatches - seen[18]!.dispatches).toBe(sampler.settings === undefined ? later[0]![1] : 0);
    expect(memory().tensors - before.tensors).toBeLessThanOrEqual(2);
    disposeTree(loaded.params);
  });

  test('frees all it made: at the end, when left early, when aborted, when a sampler throws, when the parameters are NaN', async () => {
    await useDevice('webgpu');
    const loaded = small();
    await all(loaded, PROMPTS, { maxTokens: 4 });
    const before = memory().tensors;
    await all(loaded, PROMPTS, { maxTokens: 12 });
    expect(memory().tensors).toBe(before);
    let count = 0;
    for await (const { row } of generate(loaded.model, loaded.params, PROMPTS, { eosIds: [] })) if (row === 1 && ++count === 3) break;
    expect(memory().tensors).toBe(before);
    await expect(all(loaded, PROMPTS, { sampler: () => { throw new Error('no'); } })).rejects.toThrow('no');
    expect(memory().tensors).toBe(before);
    const controller = new AbortController();
    for await (const { row } of generate(loaded.model, loaded.params, PROMPTS, { eosIds: [], signal: controller.signal })) if (row === 2 && ++count === 6) controller.abort();
    expect(count).toBe(6);
    expect(memory().tensors).toBe(before);
    const norm = (loaded.params as unknown as { model: { norm: { weight: Tensor } } }).model.norm;
    const kept = norm.weight;
    norm.weight = tensor(new Float32Array(16).fill(NaN));
    await expect(all(loaded, PROMPTS, {})).rejects.toThrow(/found NaN/);
    norm.weight.dispose();
    norm.weight = kept;
    expect(memory().tensors).toBe(before);
    disposeTree(loaded.params);
  });

  test('a card that is lost ends it with what to do, and the next one goes on', async () => {
    await useDevice('webgpu');
    const loaded = small();
    const before = memory().tensors;
    const whole = await all(loaded, PROMPTS, { seed: 1, maxTokens: 6, eosIds: [] });
    const left = memory().tensors;
    let count = 0;
    const losing = async (): Promise<void> => {
      for await (const _ of generate(loaded.model, loaded.params, PROMPTS, { seed: 1, eosIds: [] })) if (++count === 7) (engine().backend as unknown as { gpu: { device: GPUDevice } }).gpu.device.destroy();
    };
    await expect(losing()).rejects.toMatchObject({ code: 'E_GPU_LOST' });
    expect(memory().tensors).toBe(left);
    await useDevice('webgpu');
    expect(await all(loaded, PROMPTS, { seed: 1, maxTokens: 6, eosIds: [] })).toEqual(whole);
    expect(left - before).toBeLessThanOrEqual(2);
    disposeTree(loaded.params);
  }, 180_000);
});

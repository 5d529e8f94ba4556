import { createModel, type Model, type ModelConfig } from '@llm/model';
import { disposeTree, isWeight, leaves, memory, scope, tensor, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { calibrate } from '../calibrate/calibrate.ts';
import { momentsOf, sharedInputs, walkBlocks } from '../calibrate/walk-blocks.ts';
import { CONFIG, text, trainedModel } from '../fixtures/trained-model.ts';
import { divergence } from '../quality/divergence.ts';
import { linearsOf } from '../tree/linears.ts';
import { scaled, scalingsOf } from '../tree/scalings.ts';
import { awq } from './awq.ts';
import { gptq } from './gptq.ts';
import { hqq } from './hqq.ts';
import { quantize } from './quantize.ts';
import { quantizeCalibrated } from './quantize-calibrated.ts';
import { rtn } from './rtn.ts';

let model: Model<ModelConfig>;
let params: Tree;

beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
  ({ model, params } = await trainedModel());
}, 60_000);

const CONFIGS: [string, Record<string, unknown>][] = [
  ['llama', { ...CONFIG, num_key_value_heads: 2 }],
  ['qwen2 with windows', { ...CONFIG, model_type: 'qwen2', use_sliding_window: true, sliding_window: 8, max_window_layers: 1 }],
  ['qwen3', { ...CONFIG, model_type: 'qwen3', head_dim: 16, num_key_value_heads: 2 }],
  ['mixtral', { ...CONFIG, model_type: 'mixtral', num_local_experts: 2, num_experts_per_tok: 1 }],
  ['gpt2', { model_type: 'gpt2', vocab_size: 48, n_positions: 64, n_embd: 64, n_head: 4, n_layer: 2 }],
];

describe.each(CONFIGS)('%s', (_name, config) => {
  test('block by block the same inputs arrive as in the whole model', async () => {
    const model = createModel(config);
    const params = model.init(5);
    const batches = [text(2, 1), text(3, 2)];
    const names = ['squares', 'magnitudes', 'largest', 'hessian'] as const;
    const whole = await calibrate(model, params, { batches, moments: names });
    const groups: string[][] = [];
    const alone = new Map<string, Awaited<ReturnType<typeof momentsOf>>>();
    const all = linearsOf(params);
    const same = await walkBlocks(model, params, {
      batches,
      visit: async (block, tree) => {
        const own = all.filter(({ path }) => path.startsWith(`${block.path}.`));
        groups.push(...sharedInputs(block, tree, own).map((group) => group.map(({ path }) => path.slice(block.path.length + 1))));
        for (const [path, moments] of await momentsOf(block, tree, { linears: own, names })) alone.set(path, new Map([[path, moments]]));
        return tree;
      },
    });
    expect(same).toBe(params);
    expect([...alone.keys()].sort()).toEqual(all.map(({ path }) => path).sort());
    for (const { path } of all) {
      const [a, b] = [alone.get(path)!.get(path)!, whole.get(path)!];
      // Experts see the tokens that are sent to them.
      expect(a.tokens).toBe(path.includes('experts') ? b.tokens : 5 * 32);
      for (const name of ['squares', 'magnitudes', 'largest'] as const) expectClose(a[name]!, b[name]!, { tolerance: 1e-5 });
      expectClose(a.hessian!.values, b.hessian!.values, { tolerance: 1e-5 });
      b.squares!.forEach((value, i) => expect(Math.abs(b.hessian!.values[i * b.squares!.length + i]! - value)).toBeLessThan(1e-3 * value + 1e-6));
    }
    if (config.model_type === 'gpt2') expect(groups.slice(0, 4)).toEqual([['attn.c_attn.weight'], ['attn.c_proj.weight'], ['mlp.c_fc.weight'], ['mlp.c_proj.weight']]);
    if (config.model_type === 'llama') {
      expect(groups.slice(0, 4)).toEqual([
        ['self_attn.q_proj.weight', 'self_attn.k_proj.weight', 'self_attn.v_proj.weight'], ['self_attn.o_proj.weight'], ['mlp.gate_proj.weight', 'mlp.up_proj.weight'], ['mlp.down_proj.weight'],
      ]);
    }
    disposeTree(params);
  });
});

test.each([['llama', CONFIG], ['gpt2', CONFIGS[4]![1]]])('%s: factors folded into what comes before change no logit', (_name, config) => {
  const model = createModel(config);
  const params = model.init(6);
  const transposed = (path: string): boolean => linearsOf(params).find((linear) => linear.path === path)?.transposed ?? false;
  const ids = (): ReturnType<typeof tensor> => tensor(text(2, 3).ids, [2, 32], 'int32');
  let tree = params;
  for (const path of config.model_type === 'gpt2' ? ['transformer.h.0', 'transformer.h.1'] : ['model.layers.0', 'model.layers.1']) {
    for (const scaling of scalingsOf('test', { modelType: model.config.modelType, params, path })) {
      const inputs = linearsOf(tree).find((linear) => linear.path === `${scaling.layers[0]}.weight`)!.inputs;
      tree = scaled(tree, scaling, { scales: Float32Array.from({ length: inputs }, (_, i) => 0.5 + (i % 7) / 3), transposed });
    }
  }
  const logits = (tree: Tree): Float32Array => scope(() => model.apply(tree, { ids: ids() }).dataSync() as Float32Array);
  expect(linearsOf(tree)[0]!.leaf).not.toBe(linearsOf(params)[0]!.leaf);
  expectClose(logits(tree), logits(params), { tolerance: 1e-5 });
});

describe('on a model that has learnt', () => {
  const held = [text(16, 1)];
  const calibration = [text(8, 7), text(8, 8)];
  const kldOf = async (tree: Tree): Promise<number> => {
    const found = await divergence({ model, params }, { model, params: tree }, { batches: held });
    return found.kld.mean;
  };

  test('GPTQ loses less than rounding, in its own order and in that of activity; nothing stays in memory', async () => {
    const bits = 3;
    await quantizeCalibrated(model, params, { method: gptq({ bits, groupSize: 32 }), batches: calibration }).then(({ params: made }) => disposeTree(weightsOf(made)));
    const before = memory().tensors;
    const rounded = await quantize(params, { format: rtn({ bits, groupSize: 32 }) });
    const plain = await kldOf(rounded.params);
    const found: Record<string, number> = {};
    for (const [name, options] of Object.entries({ own: { activityOrder: false }, order: {}, permuted: { staticGroups: false } })) {
      const seen: number[] = [];
      const made = await quantizeCalibrated(model, params, { method: gptq({ bits, groupSize: 32, ...options }), batches: calibration, onProgress: ({ done, total }) => seen.push(done / total) });
      expect(made.skipped).toEqual([]);
      expect(seen).toHaveLength(14);
      expect(seen.at(-1)).toBe(1);
      found[name] = await kldOf(made.params);
      disposeTree(weightsOf(made.params));
    }
    disposeTree(weightsOf(rounded.params));
    expect(memory().tensors).toBe(before);
    expect(Math.max(...Object.values(found))).toBeLessThan(0.8 * plain);
  });

  test('AWQ and HQQ lose less than rounding with offsets', async () => {
    const options = { bits: 3, groupSize: 32, symmetric: false };
    const plain = await kldOf((await quantize(params, { format: rtn(options) })).params);
    const activity = await awq(model, params, { ...options, batches: calibration });
    const half = await quantize(params, { format: hqq({ bits: 3, groupSize: 32 }) });
    const found = { plain, awq: await kldOf(activity.params), hqq: await kldOf(half.params) };
    expect(found.awq).toBeLessThan(0.9 * plain);
    expect(found.hqq).toBeLessThan(plain);
  });

  test('AWQ leaves nothing in memory but its tree, and the caller\'s tensors alone', async () => {
    const before = memory().tensors;
    const { params: made, skipped } = await awq(model, params, { groupSize: 32, batches: [text(2, 7)] });
    expect(skipped).toEqual([]);
    const given = new Set(leaves(params).map(([, leaf]) => leaf));
    const own = leaves(made).filter(([, leaf]) => !given.has(leaf));
    // Codes, scales and offsets of 14 matrices, and 4 norms.
    expect(own).toHaveLength(18);
    expect(memory().tensors - before).toBe(3 * 14 + 4);
    expect(leaves(params).every(([, leaf]) => !isWeight(leaf) && !leaf.isDisposed)).toBe(true);
  });
});

/** The leaves that a method made. */
function weightsOf(tree: Tree): Tree {
  return Object.fromEntries(leaves(tree).filter(([, leaf]) => isWeight(leaf)).map(([, leaf], i) => [String(i), leaf]));
}

test('what cannot be calibrated is refused by name', async () => {
  const other = createModel({ model_type: 'nanochat', vocab_size: 48, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 1, num_attention_heads: 4, num_key_value_heads: 4, max_position_embeddings: 64 });
  const tree = other.init(0);
  await expect(quantizeCalibrated(other, tree, { method: gptq(), batches: [text(1, 1)] })).rejects.toThrow('expected a model of llama, qwen2, qwen3, mixtral, qwen3_moe, gpt2 but found nanochat');
  await expect(quantizeCalibrated(model, params, { method: gptq(), batches: [] })).rejects.toThrow('expected batches of text but found none');
  const quantized = (await quantize(params, { format: rtn() })).params;
  await expect(quantizeCalibrated(model, quantized, { method: gptq(), batches: [text(1, 1)] })).rejects.toThrow('expected plain matrices but found a weight that applies itself at model.layers.0');
});

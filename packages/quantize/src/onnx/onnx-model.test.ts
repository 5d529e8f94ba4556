import { createModel, type Model, type ModelConfig } from '@llm/model';
import { flatten, mapLeaves, memory, tensor, toFloat32, type Tree, useDevice } from '@llm/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { quantize } from '../methods/quantize.ts';
import { rtn } from '../methods/rtn.ts';
import { calibrateRanges } from './calibrate/calibrate-ranges.ts';
import { minMaxRange } from './calibrate/min-max.ts';
import { onnxFloat16, onnxFloat32 } from './formats/float.ts';
import type { OnnxFormat } from './formats/format.ts';
import { onnxInt8 } from './formats/int8.ts';
import { onnxQ4, onnxQ4F16 } from './formats/q4.ts';
import { onnxQdq } from './formats/qdq.ts';
import { ONNX_TYPES } from './graph.ts';
import { onnxModel } from './onnx-model.ts';
import { unpackNBits } from './pack-nbits.ts';
import { readOnnx, type ReadOnnx, type StoredTensor } from './read-onnx.ts';
import { onnxBytes } from './write-onnx.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const LLAMA = { model_type: 'llama', vocab_size: 40, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 16 };
const CONFIGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  llama: LLAMA,
  'llama, tied': { ...LLAMA, tie_word_embeddings: true },
  qwen2: { ...LLAMA, model_type: 'qwen2' },
  'qwen3, windows': { ...LLAMA, model_type: 'qwen3', head_dim: 16, use_sliding_window: true, sliding_window: 3, max_window_layers: 1 },
  gpt2: { model_type: 'gpt2', vocab_size: 40, n_positions: 16, n_embd: 32, n_head: 4, n_layer: 2 },
};

async function written(model: Model<ModelConfig>, params: Tree, format: OnnxFormat): Promise<ReadOnnx> {
  return readOnnx(await onnxBytes(onnxModel(model, params, { format })));
}

/** Every value is made once, before it is used; names differ; stored bytes fit their shapes; nothing is stored in vain. */
function checkStructure({ nodes, inputs, outputs, initializers }: ReadOnnx): void {
  const known = new Set(['', ...inputs.map(({ name }) => name), ...initializers.keys()]);
  expect(known.size).toBe(1 + inputs.length + initializers.size);
  const used = new Set<string>(outputs.map(({ name }) => name));
  for (const { name, inputs: takes, outputs: makes } of nodes) {
    for (const each of takes) {
      expect(known, `${each}, an input of ${name}`).toContain(each);
      used.add(each);
    }
    for (const each of makes) {
      expect(known, `${each}, made twice`).not.toContain(each);
      known.add(each);
    }
  }
  for (const { name } of outputs) expect(known).toContain(name);
  for (const { name } of inputs) expect(used).toContain(name);
  expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
  for (const [name, { type, shape, data }] of initializers) {
    expect(used, `${name} is stored in vain`).toContain(name);
    expect((data as Uint8Array).length, name).toBe(shape.reduce((product, size) => product * size, ONNX_TYPES[type].bytes));
  }
}

const FORMATS: readonly OnnxFormat[] = [onnxFloat32(), onnxFloat16(), onnxQ4(), onnxQ4({ symmetric: false, block: 16, embeddings: true }), onnxQ4F16(), onnxInt8()];

describe.each(Object.entries(CONFIGS))('%s', (_name, config) => {
  test.each(FORMATS.map((format) => [format.name, format] as const))('%s: a sound graph with the inputs and outputs of a decoder with a cache', async (_, format) => {
    const model = createModel(config);
    const file = await written(model, model.init(1), format);
    checkStructure(file);
    const { kvHeads, headDim, layers } = model.shape;
    const cache = (name: string, length: string): unknown[] => Array.from({ length: layers }, (_, layer) => ['key', 'value'].map((part) => ({
      name: `${name}.${layer}.${part}`, type: format.type, shape: ['batch_size', kvHeads, length, headDim],
    }))).flat();
    const ids = (name: string, length: string): unknown => ({ name, type: 'int64', shape: ['batch_size', length] });
    expect(file.inputs).toEqual([
      ids('input_ids', 'sequence_length'), ids('attention_mask', 'total_sequence_length'), ids('position_ids', 'sequence_length'), ...cache('past_key_values', 'past_sequence_length'),
    ]);
    expect(file.outputs).toEqual([{ name: 'logits', type: 'float', shape: ['batch_size', 'sequence_length', 40] }, ...cache('present', 'total_sequence_length')]);
    expect([file.irVersion, file.producer]).toEqual([8, '@llm/quantize']);
    expect(file.opsets).toEqual({ '': 17, ...(format.name.startsWith('q4') ? { 'com.microsoft': 1 } : {}) });
    expect(new Set(file.nodes.map(({ domain }) => domain)).size).toBe(format.name.startsWith('q4') ? 2 : 1);
  });
});

const floats = ({ data, shape, type }: StoredTensor): Float32Array => toFloat32({ dtype: type === 'float' ? 'F32' : type === 'float16' ? 'F16' : 'U8', shape: [...shape], data: data as Uint8Array });

test('weights are stored as the operators want them: turned, whole, in four bits; a tied head once', async () => {
  const model = createModel(CONFIGS['llama, tied']!);
  const params = model.init(3);
  const flat = flatten(params);
  const name = 'model.layers.1.mlp.down_proj.weight';
  const exact = flat[name]!.dataSync() as Float32Array;
  const plain = await written(model, params, onnxFloat32());
  const stored = plain.initializers.get(name)!;
  expect(stored.shape).toEqual([48, 32]);
  floats(stored).forEach((value, i) => expect(value).toBe(exact[(i % 32) * 48 + Math.floor(i / 32)]));
  expect([...plain.initializers.keys()].filter((each) => /embed|head/.test(each))).toEqual(['model.embed_tokens.weight']);
  expect(plain.nodes.filter(({ inputs }) => inputs.includes('model.embed_tokens.weight')).map(({ op }) => op)).toEqual(['Gather', 'Transpose']);

  const four = await written(model, params, onnxQ4({ symmetric: false }));
  const node = four.nodes.find(({ inputs }) => inputs[1] === `${name}_Q4`)!;
  expect(node.attributes).toEqual({ K: { int: 48 }, N: { int: 32 }, bits: { int: 4 }, block_size: { int: 32 } });
  const [codes, scales, zeroPoints] = node.inputs.slice(1).map((each) => four.initializers.get(each)!);
  expect([codes!.shape, scales!.shape, zeroPoints!.shape]).toEqual([[32, 2, 16], [64], [32]]);
  const back = unpackNBits({ codes: codes!.data as Uint8Array, scales: floats(scales!), zeroPoints: zeroPoints!.data as Uint8Array }, { outputs: 32, inputs: 48, block: 32 });
  const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  back.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(largest / 7));

  // Asked for, the embedding is that same table.
  const shared = await written(model, params, onnxQ4({ embeddings: true }));
  expect([...shared.initializers.keys()].filter((each) => each.startsWith('model.embed'))).toEqual(['model.embed_tokens.weight_Q4', 'model.embed_tokens.weight_scales']);
  expect(shared.nodes.find(({ op }) => op === 'GatherBlockQuantized')?.attributes).toEqual({ gather_axis: { int: 0 }, quantize_axis: { int: 1 }, block_size: { int: 32 }, bits: { int: 4 } });

  const bytes = await written(model, params, onnxInt8());
  expect([...bytes.initializers.keys()].filter((each) => each.startsWith('model.embed'))).toEqual(['model.embed_tokens.weight_quantized', 'model.embed_tokens.weight_scale', 'model.embed_tokens.weight_zero_point']);
  // One rounding of states serves queries, keys and values.
  expect(bytes.nodes.filter(({ op }) => op === 'DynamicQuantizeLinear')).toHaveLength(4 * 2 + 1);
});

test('what is in four bits already keeps its codes', async () => {
  const model = createModel({ ...LLAMA, hidden_size: 64, num_attention_heads: 2, num_key_value_heads: 1 });
  const { params } = await quantize(model.init(4), { format: rtn({ groupSize: 16, symmetric: false }) });
  const file = await written(model, params, onnxQ4());
  const path = 'model.layers.0.self_attn.k_proj.weight';
  const { inputs, attributes } = file.nodes.find(({ inputs }) => inputs[1] === `${path}_Q4`)!;
  expect(attributes['block_size']).toEqual({ int: 16 });
  const [codes, scales, zeroPoints] = inputs.slice(1).map((each) => file.initializers.get(each)!);
  const back = unpackNBits({ codes: codes!.data as Uint8Array, scales: floats(scales!), zeroPoints: zeroPoints!.data as Uint8Array }, { outputs: 32, inputs: 64, block: 16 });
  const leaf = (params as any).model.layers[0].self_attn.k_proj.weight;
  const expected = leaf.matrix().dataSync() as Float32Array;
  back.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6));
  // The head, which is no linear layer to `quantize`, is rounded now.
  expect(file.nodes.find(({ inputs }) => inputs[1] === 'lm_head.weight_Q4')?.attributes['block_size']).toEqual({ int: 32 });
});

test('fixed ranges: a grid before each matrix, and an error where one has none', async () => {
  const model = createModel(CONFIGS['gpt2']!);
  const params = model.init(5);
  const ids = Int32Array.of(1, 2, 3, 4);
  const batch = { rows: 1, length: 4, ids, positions: Int32Array.of(0, 1, 2, 3), segments: new Int32Array(4), packed: false, restarts: false };
  const before = memory().tensors;
  const ranges = await calibrateRanges(model, params, { batches: [batch], method: minMaxRange() });
  await written(model, params, onnxQdq({ ranges }));
  expect(memory().tensors).toBe(before);
  expect(Object.keys(ranges)).toHaveLength(4 * 2 + 1);
  const hidden = model.hidden(params, { ids: tensor(ids, [1, 4], 'int32') }).dataSync();
  expect(ranges['transformer.wte.weight']).toEqual({ min: Math.min(...hidden), max: Math.max(...hidden) });
  const file = await written(model, params, onnxQdq({ ranges }));
  checkStructure(file);
  expect(file.nodes.filter(({ op }) => op === 'QuantizeLinear')).toHaveLength(9);
  const { 'transformer.h.1.mlp.c_proj.weight': _, ...rest } = ranges;
  expect(() => onnxModel(model, params, { format: onnxQdq({ ranges: rest }) })).toThrow('expected a range of the states before transformer.h.1.mlp.c_proj.weight but found none');
  await expect(calibrateRanges(model, params, { batches: [], method: minMaxRange() })).rejects.toMatchObject({ code: 'E_CALIBRATION' });
});

test('what cannot be exported is refused, with what can', async () => {
  const moe = createModel({ ...LLAMA, model_type: 'mixtral', num_local_experts: 2, num_experts_per_tok: 1 });
  expect(() => onnxModel(moe, {}, { format: onnxFloat32() })).toThrow(expect.objectContaining({ code: 'E_ARCHITECTURE', message: expect.stringContaining('expected a model of llama, qwen2, qwen3, gpt2 but found mixtral, which has a mixture of experts') }));
  const bert = createModel({ model_type: 'bert', vocab_size: 16, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16 });
  expect(() => onnxModel(bert, {}, { format: onnxFloat32() })).toThrow('found bert, which has an encoder');
  const model = createModel(LLAMA);
  const params = model.init(0);
  expect(() => onnxModel(model, createModel(CONFIGS['gpt2']!).init(0), { format: onnxFloat32() })).toThrow('model.embed_tokens.weight is missing');
  expect(() => onnxQ4({ block: 24 })).toThrow('expected a block of 16, 32, 64, 128 … inputs but found 24');
  const large = mapLeaves(params, (leaf, path) => (path === 'model.norm.weight' ? tensor(new Float32Array(32).fill(7e4)) : path === 'lm_head.weight' ? tensor(new Float32Array(40 * 32).fill(7e4), [40, 32]) : leaf));
  await expect(onnxBytes(onnxModel(model, large, { format: onnxFloat16() }))).rejects.toThrow('expected numbers that float16 can hold but found 70000 in lm_head.weight. Export it as fp32');
});

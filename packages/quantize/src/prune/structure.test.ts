import { readFileSync } from 'node:fs';
import { createModel, paramsFromTensors } from '@llm/model';
import { memory, readSafetensors, scope, tensor, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { pruneStructure } from './structure.ts';
import { structureImportance } from './structure-importance.ts';

interface Case {
  model: string; heads: number; mlpWidth: number; layers: number; ids: number[]; kept: number[]; logits: number[];
  importance: { heads: number[][]; neurons: number[][]; layers: number[] };
}
const cases = JSON.parse(readFileSync(new URL('../../fixtures/methods/structure.json', import.meta.url), 'utf8')) as Case[];
const golden = new URL('../../../../tests/golden/models/', import.meta.url);

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

describe.each(cases)('$model to $heads heads, $mlpWidth places and $layers layers', ({ model: name, ids, kept, logits, importance: expected, ...sizes }) => {
  test('importance, what stays, and its logits are those of PyTorch', async () => {
    const model = createModel(JSON.parse(readFileSync(new URL(`${name}/config.json`, golden), 'utf8')) as Record<string, unknown>);
    const params = paramsFromTensors(model, readSafetensors(readFileSync(new URL(`${name}/model.safetensors`, golden))).tensors);
    const batch = { rows: 2, length: 24, ids: Int32Array.from(ids), positions: Int32Array.from(ids, (_, i) => i % 24), segments: new Int32Array(48), packed: false, restarts: false };
    const before = memory().tensors;
    const found = await structureImportance(model, params, { batches: [batch] });
    // Two tables of rotations belong to the model from its first run on.
    expect(memory().tensors).toBeLessThanOrEqual(before + 2);
    for (const part of ['heads', 'neurons'] as const) found[part].forEach((values, layer) => expectClose(values, Float64Array.from(expected[part][layer]!), { tolerance: 1e-5 }));
    expectClose(found.layers, Float64Array.from(expected.layers), { tolerance: 1e-5 });
    const small = pruneStructure(model, params, { importance: found, ...sizes });
    expect(small.layers).toEqual(kept);
    expect(small.model.shape).toMatchObject({ heads: sizes.heads, mlpWidth: sizes.mlpWidth, layers: sizes.layers });
    const all = scope(() => small.model.apply(small.params, { ids: tensor(batch.ids, [2, 24], 'int32') }).dataSync() as Float32Array);
    const vocab = model.shape.vocabSize;
    const last = Float32Array.from([0, 1].flatMap((row) => [...all.subarray((row * 24 + 22) * vocab, (row * 24 + 24) * vocab)]));
    expectClose(last, Float32Array.from(logits), { tolerance: 1e-4 });
  });
});

test('counts that cannot be and other architectures are refused', async () => {
  const model = createModel({ model_type: 'llama', vocab_size: 16, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2 });
  const nothing = { heads: [], neurons: [], layers: new Float64Array(2) };
  const params = model.init(0);
  expect(() => pruneStructure(model, params, { importance: nothing, heads: 3 })).toThrow('expected heads from 2 to 4, in steps of 2 that share keys and values, but found 3');
  expect(() => pruneStructure(model, params, { importance: nothing, layers: 0 })).toThrow('expected layers from 1 to 2 but found 0');
  expect(() => pruneStructure(model, params, { importance: nothing, mlpWidth: 25 })).toThrow('expected a width from 1 to 24 but found 25');
  const other = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 });
  await expect(structureImportance(other, other.init(0), { batches: [] })).rejects.toThrow('expected a model of llama, qwen2, qwen3 but found gpt2');
});

import { createModel, type Model } from '@llm/model';
import { compile, memory, scope, type Tensor, tensor, type Tree, useDevice } from '@llm/tensor';
import { askedDevices } from '@llm/kernels';
import { expectClose, numbers } from '@llm/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Adapter, adapterOf, attach } from './adapter.ts';
import { lora, type LoraOptions } from './lora.ts';
import { swapAdapter } from './swap-adapter.ts';

const ids = tensor([1, 5, 9], [1, 3], 'int32');

function filled(params: Tree, options: LoraOptions, seed: number): Adapter {
  const { layers } = adapterOf(lora(params, options));
  return { layers: Object.fromEntries(Object.entries(layers).map(([module, layer], i) => [module, layer.with(Object.fromEntries(
    Object.entries(layer.tensors).map(([name, { shape, size }], j) => [name, tensor(numbers(size, 50 * seed + 2 * i + j), [...shape])])))])), saved: {} };
}

describe.each(['cpu', 'wasm', ...askedDevices().includes('webgpu') ? ['webgpu' as const] : []] as const)('on %s', (device) => {
  let model: Model;
  let params: Tree;
  beforeEach(async () => {
    await useDevice(device);
    model = createModel({ model_type: 'gpt2', vocab_size: 16, n_positions: 8, n_embd: 8, n_head: 2, n_layer: 1 }) as Model;
    params = model.init(0);
  });
  const run = async (tree: Tree): Promise<Float32Array> => {
    const y = scope(() => model.apply(tree, { ids }));
    const values = (await y.data()).slice() as Float32Array;
    y.dispose();
    return values;
  };

  test('puts another adapter in place, smaller and with another alpha; flipping back is the same to the bit, no tensor is made', async () => {
    const place = lora(params, { targets: 'all-linear', rank: 4, alpha: 8 });
    const one = filled(params, { targets: 'all-linear', rank: 4, alpha: 8 }, 1);
    const two = filled(params, { targets: ['c_attn'], rank: 3, alpha: 9 }, 2);
    const [first, second] = [await run(attach(params, one)), await run(attach(params, two))];
    const before = memory().tensors;
    swapAdapter(place, one);
    expect(await run(place)).toEqual(first);
    swapAdapter(place, two);
    expectClose(await run(place), second, { tolerance: 1e-5 });
    const flipped = await run(place);
    swapAdapter(place, one);
    expect(await run(place)).toEqual(first);
    swapAdapter(place, two);
    expect(await run(place)).toEqual(flipped);
    expect(memory().tensors).toBe(before);
  });

  test('a compiled function goes on without being recorded anew', async () => {
    const place = lora(params, { targets: 'all-linear', rank: 2 });
    const step = compile((tokens: Int32Array): Tensor => model.apply(place, { ids: tensor(tokens, [1, 3], 'int32') }));
    const tokens = Int32Array.of(1, 5, 9);
    const call = async (): Promise<Float32Array> => (await step(tokens).data()).slice() as Float32Array;
    const [one, two] = [1, 2].map((seed) => filled(params, { targets: 'all-linear', rank: 2 }, seed));
    const found: Float32Array[] = [];
    for (const adapter of [one!, two!, one!]) {
      swapAdapter(place, adapter);
      found.push(await call());
    }
    expect(found[2]).toEqual(found[0]);
    expectClose(found[1]!, await run(attach(params, two!)), { tolerance: 1e-5 });
    expect(step.counts.recorded).toBe(device === 'webgpu' ? 1 : 0);
    step.dispose();
  });

  test('what does not fit is refused before anything changes', async () => {
    const place = lora(params, { targets: ['c_attn'], rank: 2 });
    const before = await run(place);
    for (const [options, message] of [
      [{ targets: ['c_attn'], rank: 3 }, 'rank 3'], [{ targets: ['c_fc'], rank: 2 }, 'no layer over'], [{ targets: ['c_attn'], rank: 2, dora: true }, 'magnitudes'],
      [{ targets: ['c_attn'], rank: 2, modulesToSave: ['ln_f'] }, 'transformer.ln_f.weight is trained whole in only one'],
    ] as const) expect(() => swapAdapter(place, adapterOf(lora(params, options)))).toThrow(expect.objectContaining({ code: 'E_ADAPTER', message: expect.stringContaining(message) }));
    expect(await run(place)).toEqual(before);
  });
});

import { createWasmDevice } from '@llm/kernels';
import { createModel } from '@llm/model';
import { disposeTree, flatten, tensor, type Tree, unflatten, useDevice, valueAndGrad } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { batches, causalLoss, packDocuments } from '@llm/pretrain';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

test.each([
  ['SIMD', () => vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)],
  ['WebAssembly', () => vi.stubGlobal('WebAssembly', undefined)],
])('an engine without %s computes in plain TypeScript and says so; who names the device gets an error', async (_what, hide) => {
  hide();
  vi.stubEnv('LLM_DEVICE', '');
  const { name, notes } = await useDevice();
  expect(name).toBe('cpu');
  expect(notes.at(-1)).toEqual(expect.stringContaining('This engine has no WebAssembly SIMD, so everything runs in plain TypeScript and far slower.'));
  expect((await useDevice('cpu')).notes).toEqual([]);
  await expect(useDevice('wasm', { threads: 1 })).rejects.toThrow('createWasmDevice: expected an engine with WebAssembly SIMD but found none.');
  await expect(createWasmDevice()).rejects.toThrow('Use a browser of 2023 or later');
});

test('with fewer threads, without relaxed SIMD, without shared memory and without WebAssembly the numbers are the same', async () => {
  const model = createModel({ model_type: 'llama', vocab_size: 64, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 32 });
  await useDevice('cpu');
  const initial = model.init(3);
  const values = Object.entries(flatten(initial)).map(([path, leaf]) => [path, leaf.dataSync().slice(), leaf.shape] as const);
  disposeTree(initial);
  const [batch] = batches(packDocuments([Array.from({ length: 70 }, (_, i) => (i * i + 7 * i) % 64)], { length: 16 }), { batch: 4, seed: 0 });
  const numbers = (): Float32Array => {
    const tree = unflatten(values.map(([path, array, shape]) => [path, tensor(array as Float32Array, [...shape])] as const));
    const { value, grads } = valueAndGrad((p: Tree) => causalLoss(model)(p, batch!, { denominator: batch!.targetCount, seed: 0 }))(tree);
    const found = Float32Array.from([value.dataSync()[0]!, ...Object.values(grads).flatMap((grad) => [...grad.dataSync()])]);
    disposeTree(tree);
    disposeTree(grads);
    value.dispose();
    return found;
  };
  const truth = numbers();
  for (const options of [{ threads: 2 }, { threads: 1 }, { threads: 2, relaxedSimd: false }]) {
    await useDevice('wasm', options);
    expectClose(numbers(), truth, { tolerance: 1e-5 });
  }
  vi.stubGlobal('SharedArrayBuffer', undefined);
  const { threads, notes } = await useDevice('wasm', { threads: 3 });
  expect([threads, notes.at(-1)]).toEqual([1, expect.stringContaining('One thread: memory cannot be shared here.')]);
  expectClose(numbers(), truth, { tolerance: 1e-5 });
});

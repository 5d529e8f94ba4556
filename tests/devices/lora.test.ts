// An adapter over a plain and over a quantized model, on a graphics card: the numbers of wasm.
import { askedDevices } from '@llm/kernels';
import { adapterOf, disposeAdapter, lora, merge, quantizeBase, trainable } from '@llm/lora';
import { createModel } from '@llm/model';
import { disposeTree, int4, linearCrossEntropy, nf4, type QuantizedFormat, scope, tensor, type Tensor, type Tree, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { adamw, train } from '@llm/train';
import { describe, expect, test } from 'vitest';

const model = createModel({
  model_type: 'llama', vocab_size: 61, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1,
  max_position_embeddings: 32, tie_word_embeddings: true,
});
const ids = Int32Array.from({ length: 24 }, (_, i) => (i * 7) % 60);
const batch = { ids, targets: ids.map((_, i) => (i % 12 === 11 ? -100 : ids[i + 1]!)), targetCount: 22 };
const head = (params: Tree): Tensor => model.head(params) as Tensor;

/** Losses of five steps, and the states of the merged model. */
async function run(device: 'wasm' | 'webgpu', { format, compile = false }: { format?: QuantizedFormat | undefined; compile?: boolean }): Promise<{ losses: number[]; merged: Float32Array }> {
  await useDevice(device);
  const params = model.init(1);
  const base = format === undefined ? params : await quantizeBase(params, { format });
  const adapted = lora(base, { targets: ['q_proj', 'v_proj', 'down_proj'], rank: 2, seed: 5 });
  const loss = (tree: Tree, { ids: drawn, targets }: typeof batch, { denominator }: { denominator: number | Tensor }): Tensor => (
    linearCrossEntropy(model.hidden(tree, { ids: tensor(drawn, [2, 12], 'int32') }), head(tree), tensor(targets, [2, 12], 'int32'), { ignoreIndex: -100, denominator })
  );
  const losses: number[] = [];
  for await (const step of train({ params: adapted, loss, batches: Array.from({ length: 5 }, () => batch), optimizer: adamw({ lr: 0.03 }), trainable: trainable(adapted), compile })) losses.push(step.loss);
  const whole = await merge(adapted);
  const states = scope(() => model.hidden(whole, { ids: tensor(ids, [2, 12], 'int32') }));
  const merged = (await states.data()).slice() as Float32Array;
  for (const tree of [whole, base, params]) disposeTree(tree);
  states.dispose();
  disposeAdapter(adapterOf(adapted));
  return { losses, merged };
}

describe.runIf(askedDevices().includes('webgpu'))('adapters on a graphics card', () => {
  test.each([['over plain weights', undefined], ['over int4', int4()], ['over nf4', nf4()]])('%s: the numbers of wasm, and the same bits recorded', async (_name, format) => {
    const plain = await run('webgpu', { format });
    expect(plain.losses.at(-1)!).toBeLessThan(plain.losses[0]!);
    expect(await run('webgpu', { format, compile: true })).toEqual(plain);
    const expected = await run('wasm', { format });
    expectClose(plain.losses, expected.losses, { tolerance: 1e-4 });
    expectClose(plain.merged, expected.merged, { tolerance: 1e-3 });
  });
});

import { createModel, type Model } from '@llm/model';
import { flatten, tensor, type Tree, useDevice, valueAndGrad, sum, disposeTree } from '@llm/tensor';
import { adamw, startTraining, train } from '@llm/train';
import { beforeAll, expect, test } from 'vitest';
import { causalLoss, goldenBatches, goldenModel } from '../fixtures/golden.ts';
import { trainable } from '../adapter.ts';
import { lora } from '../lora.ts';
import { gradualUnfreezing, layerCount, layerRates } from './layer-rates.ts';
import { loraPlus } from './loraplus.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

test('LoRA+ gives B, and magnitudes with it, a rate of its own', () => {
  const scale = loraPlus({ ratio: 8, embedding: 0.01 });
  const at = 'model.layers.0.self_attn.q_proj.weight';
  expect(['lora_A', 'lora_B', 'lora_magnitude_vector', 'lora_embedding_A', 'lora_embedding_B', 'base'].map((name) => scale(`${at}.${name}`))).toEqual([1, 8, 8, 0.01, 0.01, 1]);
  expect(() => loraPlus({ ratio: 0 })).toThrow('expected a ratio above 0 but found 0');
});

test('rates fall by a factor for each layer from the top: 1 above, 0.5, 0.25, and 0.125 for the embeddings', () => {
  const scale = layerRates({ layers: 2, decay: 0.5 });
  expect(['lm_head.weight', 'model.norm.weight', 'model.layers.1.mlp.up_proj.weight.lora_A', 'model.layers.0.mlp.up_proj.weight', 'model.embed_tokens.weight'].map(scale)).toEqual([1, 1, 0.5, 0.25, 0.125]);
  expect(['transformer.ln_f.bias', 'transformer.h.1.ln_1.weight', 'transformer.wte.weight', 'transformer.wpe.weight'].map(scale)).toEqual([1, 0.5, 0.125, 0.125]);
  expect(() => layerRates({ layers: 0 })).toThrow(RangeError);
  expect(() => layerRates({ layers: 2, decay: 2 })).toThrow(RangeError);
});

test('layers are unfrozen from the top, the embeddings last, none below the floor', () => {
  const phases = gradualUnfreezing({ layers: 2, stepsPerLayer: 10, steps: 100 });
  const paths = ['lm_head.weight', 'model.layers.1.x.weight', 'model.layers.0.x.weight', 'model.embed_tokens.weight'];
  expect(phases.map(({ until, trainable: is }) => [until, ...paths.map(is)])).toEqual([
    [10, true, true, false, false], [20, true, true, true, false], [100, true, true, true, true],
  ]);
  const floored = gradualUnfreezing({ layers: 2, stepsPerLayer: 10, steps: 100, floor: 1, trainable: (path) => path !== 'lm_head.weight' });
  expect(floored.map(({ until, trainable: is }) => [until, ...paths.map(is)])).toEqual([[100, false, true, false, false]]);
  expect(gradualUnfreezing({ layers: 12, stepsPerLayer: 10, steps: 25 }).map(({ until }) => until)).toEqual([10, 20, 25]);
});

test('a run goes from phase to phase on one state; below the lowest layer that is trained nothing flows back', async () => {
  const { model, params } = goldenModel('llama');
  const { batches, shape } = goldenBatches('llama');
  const adapted = lora(params, { targets: 'all-linear', rank: 2 });
  const phases = gradualUnfreezing({ layers: layerCount(params), stepsPerLayer: 2, steps: 6, trainable: trainable(adapted) });
  const optimizer = adamw({ lr: 1e-2 });
  const state = startTraining(adapted, optimizer, { trainable: phases.at(-1)!.trainable });
  const of = (layer: number): Float32Array => flatten(adapted)[`model.layers.${layer}.mlp.down_proj.weight.lora_B`]!.dataSync() as Float32Array;
  const moved: boolean[][] = [];
  for (const { until, trainable: is } of phases) {
    for await (const step of train({ params: adapted, loss: causalLoss(model, shape), batches, optimizer, state, steps: until, trainable: is })) void step;
    moved.push([0, 1].map((layer) => of(layer).some((value) => value !== 0)));
  }
  expect(state.step).toBe(6);
  expect(moved).toEqual([[false, true], [true, true], [true, true]]);
  disposeTree(state.optimizer);
  // The gradient of the lowest trained layer is there, and none below.
  const { grads } = valueAndGrad((tree: Tree) => sum((model as Model).hidden(tree, { ids: tensor([1, 2], [1, 2], 'int32') })), { trainable: phases[0]!.trainable })(adapted);
  expect(Object.keys(grads).every((path) => path.startsWith('model.layers.1.'))).toBe(true);
  disposeTree(grads);
  expect(layerCount(createModel({ model_type: 'gpt2', vocab_size: 4, n_positions: 4, n_embd: 4, n_head: 1, n_layer: 3 }).init(0))).toBe(3);
});

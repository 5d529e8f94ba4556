import { flatten, type Leaf, scope, tensor, type Tree, useDevice } from '@llm/tensor';
import { adamw, train } from '@llm/train';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { causalLoss, fixtureTensors, floats, goldenBatches, goldenModel } from '../fixtures/golden.ts';
import { type Adapter, adapterOf, attach, detach, disposeAdapter, trainable } from '../adapter.ts';
import { isLoraLayer } from '../layers/lora-layer.ts';
import { quantizeBase } from '../quantize-base.ts';
import { olora } from './olora.ts';
import { pissa } from './pissa.ts';
import { relativeTo } from './relative-to.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const stored = fixtureTensors('peft/decompositions.safetensors');
const read = (name: string): Float32Array => floats(stored.get(name));

/** B · A. */
function product({ layers }: Adapter, module: string): number[] {
  const layer = layers[module]!;
  if (!isLoraLayer(layer)) throw new Error('LoRA');
  const [a, b, rank, [outputs, inputs]] = [layer.a.dataSync(), layer.b.dataSync(), layer.settings.rank, layer.fits];
  return Array.from({ length: outputs * inputs }, (_, n) => {
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += b[Math.floor(n / inputs) * rank + k]! * a[k * inputs + (n % inputs)]!;
    return sum;
  });
}

describe.each([['pissa', 'llama'], ['olora', 'llama'], ['pissa', 'gpt2']] as const)('%s over %s', (kind, name) => {
  const modules = name === 'llama' ? { q_proj: 'model.layers.0.self_attn.q_proj', down_proj: 'model.layers.0.mlp.down_proj' } : { c_attn: 'transformer.h.0.attn.c_attn' };

  test('takes out what PEFT takes out, and changes nothing of the model', async () => {
    const { model, params } = goldenModel(name);
    const ids = tensor([3, 4, 5, 6], [1, 4], 'int32');
    const adapted = await { pissa, olora }[kind](params, { targets: Object.keys(modules), rank: 4, alpha: 8 });
    const run = (tree: Tree): Float32Array => scope(() => model.apply(tree, { ids }).dataSync() as Float32Array);
    expectClose(run(adapted), run(params), { tolerance: 1e-5 });
    for (const [key, module] of Object.entries(modules)) {
      expectClose(product(adapterOf(adapted), module), read(`${kind}.${key}.product`), { tolerance: 1e-5 });
      expectClose(flatten(detach(adapted))[`${module}.weight`]!.dataSync(), read(`${kind}.${key}.base`), { tolerance: 1e-5 });
      // The rows of A are those of PEFT, each perhaps with the other sign.
      const [ours, theirs] = [adapterOf(adapted).layers[module]!.tensors['lora_A']!.dataSync(), read(`${kind}.${key}.A`)];
      expectClose(Float32Array.from(ours, Math.abs), Float32Array.from(theirs, Math.abs), { tolerance: 1e-4 });
    }
  });
});

test('PiSSA by random projection is nearly the exact one', async () => {
  const { params } = goldenModel('llama');
  const module = 'model.layers.0.self_attn.q_proj';
  const fast = product(adapterOf(await pissa(params, { targets: ['q_proj'], rank: 4, alpha: 8, iterations: 16 })), module);
  expectClose(fast, read('pissa.q_proj.product'), { tolerance: 2e-3 });
  const [again, other] = await Promise.all([0, 1].map(async (seed) => product(adapterOf(await pissa(params, { targets: ['q_proj'], rank: 4, alpha: 8, iterations: 1, seed })), module)));
  expect(other).not.toEqual(again);
});

test('what PiSSA has learned is, as an adapter of twice the rank, one of the original model', async () => {
  const { model, params } = goldenModel('llama');
  const { batches, shape } = goldenBatches('llama');
  for (const rsLora of [false, true]) {
    const options = { targets: ['q_proj', 'up_proj'], rank: 3, alpha: 6, rsLora };
    const initial = adapterOf(await pissa(params, options));
    const adapted = await pissa(params, options);
    for await (const step of train({ params: adapted, loss: causalLoss(model, shape), batches, steps: 5, optimizer: adamw({ lr: 0.01 }), trainable: trainable(adapted) })) void step;
    const converted = attach(params, relativeTo(adapterOf(adapted), initial));
    const run = (tree: Tree): Float32Array => scope(() => model.apply(tree, { ids: tensor([3, 4, 5], [1, 3], 'int32') }).dataSync() as Float32Array);
    expect(run(adapted)).not.toEqual(run(params));
    expectClose(run(converted), run(adapted), { tolerance: 1e-4 });
    disposeAdapter(adapterOf(adapted));
  }
});

test('the rest can be put into few bits, which loses less than the whole would', async () => {
  const { params } = goldenModel('llama');
  const module = 'model.layers.0.self_attn.q_proj';
  const error = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => Math.sqrt(Array.from(wanted, (value, i) => (value - found[i]!) ** 2).reduce((sum, each) => sum + each, 0));
  const leaf = (tree: Tree): Leaf => (tree as { model: { layers: { 0: { self_attn: { q_proj: { weight: Leaf } } } } } }).model.layers[0].self_attn.q_proj.weight;
  const values = (tree: Tree): ArrayLike<number> => {
    const found = leaf(tree);
    return scope(() => ('dataId' in found ? found : found.matrix!()).dataSync());
  };
  const wanted = values(params);
  const plain = values(await quantizeBase(params, { targets: ['q_proj'] }));
  const quantized = await quantizeBase(await pissa(params, { targets: ['q_proj'], rank: 8, alpha: 8 }), { targets: ['q_proj'] });
  expect(error(values(quantized), wanted)).toBeLessThan(0.9 * error(plain, wanted));
  expect(Object.keys(adapterOf(quantized).layers)).toContain(module);
});

test('what has no singular values to take is refused', async () => {
  const { params } = goldenModel('llama');
  await expect(pissa(params, { targets: ['embed_tokens'] })).rejects.toThrow('found an embedding at model.embed_tokens');
  await expect(olora(await quantizeBase(params), { targets: ['q_proj'] })).rejects.toThrow('found a weight that applies itself');
  await expect(pissa(params, { targets: ['k_proj'], rank: 20 })).rejects.toThrow('expected a rank of at most 16, the smaller side of model.layers.0.self_attn.k_proj, but found 20');
});

import { memory, type Tensor, tensor, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, expect, test } from 'vitest';
import { fixtureTensors, floats } from '../fixtures/golden.ts';
import { type Adapter, disposeAdapter } from '../adapter.ts';
import { loraLayer, type LoraLayer } from '../layers/lora-layer.ts';
import { combineFactors, combineProducts, combineStacked, dareLinear, dareTies, linearMix, magnitudePrune, type Mix, ties } from './combine.ts';
import { pruneRandomly } from './prune.ts';

const stored = fixtureTensors('peft/combinations.safetensors');
const of = (name: string): Tensor => tensor(floats(stored.get(name)), stored.get(name)!.shape as [number, number]);
const WEIGHTS = [0.7, -0.4];

function adapter(name: 'one' | 'two'): Adapter {
  const settings = { rank: 4, alpha: name === 'one' ? 8 : 4, dropout: 0, rsLora: false, tiedHead: false };
  return {
    layers: {
      q_proj: loraLayer({ a: of(`${name}.A`), b: of(`${name}.B`) }, { ...settings, fanInFanOut: false, embedding: false }),
      embed_tokens: loraLayer({ a: of(`${name}.embedding_A`), b: of(`${name}.embedding_B`) }, { ...settings, fanInFanOut: true, embedding: true }),
    },
    saved: {},
  };
}

/** scaling · B · A, or its transpose for an embedding, which is stored [vocabulary, width]. */
function delta(layer: LoraLayer): number[] {
  const [a, b] = [layer.a.dataSync(), layer.b.dataSync()];
  const [rank, [outputs, inputs]] = [layer.settings.rank, layer.fits];
  const at = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += b[i * rank + k]! * a[k * inputs + j]!;
    return layer.scaling * sum;
  };
  return layer.settings.embedding ? Array.from({ length: outputs * inputs }, (_, n) => at(n % outputs, Math.floor(n / outputs)))
    : Array.from({ length: outputs * inputs }, (_, n) => at(Math.floor(n / inputs), n % inputs));
}

let both: Adapter[];
beforeAll(async () => {
  await useDevice('wasm', { threads: 2 });
  both = [adapter('one'), adapter('two')];
});

const check = (made: Adapter, name: string): void => {
  for (const [module, key] of [['q_proj', 'delta'], ['embed_tokens', 'embedding_delta']] as const) {
    const expected = stored.get(`${name}.${key}`);
    if (expected !== undefined) expectClose(delta(made.layers[module] as LoraLayer), floats(expected), { tolerance: 2e-5, name: `${name} ${module}` });
  }
  disposeAdapter(made);
};

test.each<[string, Mix]>([
  ['linear', linearMix], ['ties', ties({ density: 0.5 })], ['ties_frequency', ties({ density: 0.5, majority: 'frequency' })], ['magnitude_prune', magnitudePrune({ density: 0.5 })],
])('factors by %s are PEFT\'s', async (name, mix) => {
  const before = memory().tensors;
  check(await combineFactors(both, { weights: WEIGHTS, mix }), name);
  expect(memory().tensors).toBe(before);
});

test('stacked is PEFT\'s cat, and exactly the weighted sum', () => {
  const before = memory().tensors;
  check(combineStacked(both, { weights: WEIGHTS }), 'cat');
  const parts = both.map(({ layers }) => delta(layers['q_proj'] as LoraLayer));
  const made = combineStacked(both, { weights: WEIGHTS });
  expectClose(delta(made.layers['q_proj'] as LoraLayer), parts[0]!.map((value, i) => 0.7 * value - 0.4 * parts[1]![i]!), { tolerance: 1e-6 });
  disposeAdapter(made);
  expect(memory().tensors).toBe(before);
});

test.each<[string, Mix]>([['svd', linearMix], ['ties_svd', ties({ density: 0.5 })], ['magnitude_prune_svd', magnitudePrune({ density: 0.5 })]])('products by %s are PEFT\'s', async (name, mix) => {
  check(await combineProducts(both, { weights: WEIGHTS, mix }), name);
});

test('DARE keeps a share of the values, scaled so that the mean stays, and is a function of the seed', async () => {
  let state = 0;
  const uniform = (): number => (state = (state + 0.618034) % 1);
  const kept = pruneRandomly(new Float32Array(10_000).fill(1), 0.25, uniform);
  expect([...new Set(kept)].sort()).toEqual([0, 4]);
  expect(Math.abs(kept.reduce((sum, value) => sum + value, 0) / 10_000 - 1)).toBeLessThan(0.01);
  for (const mix of [dareLinear({ density: 0.5 }), dareTies({ density: 0.5 })]) {
    const runs = await Promise.all([1, 1, 2].map((seed) => combineFactors(both, { weights: WEIGHTS, mix, seed })));
    const [first, again, other] = runs.map(({ layers }) => delta(layers['q_proj'] as LoraLayer));
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    for (const run of runs) disposeAdapter(run);
  }
  // A density of 1 drops nothing.
  check(await combineFactors(both, { weights: WEIGHTS, mix: dareLinear({ density: 1 }) }), 'linear');
});

test('what cannot be combined is refused', async () => {
  const short = { layers: { q_proj: loraLayer({ a: tensor([[1, 2]]), b: tensor([[1], [2]]) }, { rank: 1, alpha: 1, dropout: 0, rsLora: false, fanInFanOut: false, embedding: false, tiedHead: false }) }, saved: {} };
  await expect(combineFactors([both[0]!, short], { weights: [1, 1] })).rejects.toThrow('expected adapters of one rank but found 4 and 1');
  await expect(combineFactors(both, { weights: [1] })).rejects.toThrow('a weight for each adapter but found 1 for 2');
  expect(() => combineStacked([{ layers: {}, saved: { 'lm_head.weight': tensor([1]) } }], { weights: [1] })).toThrow(expect.objectContaining({ code: 'E_ADAPTER' }));
  expect(() => ties({ density: 0 })([Float32Array.of(1)], [1], () => 0)).toThrow('expected 0 < density ≤ 1');
});

import { linear, memory, scope, tensor, useDevice, type Weight } from '@llm/tensor';
import { beforeAll, expect, test } from 'vitest';
import { type Adapter } from './adapter.ts';
import { loraLayer } from './layers/lora-layer.ts';
import { adapterRegistry } from './registry.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const base = { proj: { weight: tensor([[1, 0], [0, 1]]) } };
/** 16 bytes: y = x + value · x₀ in the first place. */
const adapter = (value: number): Adapter => ({
  layers: { proj: loraLayer({ a: tensor([[1, 0]]), b: tensor([[value], [0]]) }, { rank: 1, alpha: 1, dropout: 0, rsLora: false, fanInFanOut: false, embedding: false, tiedHead: false }) }, saved: {},
});
const apply = (params: unknown): number => (
  scope(() => linear(tensor([[1, 1]]), (params as { proj: { weight: Weight } }).proj.weight).dataSync()[0]!));

test('the least recently used leaves first, what was changed is saved before, and comes back when asked for', async () => {
  const stored = new Map<string, number>([['a', 1], ['b', 2], ['c', 3]]);
  const loads: string[] = [];
  const registry = adapterRegistry(base, {
    maxBytes: 40,
    load: async (name) => {
      loads.push(name);
      return stored.has(name) ? adapter(stored.get(name)!) : undefined;
    },
    save: async (name, { layers }) => { stored.set(name, (await layers['proj']!.tensors['lora_B']!.data())[0]!); },
  });
  expect([await registry.use('a', apply), await registry.use('b', apply), await registry.use('a', apply)]).toEqual([2, 3, 2]);
  expect(registry.resident()).toEqual(['b', 'a']);
  expect(registry.usedBytes).toBe(32);
  expect(await registry.use('c', apply)).toBe(4);
  expect(registry.resident()).toEqual(['a', 'c']);
  await registry.put('d', adapter(10));
  expect(registry.resident()).toEqual(['c', 'd']);
  expect(await registry.use('d', apply)).toBe(11);
  await registry.evict('d');
  expect(stored.get('d')).toBe(10);
  expect(await registry.use('d', apply)).toBe(11);
  expect(loads).toEqual(['a', 'b', 'c', 'd']);
  // Changed and put again, then forgotten.
  await registry.put('d', adapter(20));
  registry.remove('d');
  expect(await registry.use('d', apply)).toBe(11);
  await expect(registry.use('nobody', apply)).rejects.toThrow(expect.objectContaining({ code: 'E_NOT_FOUND' }));
  await registry.close();
  expect([registry.resident(), registry.usedBytes]).toEqual([[], 0]);
});

test('one that is in use stays, two who ask at once share one load, and nothing leaks', async () => {
  const before = memory().tensors;
  let loads = 0;
  const registry = adapterRegistry(base, { maxBytes: 20, load: async () => { loads++; await Promise.resolve(); return adapter(loads); } });
  let finish = (): void => undefined;
  const held = new Promise<void>((resolve) => { finish = resolve; });
  const long = registry.use('a', async (params) => {
    await held;
    return apply(params);
  });
  const same = registry.use('a', () => 'shared');
  expect(await same).toBe('shared');
  expect(loads).toBe(1);
  await expect(registry.use('b', apply)).rejects.toThrow(expect.objectContaining({ code: 'E_QUOTA', message: expect.stringContaining('16 of 20 in use') }));
  expect(() => registry.remove('a')).toThrow('to be idle but found it in use');
  const other = adapter(5);
  await expect(registry.put('a', other)).rejects.toThrow('to be idle but found it in use');
  finish();
  expect(await long).toBe(2);
  await registry.put('a', other);
  const large = { layers: { proj: loraLayer({ a: tensor([[1, 0], [0, 1]]), b: tensor([[1, 1], [1, 1]]) }, { rank: 2, alpha: 1, dropout: 0, rsLora: false, fanInFanOut: false, embedding: false, tiedHead: false }) }, saved: {} };
  await expect(registry.put('b', large)).rejects.toThrow('expected an adapter of at most 20 bytes but found 32 of b');
  await registry.close();
  for (const each of Object.values(large.layers.proj.tensors)) each.dispose();
  expect(memory().tensors).toBe(before);
});

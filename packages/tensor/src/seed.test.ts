import { askedDevices } from '@llm/kernels';
import { memory, mul, ones, square, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { checkpointed } from './autodiff/checkpointed.ts';
import { scope } from './autodiff/scope.ts';
import { valueAndGrad } from './autodiff/value-and-grad.ts';
import { compile } from './device/compile.ts';
import { overwrite } from './device/in-place.ts';
import { useDevice, webgpuBackend } from './device/use-device.ts';
import { dropout } from './ops/dropout.ts';
import { randomUniform } from './random.ts';
import { type Seed, seedWords } from './seed.ts';

const SEEDS = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, -1, -5, 1 - 2 ** 53];
const inMemory = (seed: number): Tensor => tensor(seedWords(seed), [2], 'int32');
const read = async (x: Tensor): Promise<string> => {
  const values = (await x.data()).join();
  x.dispose();
  return values;
};

test('a seed in memory is its two halves, and no two seeds share them', () => {
  expect([...seedWords(2 ** 40 + 7)]).toEqual([7, 256]);
  expect([...seedWords(2 ** 32 - 1)]).toEqual([-1, 0]);
  expect([...seedWords(-1)]).toEqual([-1, -1]);
  expect(new Set(SEEDS.map((seed) => seedWords(seed).join())).size).toBe(SEEDS.length);
  for (const seed of [0.5, NaN, Infinity, 2 ** 53]) expect(() => seedWords(seed)).toThrow('seedWords: expected a safe whole number but found');
});

describe.each(['cpu', ...askedDevices()] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device as 'cpu'); });

  const draws: Record<string, (seed: Seed) => Tensor> = {
    dropout: (seed) => dropout(ones([130]), 0.5, { seed, site: 9 }),
    randomUniform: (seed) => randomUniform([130], { low: -0.3, high: 0.7, seed, stream: 's' }),
  };
  test.each(Object.entries(draws))('%s draws the same from a number and from memory, and something else from each seed', async (_name, draw) => {
    const found: string[] = [];
    for (const seed of SEEDS) {
      const drawn = await read(scope(() => draw(seed)));
      expect(await read(scope(() => draw(inMemory(seed)))), String(seed)).toBe(drawn);
      found.push(drawn);
    }
    expect(new Set(found).size).toBe(SEEDS.length);
    await useDevice('cpu');
    expect(await Promise.all(SEEDS.map((seed) => read(scope(() => draw(seed)))))).toEqual(found);
  });

  test('what is no seed and no site is refused', () => {
    const x = ones([4]);
    expect(() => dropout(x, 0.5, { seed: 0.5 })).toThrow('seedWords: expected a safe whole number but found 0.5');
    expect(() => dropout(x, 0.5, { seed: tensor([1, 2]) })).toThrow('dropout: expected seed to hold [2] int32 values but found [2] float32');
    expect(() => randomUniform([4], { seed: tensor([1], [1], 'int32') })).toThrow('randomUniform: expected seed to hold [2] int32 values but found [1] int32');
    for (const site of [-1, 0.5, 2 ** 32]) expect(() => dropout(x, 0.5, { seed: 1, site })).toThrow('dropout: expected site to be a whole number in [0, 2^32)');
  });

  test('each site has a mask of its own, and a segment that runs again drops the same, whatever became of the seed\'s tensor', async () => {
    const sites = [0, 1, 4096, 2 ** 31, 2 ** 32 - 1];
    expect(new Set(await Promise.all(sites.map((site) => read(dropout(ones([64]), 0.5, { seed: 3, site }))))).size).toBe(sites.length);
    const block = (x: Tensor, seed: Seed): Tensor => square(dropout(mul(x, 2), 0.5, { seed, site: 1 }));
    const params = { x: tensor([...'0123456789abcdef'].map((digit) => 1 + Number.parseInt(digit, 16))) };
    const gradient = async (loss: (x: Tensor, seed: Seed) => Tensor, seed: Seed): Promise<string> => {
      const { value, grads } = valueAndGrad((p: typeof params) => sum(loss(p.x, seed)))(params);
      return [await read(value), await read(grads['x']!)].join(' ');
    };
    const kept = inMemory(-7);
    const before = memory().numTensors;
    const plain = await gradient(block, -7);
    expect(await gradient(block, kept)).toBe(plain);
    expect(await gradient((x, seed) => checkpointed((given: Tensor) => block(given, seed))(x), kept)).toBe(plain);
    // The tensor dies with the segment that made it; its values must not.
    expect(await gradient((x) => scope(() => block(x, inMemory(-7))), 0)).toBe(plain);
    expect(memory().numTensors).toBe(before);
  });
});

test.each(askedDevices())('a function that draws from a seed in memory is recorded once, on %s', async (device) => {
  await useDevice(device as 'wasm');
  const step = (x: Tensor, seed: Tensor): Tensor => {
    const drawn = dropout(mul(x, 3), 0.25, { seed, site: 2 });
    return mul(drawn, randomUniform([40], { seed, stream: 'noise' }));
  };
  const recorded = compile(step, { wasm: true });
  const [x, seed] = [ones([40]), inMemory(0)];
  const found: string[] = [];
  const buffers: number[] = [];
  const created = (): number => webgpuBackend()?.gpu.stats().buffersCreated ?? 0;
  for (let i = 0; i < 6; i++) {
    overwrite(seed, seedWords(i * 2 ** 31));
    const plain = await read(scope(() => step(x, seed)));
    const before = created();
    const replayed = recorded(x, seed);
    buffers.push(created() - before);
    expect(await read(replayed)).toBe(plain);
    found.push(plain);
  }
  expect(new Set(found).size).toBe(6);
  expect(buffers.slice(1)).toEqual([0, 0, 0, 0, 0]);
  expect(recorded.counts).toEqual({ recorded: 1, replayed: 5, plain: 0 });
  recorded.dispose();
});

import { readFileSync } from 'node:fs';
import { askedDevices } from '@llm/kernels';
import { disposeTree, flatten, memory, readSafetensors, scope, type Tensor, tensor, toFloat32, useDevice } from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { adafactor } from './adafactor.ts';
import { adamw } from './adamw.ts';
import { lion } from './lion.ts';
import { matchAdamwFactor, muon } from './muon.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';

const folder = new URL('../../../tests/golden/optimizers/', import.meta.url);
const read = (name: string): Map<string, Float32Array> => new Map(
  [...readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder))).tensors].map(([key, raw]) => [key, toFloat32(raw)]),
);
const index = JSON.parse(readFileSync(new URL('optimizers.json', folder), 'utf8')) as {
  steps: number; shapes: Record<string, number[]>; seeds: Record<string, number>; variants: Record<string, { tensors: string[] }>;
};
const inputs = read('inputs');
const all = { decays: () => true };
const adam = { lr: 0.01, beta1: 0.9, beta2: 0.95, ...all };
const newton = { lr: 0.02, weightDecay: 0.1, adamw: adam, ...all };
const ours: Record<string, Optimizer> = {
  adam: adamw({ ...adam, weightDecay: 0 }),
  adamw: adamw({ ...adam, weightDecay: 0.1 }),
  sgd: sgd({ lr: 0.05 }),
  'sgd-momentum': sgd({ lr: 0.05, momentum: 0.9, weightDecay: 0.01, ...all }),
  'sgd-nesterov': sgd({ lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01, ...all }),
  adafactor: adafactor(),
  'adafactor-warmup': adafactor({ lr: (step) => Math.min(1e-6 * (step + 1), 1 / Math.sqrt(step + 1)), scaleParameter: true }),
  'adafactor-fixed-lr': adafactor({ lr: 0.01 }),
  'adafactor-momentum': adafactor({ lr: 0.01, beta1: 0.9, weightDecay: 0.1, ...all }),
  'adafactor-factored-from-128': adafactor({ factoredFrom: 128 }),
  lion: lion({ lr: 0.01, weightDecay: 0.1, ...all }),
  'muon-original': muon(newton),
  'muon-match-rms-adamw': muon({ ...newton, factor: matchAdamwFactor }),
  'muon-float32-original': muon(newton),
  'muon-float32-match-rms-adamw': muon({ ...newton, factor: matchAdamwFactor }),
  'muon-float32-heavy-ball': muon({ ...newton, nesterov: false, iterations: 3 }),
};

/** The numbers of the fixture's generator, for the tensor that is too large to be stored. */
function bigNumbers(): { init: Float32Array; grads: Float32Array[] } {
  const size = index.shapes.big!.reduce((a, b) => a * b);
  let state = index.seeds.big!;
  const take = (): Float32Array => Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 256) / 2 ** 23 - 1;
  });
  const init = take().map((value) => value / 2);
  return { init, grads: Array.from({ length: index.steps }, (_, step) => take().map((value, i) => (i % 11 === 5 ? 0 : value / 2 / 2 ** (step % 4)))) };
}
const big = bigNumbers();

function start(name: string): Float32Array {
  return name === 'big' ? big.init : inputs.get(`init.${name}`)!;
}

function gradient(name: string, step: number): Float32Array {
  if (name === 'big') return big.grads[step]!;
  const size = start(name).length;
  return inputs.get(`grads.${name}`)!.slice(step * size, (step + 1) * size);
}

/** A graphics card only where it was asked for; then it must be there. */
const devices = [...new Set(['cpu', 'wasm', ...askedDevices()])] as ('cpu' | 'wasm' | 'webgpu')[];

describe.each(devices)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device, { threads: 2 }); });

  // On a card those that have kernels of their own; the others are made of operations that are tested there one by one.
  test.each(Object.entries(index.variants).filter(([variant]) => device !== 'webgpu' || ours[variant]!.rates !== undefined))('%s takes the twenty steps of the reference', async (variant, { tensors }) => {
    const expected = read(variant);
    const optimizer = ours[variant]!;
    // torch's own Muon iterates in bfloat16: steps of size lr agree to a few percent of it.
    const tolerance = /^muon-(?!float32)/.test(variant) ? 0.02 : 2e-6;
    const params: Record<string, Tensor> = Object.fromEntries(tensors.map((name) => [name, tensor(start(name).slice(), index.shapes[name]!)]));
    const state = scope(() => optimizer.init(params));
    const before = memory().tensors;
    for (let step = 0; step < index.steps; step++) {
      // The gradient comes doubled and is halved by the scale, so that forgetting the scale shows.
      const grads = Object.fromEntries(tensors.map((name) => [name, tensor(gradient(name, step).map((g) => g * 2), index.shapes[name]!)]));
      scope(() => optimizer.update({ params, grads, state, step, scale: 0.5 }));
      disposeTree(grads);
      for (const name of tensors.filter((name) => name !== 'big')) {
        const after = expected.get(`params.${name}`)!;
        const size = params[name]!.size;
        expectClose(await params[name]!.data(), after.slice(step * size, (step + 1) * size), { tolerance, name: `${name} after step ${step}` });
      }
    }
    if (tensors.includes('big')) {
      const [, width = 0] = index.shapes.big!;
      const found = await params.big!.data();
      expectClose(found.filter((_, i) => Math.floor(i / width) % 10 === 0), expected.get('final.big')!, { tolerance, name: 'big' });
    }
    expect(memory().tensors).toBe(before);
    disposeTree({ ...params, ...flatten(state) });
  });
});

test.each([
  [() => adamw({ lr: 0 }), 'adamw: expected a learning rate above 0 and at most 100 but found 0'],
  [() => adamw({ lr: -1 }), 'found -1'],
  [() => sgd({ lr: 1e9 }), 'sgd: expected a learning rate above 0 and at most 100 but found 1000000000'],
  [() => adamw({ lr: () => Number.NaN }).lr(3), 'learning rate at step 3: expected'],
  [() => adamw({ lr: 1e-3, beta2: 1 }), 'expected beta2 from 0 to below 1 but found 1'],
  [() => lion({ lr: 1e-3, weightDecay: -1 }), 'expected weightDecay to be a number from 0 on'],
  [() => sgd({ lr: 1e-3, nesterov: true }), 'expected a momentum for nesterov'],
  [() => adafactor({ clipThreshold: 0 }), 'expected clipThreshold above 0'],
  [() => muon({ lr: 0.02, iterations: 0, adamw: { lr: 1e-3 } }), 'expected iterations'],
  [() => adamw({ lr: 1e-3 }).update({ params: { w: tensor([1]) }, grads: { w: tensor([1]) }, state: {}, step: 0, scale: 1 }), 'expected the state to hold m/w'],
])('what cannot be meant is refused with a remedy (%#)', (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(RangeError);
});

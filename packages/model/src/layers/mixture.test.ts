import { askedDevices } from '@llm/kernels';
import {
  add, deviceInUse, type DeviceName, disposeTree, gated, linear, mean, mul, randomNormal, scope, slice, square, sum, type Tensor, tensor, type Tree, useDevice, valueAndGrad,
} from '@llm/tensor';
import { expectClose } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { balanceLoss, countedTokens, type Expert, loadOf, mixture, route } from './mixture.ts';

const [WIDTH, INNER, EXPERTS] = [6, 5, 7];
const names = Array.from({ length: EXPERTS }, (_, i) => `${i}`);

function params(tokens: number): Tree {
  const draw = (stream: string, ...shape: number[]): Tensor => randomNormal(shape, { std: 0.7, seed: 3, stream });
  return {
    x: draw('x', tokens, WIDTH), router: draw('router', EXPERTS, WIDTH),
    experts: Object.fromEntries(names.map((i) => [i, { gate: draw(`g${i}`, INNER, WIDTH), up: draw(`u${i}`, INNER, WIDTH), down: draw(`d${i}`, WIDTH, INNER) }])),
  };
}
interface Given { readonly x: Tensor; readonly router: Tensor; readonly experts: Readonly<Record<string, Expert>> }

/** What any device gives, and the same with every expert over all tokens. */
function both(tree: Tree, perToken: number): { y: Tensor; plain: Tensor } {
  const { x, router, experts } = tree as unknown as Given;
  const routing = route(x, router, { perToken, normalised: true });
  const all = names.map((i) => experts[i]!);
  const plain = all.map(({ gate, up, down }, i) => (
    mul(linear(gated(linear(x, gate), linear(x, up), { activation: 'silu' }), down), slice(routing.weights, [0, i], [x.shape[0]!, 1]))
  ));
  return { y: mixture(x, routing, { experts: all, activation: 'silu' }), plain: plain.reduce((a, b) => add(a, b)) };
}

const devices = [...new Set<DeviceName>(['cpu', ...askedDevices() as DeviceName[]])];

describe.each(devices)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test.each([[1, 1], [1, 3], [2, 2], [23, 2], [23, EXPERTS]])('%i tokens of %i experts each: values and gradients, of experts that nobody chose too', async (tokens, perToken) => {
    expect(deviceInUse()).toBe(device);
    const tree = params(tokens);
    const step = (key: 'y' | 'plain') => valueAndGrad((tree: Tree) => mean(square(both(tree, perToken)[key])))(tree);
    const [found, wanted] = [step('y'), step('plain')];
    expectClose(await found.value.data(), await wanted.value.data(), { tolerance: 1e-5 });
    expect(Object.keys(found.grads).sort()).toEqual(Object.keys(wanted.grads).sort());
    for (const [path, gradient] of Object.entries(wanted.grads)) expectClose(await found.grads[path]!.data(), await gradient.data(), { tolerance: 1e-5, name: path });
    for (const { value, grads } of [found, wanted]) disposeTree({ value, ...grads });
    disposeTree(tree);
  });

  test('the largest are chosen, of equals the first, and weights sum to one', async () => {
    const eye = tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    const [chosen, weights] = scope(() => {
      const found = route(tensor([[3, 1, 2], [1, 1, 1], [0, 5, 5]]), eye, { perToken: 2, normalised: true });
      return [found.chosen, found.weights];
    }) as [Tensor, Tensor];
    expect([...await chosen.data()]).toEqual([1, 0, 1, 1, 1, 0, 0, 1, 1]);
    // e³ / (e³ + e²) = 1 / (1 + 1/e)
    expectClose(await weights.data(), [1 / (1 + Math.exp(-1)), 0, 1 / (1 + Math.E), 0.5, 0.5, 0, 0, 0.5, 0.5], { tolerance: 1e-6 });
    disposeTree({ eye, chosen, weights });
  });
});

describe('balance', () => {
  beforeAll(async () => { await useDevice('cpu'); });

  test('equal shares give as much as each token has experts; all to one expert gives as many as there are', () => {
    const fair = { chosen: tensor([[1, 0], [0, 1]]), probabilities: tensor([[0.5, 0.5], [0.5, 0.5]]) };
    const unfair = { chosen: tensor([[1, 0], [1, 0]]), probabilities: tensor([[1, 0], [1, 0]]) };
    expect(balanceLoss([loadOf(fair)], 2).dataSync()[0]).toBeCloseTo(1, 6);
    expect(balanceLoss([loadOf(unfair)], 2).dataSync()[0]).toBeCloseTo(2, 6);
    // Layers are added up before they are multiplied: one for all in each, but another one, is fair.
    const other = { chosen: tensor([[0, 1], [0, 1]]), probabilities: tensor([[0, 1], [0, 1]]) };
    expect(balanceLoss([loadOf(unfair), loadOf(other)], 2).dataSync()[0]).toBeCloseTo(1, 6);
  });

  test('padding does not count', () => {
    const counted = countedTokens(tensor([[0, 3], [-1, -7]], [2, 2], 'int32'));
    expect([...counted.dataSync()]).toEqual([1, 1, 0, 0]);
    const chosen = tensor([[1, 0], [1, 0], [0, 1], [0, 1]]);
    expect(balanceLoss([loadOf({ chosen, probabilities: chosen }, counted)], sum(counted)).dataSync()[0]).toBeCloseTo(2, 6);
  });
});

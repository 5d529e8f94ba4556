import { askedDevices } from '@llm/kernels';
import { expectClose, numbers } from '@llm/testing';
import { neg, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { type DeviceName, useDevice } from '../device/use-device.ts';
import type { Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';
import { linearLogProbs } from './linear-log-probs.ts';
import { cappedHead, softCap } from './soft-cap.ts';

const devices = [...new Set<DeviceName>(['cpu', ...askedDevices() as DeviceName[]])];
const [ROWS, WIDTH, VOCAB] = [9, 6, 35];

describe.each(devices)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test('values and slopes of cap · tanh(x / cap)', async () => {
    const values = [0, 1e-4, -0.3, 2, -2, 50, -1000];
    const { value, grads } = valueAndGrad(({ x }: { x: Tensor }) => sum(softCap(x, { cap: 2 })))({ x: tensor(values) });
    expectClose([...await value.data()], [values.reduce((total, x) => total + 2 * Math.tanh(x / 2), 0)], { tolerance: 1e-5 });
    expectClose(await grads['x']!.data(), values.map((x) => 1 - Math.tanh(x / 2) ** 2), { tolerance: 1e-5 });
  });

  /** The same head, of which a loss cannot know that it is capped: it stores the logits. */
  const stored = (head: Weight): Weight => ({ shape: head.shape, tensors: head.tensors, with: (tensors) => stored(head.with(tensors)), apply: head.apply });
  const given = (): { h: Tensor; w: Tensor } => ({ h: tensor(numbers(ROWS * WIDTH, 3).map((x) => 3 * x), [ROWS, WIDTH]), w: tensor(numbers(VOCAB * WIDTH, 5), [VOCAB, WIDTH]) });
  const targets = Int32Array.from({ length: ROWS }, (_, i) => (i % 4 === 3 ? -100 : (i * 11) % VOCAB));

  test.each([
    ['linearCrossEntropy', ({ h }: { h: Tensor }, head: Weight) => linearCrossEntropy(h, head, tensor(targets, [ROWS], 'int32'), { labelSmoothing: 0.1, zLoss: 0.01 })],
    ['linearLogProbs', ({ h }: { h: Tensor }, head: Weight) => neg(sum(linearLogProbs(h, head, targets, { temperature: 0.8 }).logProbs))],
  ] as const)('%s fuses the cap: the loss and the gradients of stored logits', async (_, loss) => {
    const params = given();
    const run = (wrap: (head: Weight) => Weight) => valueAndGrad((p: typeof params) => loss(p, wrap(cappedHead(p.w, { cap: 1.5 }))))(params);
    const [fused, plain, loose] = [run((head) => head), run(stored), valueAndGrad((p: typeof params) => loss(p, stored(cappedHead(p.w, { cap: 1e6 }))))(params)];
    expectClose(await fused.value.data(), await plain.value.data(), { tolerance: 1e-5, name: 'loss' });
    for (const key of ['h', 'w']) expectClose(await fused.grads[key]!.data(), await plain.grads[key]!.data(), { tolerance: 1e-5, name: key });
    // A cap that binds shows.
    expect(Math.abs((await fused.value.data())[0]! - (await loose.value.data())[0]!)).toBeGreaterThan(0.01);
  });

  test('entropies are those of the capped logits; a cap of a cap, and of a weight that applies itself, still caps', async () => {
    const { h, w } = given();
    const entropy = async (head: Weight): Promise<number[]> => [...await linearLogProbs(h, head, targets, { entropies: true }).entropies!.data()];
    expectClose(await entropy(cappedHead(w, { cap: 1.5 })), await entropy(stored(cappedHead(w, { cap: 1.5 }))), { tolerance: 1e-5 });
    const own: Weight = { shape: w.shape, tensors: { w }, with: () => own, apply: (x) => linear(x, w) };
    for (const inner of [cappedHead(w, { cap: 2 }), own]) {
      const head = cappedHead(inner, { cap: 1.5 });
      expectClose(await entropy(head), await entropy(stored(head)), { tolerance: 1e-5 });
      expect(Math.max(...await linear(h, head).data())).toBeLessThanOrEqual(1.5);
    }
  });
});

test('refuses what is no cap', () => {
  for (const cap of [0, -1, NaN]) expect(() => softCap(tensor([1]), { cap })).toThrow('expected a cap above 0');
});

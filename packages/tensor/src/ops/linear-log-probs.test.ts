// Log-probabilities and cross-entropy of heads, plain tensors and weights that apply themselves, against plain sums in f64.
import { askedDevices } from '@llm/kernels';
import { numbers } from '@llm/testing';
import { add, mul, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { whileWatching } from '../device/call.ts';
import { compile } from '../device/compile.ts';
import { memory } from '../device/memory.ts';
import { type DeviceName, useDevice } from '../device/use-device.ts';
import { disposeTree } from '../tree/tree.ts';
import type { Weight } from '../tree/weight.ts';
import { linear } from './linear.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';
import { linearLogProbs } from './linear-log-probs.ts';

const [rows, width, vocab] = [7, 3, 11];
const hidden = numbers(rows * width, 1).map((value) => 2 * value);
const head = numbers(vocab * width, 2).map((value) => 2 * value);
const dlogp = numbers(rows, 3);
const targets = Int32Array.of(4, -100, 0, 10, -100, 3, 3);

/** A head that applies itself, over a tensor of its own. */
const applying = (inner: Tensor): Weight => ({ shape: inner.shape, tensors: { inner }, with: ({ inner: other }) => applying(other!), apply: (x) => linear(x, inner) });

/** logp, entropy, and the gradients of Σ dlogp · logp, by plain loops. */
function expected(temperature: number, ids: Int32Array, scale: ArrayLike<number> = dlogp) {
  const [logProbs, entropies] = [new Float64Array(rows), new Float64Array(rows)];
  const [dhidden, dweight] = [new Float64Array(rows * width), new Float64Array(vocab * width)];
  ids.forEach((target, r) => {
    if (target === -100) return;
    const z = Array.from({ length: vocab }, (_, j) => {
      let dot = 0;
      for (let i = 0; i < width; i++) dot += hidden[r * width + i]! * head[j * width + i]!;
      return dot / temperature;
    });
    const lse = Math.log(z.reduce((total, value) => total + Math.exp(value), 0));
    logProbs[r] = z[target]! - lse;
    z.forEach((value, j) => {
      const p = Math.exp(value - lse);
      entropies[r]! -= p * (value - lse);
      const g = scale[r]! * (Number(j === target) - p) / temperature;
      for (let i = 0; i < width; i++) {
        dhidden[r * width + i]! += g * head[j * width + i]!;
        dweight[j * width + i]! += g * hidden[r * width + i]!;
      }
    });
  });
  return { logProbs, entropies, dhidden, dweight };
}

const close = async (actual: Tensor, wanted: ArrayLike<number>): Promise<void> => {
  const values = await actual.data();
  expect(values.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) expect(Math.abs(values[i]! - wanted[i]!), `${i}: ${wanted[i]} but found ${values[i]}`).toBeLessThan(2e-6);
};

const devices = [...new Set<DeviceName>(['cpu', ...askedDevices() as DeviceName[]])];

describe.each(devices)('on %s', (device) => {
  let before = 0;
  let params: { h: Tensor; w: Tensor };
  beforeEach(async () => {
    await useDevice(device, device === 'wasm' ? { threads: 2 } : {});
    before = memory().tensors;
    params = { h: tensor(hidden, [1, rows, width]), w: tensor(head, [vocab, width]) };
  });
  afterEach(() => {
    disposeTree(params);
    const left = memory().tensors - before;
    if (left !== 0) throw new Error(`expected no tensors left behind but found ${left}`);
  });

  describe.each([['a tensor', (w: Tensor): Tensor | Weight => w], ['a weight', applying]] as const)('%s as the head', (_kind, headOf) => {
    test.each([1, 0.6, 2.5])('values, entropies and gradients at temperature %d', async (temperature) => {
      const want = expected(temperature, targets);
      const { value, grads } = valueAndGrad(({ h, w }: typeof params) => {
        const { logProbs, entropies } = linearLogProbs(h, headOf(w), targets, { temperature, entropies: true });
        // The entropies carry no gradient, so that adding them changes none.
        return { loss: add(sum(mul(logProbs, tensor(dlogp, [1, rows]))), sum(entropies!)), logProbs, entropies: entropies! };
      })(params);
      expect(value.logProbs.shape).toEqual([1, rows]);
      expect(value.entropies.shape).toEqual([1, rows]);
      await close(value.logProbs, want.logProbs);
      await close(value.entropies, want.entropies);
      await close(grads['h']!, want.dhidden);
      await close(grads['w']!, want.dweight);
      disposeTree({ value, grads } as never);
    });

    test('each alone has a gradient, and targets may be a tensor', async () => {
      const want = expected(1, targets);
      for (const trained of ['h', 'w'] as const) {
        const { value, grads } = valueAndGrad(({ h, w }: typeof params) => {
          const ids = tensor(targets, [1, rows], 'int32');
          return sum(mul(linearLogProbs(h, headOf(w), ids).logProbs, tensor(dlogp, [1, rows])));
        }, { trainable: (path) => path === trained })(params);
        expect(Object.keys(grads)).toEqual([trained]);
        await close(grads[trained]!, trained === 'h' ? want.dhidden : want.dweight);
        disposeTree({ value, grads } as never);
      }
    });

    test('cross-entropy is their mean, with its gradients; smoothing and the z-loss are those of a plain head', async () => {
      const counted = targets.filter((id) => id !== -100).length;
      const want = expected(1, targets, new Float64Array(rows).fill(-1 / counted));
      const loss = (options: object) => valueAndGrad(({ h, w }: typeof params) => linearCrossEntropy(h, headOf(w), tensor(targets, [1, rows], 'int32'), options))(params);
      const found = loss({ denominator: counted });
      await close(found.value, [-want.logProbs.reduce((a, b) => a + b, 0) / counted]);
      await close(found.grads['h']!, want.dhidden);
      await close(found.grads['w']!, want.dweight);
      const options = { denominator: 3, labelSmoothing: 0.2, zLoss: 0.03 };
      const plain = valueAndGrad(({ h, w }: typeof params) => linearCrossEntropy(h, w, tensor(targets, [1, rows], 'int32'), options))(params);
      const smooth = loss(options);
      await close(smooth.value, await plain.value.data());
      for (const name of ['h', 'w']) await close(smooth.grads[name]!, await plain.grads[name]!.data());
      disposeTree([found, plain, smooth] as never);
    });

    test('a target outside of the vocabulary is NaN in its row alone', async () => {
      const { logProbs } = linearLogProbs(params.h, headOf(params.w), Int32Array.of(4, 11, 0, -1, -100, 3, 3));
      const want = expected(1, targets).logProbs;
      const values = [...await logProbs.data()];
      expect(values.map(Number.isNaN)).toEqual([false, true, false, true, false, false, false]);
      for (const row of [0, 2, 4, 5, 6]) expect(values[row]).toBeCloseTo(want[row]!, 5);
      logProbs.dispose();
    });

    test('nothing counts: zeros, and gradients of zero', async () => {
      const none = new Int32Array(rows).fill(-100);
      const { value, grads } = valueAndGrad(({ h, w }: typeof params) => sum(linearLogProbs(h, headOf(w), none).logProbs))(params);
      await close(value, [0]);
      await close(grads['h']!, new Float64Array(rows * width));
      await close(grads['w']!, new Float64Array(vocab * width));
      disposeTree({ value, grads } as never);
    });

    test('recorded once, it takes the targets of each call', async () => {
      const gradient = valueAndGrad((p: typeof params, ids: Int32Array, weights: Float32Array) => {
        const { logProbs, entropies } = linearLogProbs(p.h, headOf(p.w), ids, { entropies: true });
        return { loss: sum(mul(logProbs, tensor(weights, [1, rows]))), logProbs, entropies: entropies! };
      });
      const step = compile((ids: Int32Array, weights: Float32Array) => gradient(params, ids, weights));
      for (let turn = 0; turn < 4; turn++) {
        const ids = Int32Array.from({ length: rows }, (_, row) => ((row + turn) % 3 === 0 ? -100 : (5 * row + turn) % vocab));
        const weights = Float32Array.from(numbers(rows, 10 + turn));
        const want = expected(1, ids, weights);
        const { value, grads } = step(ids, weights);
        await close(value.logProbs, want.logProbs);
        await close(value.entropies, want.entropies);
        await close(grads['h']!, want.dhidden);
        await close(grads['w']!, want.dweight);
        disposeTree({ value, grads } as never);
      }
      expect(step.counts.replayed).toBe(device === 'webgpu' ? 3 : 0);
      step.dispose();
    });
  });

  test('a frozen weight that shows its matrix never stores logits, and no gradient of it is made', async () => {
    const frozen = (w: Tensor): Weight => ({ ...applying(w), apply: () => { throw new Error('expected the matrix to be taken'); }, matrix: () => mul(w, 1) });
    const ran: string[] = [];
    const found = whileWatching((name, _inputs, outputs) => { if (name === 'linearCrossEntropy') ran.push(`${outputs.length}`); }, () => (
      valueAndGrad(({ h, w }: typeof params) => add(
        sum(mul(linearLogProbs(h, frozen(w), targets).logProbs, tensor(dlogp, [1, rows]))),
        mul(linearCrossEntropy(h, frozen(w), tensor(targets, [1, rows], 'int32'), { denominator: 1 }), 0),
      ), { trainable: (path) => path === 'h' })(params)
    ));
    expect(ran.sort()).toEqual(['1', '2', '2']);
    await close(found.grads['h']!, expected(1, targets).dhidden);
    disposeTree(found as never);
  });

  test('what does not fit is named', () => {
    expect(() => linearLogProbs(params.h, params.w, Int32Array.of(1))).toThrow('linearLogProbs: expected hidden [..., width], weight [vocabulary, width] and targets [...] but found [1, 7, 3], [11, 3] and [1]');
    expect(() => linearLogProbs(params.h, params.w, targets, { temperature: 0 })).toThrow('expected a temperature above 0 but found 0');
    expect(() => linearCrossEntropy(params.h, applying(params.w), tensor([1], [1], 'int32'))).toThrow('linearCrossEntropy: expected hidden');
    // The targets of the last call.
    before += 1;
  });
});

// A frozen input costs no gradient: counted by the kernels that run in the backward pass.
import { numbers } from '@llm/testing';
import { mul, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkpointed } from '../autodiff/checkpointed.ts';
import { record, release } from '../autodiff/tape.ts';
import { whileTraining } from '../autodiff/training.ts';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { whileWatching } from '../device/call.ts';
import { useDevice } from '../device/use-device.ts';
import { embed } from './embedding.ts';
import { linear } from './linear.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';
import { linearLogProbs } from './linear-log-probs.ts';

const random = (...shape: number[]): Tensor => tensor(numbers(shape.reduce((a, b) => a * b, 1)), shape);
type Named = Record<string, Tensor>;

/** The kernels that run for the loss and these gradients, by name, with how many outputs each made. */
function kernels(loss: (p: Named) => Tensor, params: Named, trained: string): string[] {
  const ran: string[] = [];
  whileWatching((name, _inputs, outputs) => ran.push(`${name} ${outputs.length}`), () =>
    valueAndGrad((p: Named) => sum(mul(loss(p), loss(p))), { trainable: (path) => trained.includes(path) })(params));
  return ran.sort();
}

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test('linear: one product less', () => {
    const params = { x: random(2, 3), w: random(4, 3) };
    const loss = ({ x, w }: Named): Tensor => linear(x!, w!);
    // Two forward passes; each trained operand costs one product more in each.
    expect(kernels(loss, params, 'xw').length).toBe(6);
    expect(kernels(loss, params, 'x').length).toBe(4);
    expect(kernels(loss, params, 'w').length).toBe(4);
  });

  test('linear: below a frozen matrix nothing of its input is kept', () => {
    const params = { x: random(2, 3), w: random(4, 3), v: random(4, 4) };
    const kept = (trained: string): string[] => {
      const found: string[] = [];
      whileTraining(trained.split('').map((name) => params[name as 'x']), () => {
        const { tape } = record(() => linear(linear(params.x, params.w), params.v));
        for (const { saved = [] } of tape) if (saved.length > 0) found.push(saved.map(({ shape }) => shape.join('×')).join());
        release(tape);
      });
      return found;
    };
    expect(kept('xwv')).toEqual(['4×3,2×3', '4×4,2×4']);
    expect(kept('w')).toEqual(['4×3,2×3', '4×4']);
    expect(kept('x')).toEqual(['4×3', '4×4']);
  });

  test('linearCrossEntropy: its gradients are outputs of the forward pass, left out where frozen', () => {
    const params = { h: random(2, 3), w: random(4, 3) };
    const loss = ({ h, w }: Named): Tensor => linearCrossEntropy(h!, w!, tensor([1, 2], [2], 'int32'));
    const ran = (trained: string): string[] => kernels(loss, params, trained).filter((name) => name.startsWith('linearCross'));
    expect(ran('hw')).toEqual(['linearCrossEntropy 3', 'linearCrossEntropy 3']);
    expect(ran('h')).toEqual(['linearCrossEntropy 2', 'linearCrossEntropy 2']);
    expect(ran('w')).toEqual(['linearCrossEntropy 2', 'linearCrossEntropy 2']);
  });

  test('linearLogProbs: its logits are made again for the gradients, of which those of what is frozen are left out', () => {
    const params = { h: random(2, 3), w: random(4, 3) };
    const loss = ({ h, w }: Named): Tensor => linearLogProbs(h!, w!, Int32Array.of(1, 2)).logProbs;
    const ran = (trained: string): string[] => kernels(loss, params, trained).filter((name) => name.startsWith('linearCross'));
    expect(ran('hw')).toEqual(['linearCrossEntropy 1', 'linearCrossEntropy 1', 'linearCrossEntropy 3', 'linearCrossEntropy 3']);
    expect(ran('h')).toEqual(['linearCrossEntropy 1', 'linearCrossEntropy 1', 'linearCrossEntropy 2', 'linearCrossEntropy 2']);
  });

  test('linearCrossEntropy in a checkpointed segment makes gradients once, when it runs again, and none of a frozen head', () => {
    const params = { h: random(2, 3), w: random(4, 3) };
    const targets = tensor([1, 2], [2], 'int32');
    const head = checkpointed((h: Tensor, w: Tensor) => linearCrossEntropy(h, w, targets));
    const ran = (trained: string): string[] => kernels(({ h, w }) => head(h!, w!), params, trained).filter((name) => name.startsWith('linearCross'));
    expect(ran('hw')).toEqual(['linearCrossEntropy 1', 'linearCrossEntropy 1', 'linearCrossEntropy 3', 'linearCrossEntropy 3']);
    expect(ran('h')).toEqual(['linearCrossEntropy 1', 'linearCrossEntropy 1', 'linearCrossEntropy 2', 'linearCrossEntropy 2']);
  });

  test('embed: no scatter for a frozen table', () => {
    const params = { table: random(4, 3), b: random(3) };
    const loss = ({ table, b }: Named): Tensor => mul(embed(tensor([1, 1], [2], 'int32'), table!), b!);
    expect(kernels(loss, params, 'tableb')).toContain('embeddingBackward 1');
    expect(kernels(loss, params, 'b')).not.toContain('embeddingBackward 1');
  });
});

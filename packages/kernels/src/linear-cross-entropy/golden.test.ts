// Losses and gradients of torch's linear and cross_entropy, whose mean over the rows that count is our rowScale.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectClose } from '@llm/testing';
import { type GoldenTensor, readGolden } from '@llm/testing/node';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';

const golden = new URL('../../../../tests/golden/ops/', import.meta.url);

test('linearCrossEntropy and its gradients equal torch\'s', async () => {
  const { ops } = JSON.parse(readFileSync(new URL('ops.json', golden), 'utf8')) as {
    ops: { linear_cross_entropy: { cases: { name: string; attributes: { ignore_index: number; label_smoothing: number; z_loss: number } }[] } };
  };
  const all = readGolden(new URL('linear_cross_entropy.safetensors', golden));
  const device = await createWasmDevice({ threads: 1 });
  expect(ops.linear_cross_entropy.cases.length).toBeGreaterThan(5);
  for (const { name, attributes } of ops.linear_cross_entropy.cases) {
    const find = (port: string): GoldenTensor => all.get(`${name}.${port}`)!;
    const targets = find('targets').values;
    const { ignore_index: ignoreIndex, label_smoothing: labelSmoothing, z_loss: zLoss } = attributes;
    const counted = targets.filter((id) => id !== ignoreIndex).length;
    const [vocab = 0, width = 0] = find('weight').shape;
    const rows = targets.length;
    const at: Record<string, number> = {};
    const place = (port: string, values: Float32Array | Int32Array): void => {
      at[port] = device.heap.alloc(Math.max(4, values.length * 4));
      if (values instanceof Int32Array) device.i32(at[port], values.length).set(values);
      else device.f32(at[port], values.length).set(values);
    };
    place('hidden', find('x').values);
    place('weight', find('weight').values);
    place('targets', targets);
    place('rowScale', new Float32Array(rows).fill(find('grad_output').values[0]! / counted));
    place('loss', new Float32Array(rows).fill(NaN));
    place('dhidden', new Float32Array(rows * width).fill(NaN));
    place('dweight', new Float32Array(vocab * width).fill(NaN));
    launch(device, linearCrossEntropy, { at, dims: { rows, width, vocab }, uniforms: { ignoreIndex, labelSmoothing, zLoss } });
    const mean = device.f32(at.loss!, rows).reduce((sum, loss) => sum + loss, 0) / counted;
    expectClose([mean], find('output').values, { tolerance: 2e-6, name: `${name}.output` });
    expectClose(device.f32(at.dhidden!, rows * width), find('grad_x').values, { tolerance: 2e-6, name: `${name}.grad_x` });
    expectClose(device.f32(at.dweight!, vocab * width), find('grad_weight').values, { tolerance: 2e-6, name: `${name}.grad_weight` });
    for (const address of Object.values(at)) device.heap.free(address);
  }
  await device.close();
});

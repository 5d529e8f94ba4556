// Losses and gradients of torch's linear and cross_entropy, whose mean over the rows that count is our rowScale.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectClose } from '@llm/testing';
import { type GoldenTensor, readGolden } from '@llm/testing/node';
import { checkDevices, countCase } from '../check-devices.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';

const golden = new URL('../../../../tests/golden/ops/', import.meta.url);

test('linearCrossEntropy and its gradients equal torch\'s', async () => {
  const { ops } = JSON.parse(readFileSync(new URL('ops.json', golden), 'utf8')) as {
    ops: { linear_cross_entropy: { cases: { name: string; attributes: { ignore_index: number; label_smoothing: number; z_loss: number } }[] } };
  };
  const all = readGolden(new URL('linear_cross_entropy.safetensors', golden));
  expect(ops.linear_cross_entropy.cases.length).toBeGreaterThan(5);
  for (const { name: device, run } of await checkDevices()) {
    for (const { name, attributes } of ops.linear_cross_entropy.cases) {
      const find = (port: string): GoldenTensor => all.get(`${name}.${port}`)!;
      const targets = find('targets').values;
      const { ignore_index: ignoreIndex, label_smoothing: labelSmoothing, z_loss: zLoss } = attributes;
      const counted = targets.filter((id) => id !== ignoreIndex).length;
      const [vocab = 0, width = 0] = find('weight').shape;
      const rows = targets.length;
      const io = {
        hidden: Float64Array.from(find('x').values), weight: Float64Array.from(find('weight').values), targets: Float64Array.from(targets),
        rowScale: new Float64Array(rows).fill(find('grad_output').values[0]! / counted),
        loss: new Float64Array(rows), dhidden: new Float64Array(rows * width), dweight: new Float64Array(vocab * width),
      };
      const found = await run(linearCrossEntropy, { io, dims: { rows, width, vocab }, uniforms: { ignoreIndex, labelSmoothing, zLoss } });
      const mean = (found.loss as Float32Array).reduce((sum, loss) => sum + loss, 0) / counted;
      expectClose([mean], find('output').values, { tolerance: 2e-6, name: `${name}.output on ${device}` });
      expectClose(found.dhidden as Float32Array, find('grad_x').values, { tolerance: 2e-6, name: `${name}.grad_x on ${device}` });
      expectClose(found.dweight as Float32Array, find('grad_weight').values, { tolerance: 2e-6, name: `${name}.grad_weight on ${device}` });
      countCase(device);
    }
  }
}, 120_000);

import { createModel } from '@llm/model';
import { fakeQuantized, converted } from '@llm/quantize';
import { int4, linear, sum, mul, tensor, useDevice, valueAndGrad, type Tree, add, div, cast } from '@llm/tensor';
import { numbers } from '@llm/testing';
import { test } from 'vitest';
test('x', async () => {
  for (const device of ['wasm', 'webgpu'] as const) {
    await useDevice(device);
    const w = tensor(numbers(64 * 32, 3), [64, 32]);
    const p = fakeQuantized({ proj: { weight: w } }, { format: int4({ blockSize: 16 }) }) as any;
    const x = tensor(numbers(6 * 32, 4), [6, 32]);
    const f = tensor(numbers(6 * 64, 5), [6, 64]);
    const { value, grads } = valueAndGrad((q: any) => sum(mul(linear(q.x, q.proj.weight), f)))({ ...p, x });
    const g = await grads['proj.weight.weight']!.data();
    const gx = await grads['x']!.data();
    const q = (converted(p) as any).proj.weight;
    console.log(device, await value.data(), g.slice(0, 5), gx.slice(0, 5), (await q.tensors.codes.data()).slice(0, 4), (await q.tensors.scale.data()).slice(0, 4), (await cast(tensor([0.4, 1.6, 2.9999]), 'int32').data()));
  }
});

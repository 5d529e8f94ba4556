// Outputs and gradients of torch's scaled_dot_product_attention; torch keeps heads before positions, the kernel after.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectClose, swapMiddle } from '@llm/testing';
import { type GoldenTensor, readGolden } from '@llm/testing/node';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { attention, attentionBackward } from './attention.ts';

const golden = new URL('../../../../tests/golden/ops/', import.meta.url);

test('attention and its gradients equal torch\'s', async () => {
  const { ops } = JSON.parse(readFileSync(new URL('ops.json', golden), 'utf8')) as {
    ops: { attention: { cases: { name: string; attributes: { causal: boolean; window: number | null; scale: number } }[] } };
  };
  const all = readGolden(new URL('attention.safetensors', golden));
  const device = await createWasmDevice({ threads: 1 });
  const place = (values: Float32Array | Int32Array): number => {
    const address = device.heap.alloc(values.length * 4);
    if (values instanceof Int32Array) device.i32(address, values.length).set(values);
    else device.f32(address, values.length).set(values);
    return address;
  };
  expect(ops.attention.cases.length).toBeGreaterThan(10);
  for (const { name, attributes: { causal, window, scale } } of ops.attention.cases) {
    const find = (port: string): GoldenTensor => all.get(`${name}.${port}`)!;
    const [batch = 0, heads = 0, queries = 0, width = 0] = find('q').shape;
    const [, kvHeads = 0, keys = 0] = find('k').shape;
    const [biasBatch, biasHeads] = [1, all.has(`${name}.bias`) ? heads : 1];
    const dims = { batch, queries, keys, heads, kvHeads, width, biasBatch, biasHeads };
    const uniforms = { causal: causal ? 1 : 0, window: window ?? 0, scale };
    const at: Record<string, number> = {};
    for (const port of ['q', 'k', 'v']) at[port] = place(swapMiddle(find(port)));
    for (const port of ['bias', 'segments']) if (all.has(`${name}.${port}`)) at[port] = place(find(port).values);
    at.dout = place(swapMiddle(find('grad_output')));
    const size = { o: find('q'), lse: { values: { length: batch * heads * queries } }, dq: find('q'), dk: find('k'), dv: find('v') };
    for (const [port, { values }] of Object.entries(size)) at[port] = place(new Float32Array(values.length).fill(NaN));
    launch(device, attention, { at, dims, uniforms });
    launch(device, attentionBackward, { at, dims, uniforms });
    for (const [port, source] of [['o', 'output'], ['dq', 'grad_q'], ['dk', 'grad_k'], ['dv', 'grad_v']] as const) {
      const expected = swapMiddle(find(source));
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      expectClose(
        device.f32(at[port]!, expected.length).map((value) => value / largest), expected.map((value) => value / largest),
        // Scores of hundreds have an f32 spacing of 1e-5, and exp passes that on; torch's own f32 is off as much.
        { tolerance: name === 'large_scores' ? 5e-5 : 2e-6, name: `${name}.${source}` },
      );
    }
    for (const address of Object.values(at)) device.heap.free(address);
  }
  await device.close();
});

// Outputs and gradients of torch's scaled_dot_product_attention; torch keeps heads before positions, the kernel after.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectClose, swapMiddle } from '@llm/testing';
import { type GoldenTensor, readGolden } from '@llm/testing/node';
import { checkDevices, countCase } from '../check-devices.ts';
import { portShape } from '../kernel.ts';
import { attention, attentionBackward } from './attention.ts';

const golden = new URL('../../../../tests/golden/ops/', import.meta.url);

// Software that imitates a graphics card takes seconds to compile each program, longer on a busy machine.
test('attention and its gradients equal torch\'s', { timeout: 240_000 }, async () => {
  const { ops } = JSON.parse(readFileSync(new URL('ops.json', golden), 'utf8')) as {
    ops: { attention: { cases: { name: string; attributes: { causal: boolean; window: number | null; scale: number } }[] } };
  };
  const all = readGolden(new URL('attention.safetensors', golden));
  expect(ops.attention.cases.length).toBeGreaterThan(10);
  for (const { name: device, tolerant = false, run } of await checkDevices()) {
    for (const { name, attributes: { causal, window, scale } } of ops.attention.cases) {
      const find = (port: string): GoldenTensor => all.get(`${name}.${port}`)!;
      const [batch = 0, heads = 0, queries = 0, width = 0] = find('q').shape;
      const [, kvHeads = 0, keys = 0] = find('k').shape;
      const [biasBatch, biasHeads] = [1, all.has(`${name}.bias`) ? heads : 1];
      const call = {
        dims: { batch, queries, keys, heads, kvHeads, width, biasBatch, biasHeads },
        uniforms: { ...attention.uniforms, causal: causal ? 1 : 0, window: window ?? 0, scale },
      };
      const io: Record<string, Float64Array> = { dout: Float64Array.from(swapMiddle(find('grad_output'))) };
      for (const port of ['q', 'k', 'v']) io[port] = Float64Array.from(swapMiddle(find(port)));
      for (const port of ['bias', 'segments']) if (all.has(`${name}.${port}`)) io[port] = Float64Array.from(find(port).values);
      for (const kernel of [attention, attentionBackward]) {
        for (const port of Object.keys(kernel.outputs)) io[port] = new Float64Array(portShape(kernel, port, call.dims).reduce((a, b) => a * b, 1));
        for (const [port, values] of Object.entries(await run(kernel, { io, ...call }))) io[port] = Float64Array.from(values);
      }
      for (const [port, source] of [['o', 'output'], ['dq', 'grad_q'], ['dk', 'grad_k'], ['dv', 'grad_v']] as const) {
        const expected = swapMiddle(find(source));
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        // Scores of hundreds have an f32 spacing of 1e-5, and exp passes that on; torch's own f32 is off as much.
        const tolerance = name === 'large_scores' ? 5e-5 : tolerant ? 4e-6 : 2e-6;
        expectClose(io[port]!.map((value) => value / largest), expected.map((value) => value / largest), { tolerance, name: `${name}.${source} on ${device}` });
      }
      countCase(device);
    }
  }
});

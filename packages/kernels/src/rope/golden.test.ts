// Queries and keys rotated by transformers, with the cosines and sines that it made; it keeps heads before positions.
import { expect, test } from 'vitest';
import { expectClose, swapMiddle } from '@llm/testing';
import { readGolden } from '@llm/testing/node';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { rope } from './rope.ts';

const golden = new URL('../../../../tests/golden/ops/', import.meta.url);

test.each([['half', 0], ['interleaved', 1]] as const)('%s rotation and its gradient equal those of transformers', async (style, interleaved) => {
  const all = readGolden(new URL(`rope_${style}.safetensors`, golden));
  const names = [...all.keys()].filter((name) => name.endsWith('.cos')).map((name) => name.slice(0, -4));
  expect(names.length).toBeGreaterThan(4);
  const device = await createWasmDevice({ threads: 1 });
  for (const name of names) {
    const { shape: [tables = 0, positions = 0, width = 0] } = all.get(`${name}.cos`)!;
    // Its tables have a row for each token and repeat each frequency; ours have the frequencies once.
    const half = width / 2;
    const table = (port: string): Float32Array => {
      const { values } = all.get(`${name}.${port}`)!;
      return Float32Array.from({ length: tables * positions * half }, (_, i) => values[Math.floor(i / half) * width + (interleaved ? 2 * (i % half) : i % half)]!);
    };
    for (const [port, source, inverse] of [['q_output', 'q', 0], ['k_output', 'k', 0], ['grad_q', 'grad_q_output', 1], ['grad_k', 'grad_k_output', 1]] as const) {
      const x = swapMiddle(all.get(`${name}.${source}`)!), expected = swapMiddle(all.get(`${name}.${port}`)!);
      const [batch = 0, heads = 0] = all.get(`${name}.${source}`)!.shape;
      const at: Record<string, number> = {};
      for (const [input, values] of Object.entries({ x, cos: table('cos'), sin: table('sin'), y: new Float32Array(x.length) })) {
        at[input] = device.heap.alloc(values.length * 4);
        device.f32(at[input], values.length).set(values);
      }
      at.positions = device.heap.alloc(batch * positions * 4);
      device.i32(at.positions, batch * positions).set(Array.from({ length: batch * positions }, (_, i) => (tables === 1 ? i % positions : i)));
      launch(device, rope, { at, dims: { batch, positions, heads, width, half, tablePositions: tables * positions }, uniforms: { interleaved, inverse } });
      expectClose(device.f32(at.y!, expected.length), expected, { tolerance: 1e-6, name: `${name}.${port}` });
      for (const address of Object.values(at)) device.heap.free(address);
    }
  }
  await device.close();
});

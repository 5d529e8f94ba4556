// Queries and keys rotated by transformers, with the cosines and sines that it made; it keeps heads before positions.
import { expect, test } from 'vitest';
import { expectClose, swapMiddle } from '@llm/testing';
import { readGolden } from '@llm/testing/node';
import { checkDevices, countCase } from '../check-devices.ts';
import { rope } from './rope.ts';

const golden = new URL('../../../../tests/golden/ops/', import.meta.url);

test.each([['half', 0], ['interleaved', 1]] as const)('%s rotation and its gradient equal those of transformers', async (style, interleaved) => {
  const all = readGolden(new URL(`rope_${style}.safetensors`, golden));
  const names = [...all.keys()].filter((name) => name.endsWith('.cos')).map((name) => name.slice(0, -4));
  expect(names.length).toBeGreaterThan(4);
  const devices = await checkDevices();
  for (const name of names) {
    const { shape: [tables = 0, positions = 0, width = 0] } = all.get(`${name}.cos`)!;
    // Its tables have a row for each token and repeat each frequency; ours have the frequencies once.
    const half = width / 2;
    const table = (port: string): Float64Array => {
      const { values } = all.get(`${name}.${port}`)!;
      return Float64Array.from({ length: tables * positions * half }, (_, i) => values[Math.floor(i / half) * width + (interleaved ? 2 * (i % half) : i % half)]!);
    };
    for (const [port, source, inverse] of [['q_output', 'q', 0], ['k_output', 'k', 0], ['grad_q', 'grad_q_output', 1], ['grad_k', 'grad_k_output', 1]] as const) {
      const x = swapMiddle(all.get(`${name}.${source}`)!), expected = swapMiddle(all.get(`${name}.${port}`)!);
      const [batch = 0, heads = 0] = all.get(`${name}.${source}`)!.shape;
      const ids = Float64Array.from({ length: batch * positions }, (_, i) => (tables === 1 ? i % positions : i));
      const io = { x: Float64Array.from(x), cos: table('cos'), sin: table('sin'), positions: ids, y: new Float64Array(x.length) };
      const dims = { batch, positions, heads, width, half, tablePositions: tables * positions };
      for (const { name: device, run } of devices) {
        const { y } = await run(rope, { io, dims, uniforms: { interleaved, inverse } });
        expectClose(y as Float32Array, expected, { tolerance: 1e-6, name: `${name}.${port} on ${device}` });
        countCase(device);
      }
    }
  }
});

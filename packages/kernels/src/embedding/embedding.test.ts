import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { embedding, embeddingBackward } from './embedding.ts';

const shapes = [[1, 1, 1], [7, 3, 5], [13, 4, 0], [11, 17, 300], [3, 65, 1000], [1000, 2, 3], [5, 0, 4], [2, 3, 20_000], [70_000, 4, 600], [255, 1, 257], [256, 1, 256]] as const;
const cases = shapes.map(([vocab, width, count]) => ({
  dims: { vocab, width, count },
  inputs: { ids: (random: () => number, length: number): number[] => Array.from({ length }, () => Math.floor(random() * vocab)) },
}));

test('embedding equals its reference', async () => {
  const ran = await checkKernel(embedding, { cases, tolerance: 0 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test('embeddingBackward equals its reference', async () => {
  await checkKernel(embeddingBackward, { cases, tolerance: 3e-5 });
});

test('the gradient of the reference is right by central differences', () => {
  checkGradient(embedding, embeddingBackward, { cases: cases.slice(0, 2), gradients: { table: 'dtable' }, dy: { y: 'dy' } });
});

test('an id outside the table gives a row of NaN and no gradient', async () => {
  const ids = Float64Array.of(1, 2, -1, 2147483647);
  for (const { name, run } of await checkDevices()) {
    const { y } = await run(embedding, { io: { table: Float64Array.of(1, 2, 3, 4, 5, 6), ids, y: new Float64Array(12) }, dims: { vocab: 2, width: 3, count: 4 }, uniforms: {} });
    expect([...y!], name).toEqual([4, 5, 6, ...Array<number>(9).fill(NaN)]);
    const dy = new Float64Array(12).fill(2);
    const { dtable } = await run(embeddingBackward, { io: { dy, ids, dtable: new Float64Array(6) }, dims: { vocab: 2, width: 3, count: 4 }, uniforms: {} });
    expect([...dtable!], name).toEqual([0, 0, 0, 2, 2, 2]);
  }
});

test('no ids at all give a gradient of 0, and ids outside of the table alone do too', async () => {
  for (const { name, run } of await checkDevices()) {
    for (const ids of [[], [-1], [3, 3, -2147483648]]) {
      const io = { dy: new Float64Array(4 * ids.length).fill(1), ids: Float64Array.from(ids), dtable: new Float64Array(12).fill(7) };
      const { dtable } = await run(embeddingBackward, { io, dims: { vocab: 3, width: 4, count: ids.length }, uniforms: {} });
      expect([...dtable!], name).toEqual(Array(12).fill(0));
    }
  }
});

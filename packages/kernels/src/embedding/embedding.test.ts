import { expect, test } from 'vitest';
import { checkGradient, checkKernel } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { embedding, embeddingBackward } from './embedding.ts';

const shapes = [[1, 1, 1], [7, 3, 5], [13, 4, 0], [11, 17, 300], [3, 65, 1000], [1000, 2, 3], [5, 0, 4]] as const;
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
  const device = await createWasmDevice({ threads: 1 });
  const at = { table: device.heap.alloc(64), ids: device.heap.alloc(64), y: device.heap.alloc(64), dtable: device.heap.alloc(64) };
  device.f32(at.table, 6).set([1, 2, 3, 4, 5, 6]);
  device.i32(at.ids, 4).set([1, 2, -1, 2147483647]);
  launch(device, embedding, { at, dims: { vocab: 2, width: 3, count: 4 } });
  expect([...device.f32(at.y, 12)]).toEqual([4, 5, 6, ...Array<number>(9).fill(NaN)]);
  device.f32(at.y, 12).fill(2);
  launch(device, embeddingBackward, { at: { dy: at.y, ids: at.ids, dtable: at.dtable }, dims: { vocab: 2, width: 3, count: 4 } });
  expect([...device.f32(at.dtable, 6)]).toEqual([0, 0, 0, 2, 2, 2]);
  await device.close();
});

import { expect, test } from 'vitest';
import { checkGradient, checkKernel, type KernelCase } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';

const all = ['dhidden', 'dweight', 'dbias', 'lse', 'correct', 'bias', 'rowScale'];

/** A case whose targets are ids of the vocabulary, every fifth of them ignored. */
function sized(rows: number, width: number, vocab: number, more: Partial<KernelCase> = {}): KernelCase {
  return {
    dims: { rows, width, vocab }, with: all, ...more,
    inputs: { targets: (random, length) => Array.from({ length }, (_, i) => (i % 5 === 4 ? -100 : Math.floor(random() * vocab))) },
  };
}

const shapes = [[1, 1, 1], [1, 3, 2], [5, 8, 33], [7, 5, 1030], [97, 6, 13], [211, 7, 29], [13, 64, 257], [0, 3, 5]] as const;

test('losses and gradients equal the reference', async () => {
  const cases = shapes.flatMap(([rows, width, vocab]) => [
    sized(rows, width, vocab),
    sized(rows, width, vocab, { uniforms: { labelSmoothing: 0.1, zLoss: 1e-2 } }),
    sized(rows, width, vocab, { with: ['dhidden'] }),
    sized(rows, width, vocab, { with: ['dweight', 'bias'] }),
    sized(rows, width, vocab, { with: [] }),
  ]);
  const ran = await checkKernel(linearCrossEntropy, { cases, tolerance: 5e-5 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
}, 240_000);

test('several chunks, the last one shorter, equal the reference', async () => {
  await checkKernel(linearCrossEntropy, { cases: [sized(203, 2, 21_001), sized(101, 3, 23_003, { with: [] })], tolerance: 1e-4 });
}, 240_000);

test('the gradient of the reference is right by central differences', () => {
  checkGradient(linearCrossEntropy, linearCrossEntropy, {
    cases: [0, 0.1].map((labelSmoothing) => sized(6, 3, 7, { uniforms: { labelSmoothing, zLoss: 0.05 }, with: ['bias'] })),
    gradients: { hidden: 'dhidden', weight: 'dweight', bias: 'dbias' }, dy: { loss: 'rowScale' },
  });
});

test('a target outside the vocabulary makes its own loss NaN and no other', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const at = Object.fromEntries(['hidden', 'weight', 'targets', 'loss', 'dhidden', 'correct'].map((name) => [name, device.heap.alloc(64)]));
  device.f32(at.hidden!, 4).fill(0);
  device.f32(at.weight!, 3).set([1, 2, 3]);
  device.i32(at.targets!, 4).set([2, 3, -1, 0]);
  launch(device, linearCrossEntropy, { at, dims: { rows: 4, width: 1, vocab: 3 } });
  // Three equal logits: the loss is ln 3, and the first of them counts as the largest.
  const [a, b, c, d] = device.f32(at.loss!, 4);
  expect([b, c]).toEqual([NaN, NaN]);
  expect(a).toBeCloseTo(Math.log(3), 6);
  expect(d).toBeCloseTo(Math.log(3), 6);
  expect([...device.f32(at.correct!, 4)]).toEqual([0, 0, 0, 1]);
  // Σ_j (1/3 − [j = t]) w_j = 2 − w_t.
  const gradients = device.f32(at.dhidden!, 4);
  expect(gradients[0]).toBeCloseTo(-1, 5);
  expect(gradients[3]).toBeCloseTo(1, 5);
  await device.close();
});

test('a nearly certain target keeps the digits of its small loss', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const at = Object.fromEntries(['hidden', 'weight', 'targets', 'loss'].map((name) => [name, device.heap.alloc(64)]));
  device.f32(at.hidden!, 1).fill(1000);
  device.f32(at.weight!, 2).set([1, 0.99]);
  device.i32(at.targets!, 1).fill(0);
  launch(device, linearCrossEntropy, { at, dims: { rows: 1, width: 1, vocab: 2 } });
  // The logits are 1,000 and 990: ln(1 + exp(−10)) = 4.54e-5, less than half the spacing of floats at 1,000.
  expect(device.f32(at.loss!, 1)[0]! / Math.log1p(Math.exp(-10))).toBeCloseTo(1, 2);
  await device.close();
});

test('memory does not grow with rows × vocabulary', async () => {
  const device = await createWasmDevice({ threads: 1 });
  const [width, vocab] = [1, 30_000];
  const peak = (rows: number): number => {
    const sizes = { hidden: rows * width, weight: vocab * width, targets: rows, loss: rows, dhidden: rows * width, dweight: vocab * width };
    const at = Object.fromEntries(Object.entries(sizes).map(([name, length]) => [name, device.heap.alloc(length * 4)]));
    for (const [name, length] of Object.entries(sizes)) device.i32(at[name]!, length).fill(0);
    const before = device.heap.stats().usedBytes;
    launch(device, linearCrossEntropy, { at, dims: { rows, width, vocab } });
    for (const address of Object.values(at)) device.heap.free(address);
    return device.heap.stats().peakBytes - before;
  };
  const few = peak(192);
  expect(peak(1920) - few).toBeLessThan(2 ** 20);
  await device.close();
});

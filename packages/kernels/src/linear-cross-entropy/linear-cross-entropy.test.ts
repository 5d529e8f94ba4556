import { expect, test } from 'vitest';
import { checkDevices } from '../check-devices.ts';
import { checkGradient, checkKernel, type KernelCase } from '../check-kernel.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice } from '../runtime/wasm-device.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';

const all = ['dhidden', 'dweight', 'dbias', 'entropy', 'correct', 'bias', 'rowScale'];

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
    sized(rows, width, vocab, { uniforms: { labelSmoothing: 0.1, zLoss: 1e-2, temperature: 0.7 } }),
    sized(rows, width, vocab, { uniforms: { labelSmoothing: 0.1, zLoss: 1e-2, temperature: 0.7, softCap: 4 } }),
    sized(rows, width, vocab, { uniforms: { softCap: 30 } }),
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

/** Targets of which only those at places that `counts` are not ignored. */
const counting = (counts: (place: number) => boolean, vocab: number) => (random: () => number, length: number): number[] => (
  Array.from({ length }, (_, i) => (counts(i) ? Math.floor(random() * vocab) : -100))
);

test('rows that do not count change nothing, whatever they hold, and have no gradient', async () => {
  const dims = { rows: 203, width: 5, vocab: 21 };
  const cases = [() => false, () => true, (i: number) => i === 202, (i: number) => i === 0, (i: number) => i % 10 > 6, (i: number) => i > 130, (i: number) => i % 29 === 3]
    .flatMap((counts): KernelCase[] => [all, ['dhidden'], ['dweight', 'rowScale'], ['dbias', 'entropy']].map((ports) => ({
      dims, with: ports, uniforms: { temperature: 0.5 },
      inputs: {
        targets: counting(counts, dims.vocab),
        hidden: (random, length) => Array.from({ length }, (_, i) => (counts(Math.floor(i / dims.width)) ? random() - 0.5 : NaN)),
      },
    })));
  const ran = await checkKernel(linearCrossEntropy, { cases });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
  // More chunks than those of the rows that count.
  await checkKernel(linearCrossEntropy, { cases: [{ dims: { rows: 400, width: 2, vocab: 21_001 }, with: all, inputs: { targets: counting((i) => i % 4 === 2, 21_001) } }], tolerance: 1e-4 });
}, 240_000);

test('entropy by hand: equal logits have ln of the vocabulary, and one that is far above the others none', async () => {
  for (const { run } of await checkDevices()) {
    const io = { hidden: Float64Array.of(0, 1), weight: Float64Array.of(90, 1, 2, 3), targets: Float64Array.of(1, 1), loss: new Float64Array(2), entropy: new Float64Array(2) };
    const { entropy } = await run(linearCrossEntropy, { io, dims: { rows: 2, width: 1, vocab: 4 }, uniforms: linearCrossEntropy.uniforms });
    expect(entropy![0]).toBeCloseTo(Math.log(4), 6);
    expect(entropy![1]).toBeCloseTo(0, 12);
  }
});

test('the gradient of the reference is right by central differences', () => {
  checkGradient(linearCrossEntropy, linearCrossEntropy, {
    cases: [[0, 0], [0.1, 0], [0.1, 0.9]].map(([labelSmoothing = 0, softCap = 0]) => sized(6, 3, 7, { uniforms: { labelSmoothing, zLoss: 0.05, temperature: 1.7, softCap }, with: ['bias'] })),
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

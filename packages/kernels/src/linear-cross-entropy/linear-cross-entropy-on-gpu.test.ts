// What the other tests do not reach: the sizes of chunks and what they take of the memory, and rows at the edges of f32.
import { describe, expect, test } from 'vitest';
import { askedDevices, checkDevices } from '../check-devices.ts';
import { checkKernel, type KernelCase } from '../check-kernel.ts';
import { createGpuDevice } from '../gpu/gpu-device.ts';
import { launchGpu } from '../kernel.ts';
import { gpuChunkRows } from './linear-cross-entropy-on-gpu.ts';
import { linearCrossEntropy } from './linear-cross-entropy.ts';

test('a chunk is at most a sixteenth of all logits and 64 MiB, unless it is small', () => {
  for (const rows of [1, 7, 127, 128, 129, 2048, 65_536, 1_000_003]) {
    for (const vocab of [1, 2, 257, 4096, 50_257, 151_936, 2 ** 25]) {
      const step = gpuChunkRows(rows, vocab);
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThanOrEqual(rows);
      expect(step === 1 || step * vocab <= 2 ** 24).toBe(true);
      expect(step <= Math.ceil(rows / 16) || step <= 128 || step * vocab <= 2 ** 18).toBe(true);
      // Chunks are nearly equal: none is missing, and the last is not a remnant.
      const chunks = Math.ceil(rows / step);
      expect(rows - (chunks - 1) * step).toBeGreaterThan(0);
      expect(chunks * step - rows).toBeLessThan(chunks);
    }
  }
});

describe.runIf(askedDevices().includes('webgpu'))('on a graphics card', () => {
  test('of a large tensor of logits only a sixteenth is ever there', async () => {
    const device = await createGpuDevice();
    const [rows, width, vocab] = [4096, 4, 1024];
    const sizes = { hidden: rows * width, weight: vocab * width, targets: rows, loss: rows, dhidden: rows * width, dweight: vocab * width };
    const at = Object.fromEntries(Object.entries(sizes).map(([name, length]) => [name, device.alloc(4 * length)]));
    for (const [name, length] of Object.entries(sizes)) device.write(at[name]!, new Int32Array(length));
    const before = device.stats().usedBytes;
    launchGpu(device, linearCrossEntropy, { at, dims: { rows, width, vocab } });
    const [loss = 0] = new Float32Array(await device.read(at.loss!));
    // All logits are 0.
    expect(loss).toBeCloseTo(Math.log(vocab), 4);
    expect(device.stats().usedBytes).toBe(before);
    // And the parts of a product that was cut.
    expect(device.stats().peakBytes - before).toBeLessThan((rows * vocab * 4) / 15);
    device.close();
  }, 240_000);

  test('chunks of rows that are no words of four, and vocabularies around them', async () => {
    const sized = (rows: number, width: number, vocab: number, ports: readonly string[]): KernelCase => ({
      dims: { rows, width, vocab }, with: ports, uniforms: { labelSmoothing: 0.1, zLoss: 1e-3, temperature: 1.3 },
      inputs: { targets: (random, length) => Array.from({ length }, (_, i) => (i % 7 === 3 ? -100 : Math.floor(random() * vocab))) },
    });
    const all = ['dhidden', 'dweight', 'dbias', 'entropy', 'correct', 'bias', 'rowScale'];
    const cases = [1023, 1024, 2051].map((vocab, i) => sized(259, [4, 5, 8][i]!, vocab, i % 2 === 0 ? all : ['dweight', 'bias', 'correct']));
    await checkKernel(linearCrossEntropy, { cases, tolerance: 1e-4 });
  }, 240_000);

  test('a certain target keeps the digits of its loss, one outside the vocabulary is NaN and no other row, and of equal logits the first counts', async () => {
    for (const { name, run } of await checkDevices()) {
      if (!name.startsWith('webgpu')) continue;
      const io = { hidden: Float64Array.of(1000), weight: Float64Array.of(1, 0.99), targets: Float64Array.of(0), loss: Float64Array.of(NaN) };
      const { loss: certain } = await run(linearCrossEntropy, { io, dims: { rows: 1, width: 1, vocab: 2 }, uniforms: linearCrossEntropy.uniforms });
      // The logits are 1,000 and 990: ln(1 + exp(−10)) = 4.54e-5, less than half the spacing of floats at 1,000.
      expect(certain![0]! / Math.log1p(Math.exp(-10))).toBeCloseTo(1, 2);
      const rows = 4;
      const { loss, dhidden, correct } = await run(linearCrossEntropy, {
        io: {
          hidden: new Float64Array(rows), weight: Float64Array.of(1, 2, 3), targets: Float64Array.of(2, 3, -1, 0),
          loss: new Float64Array(rows), dhidden: new Float64Array(rows), correct: new Float64Array(rows),
        },
        dims: { rows, width: 1, vocab: 3 }, uniforms: linearCrossEntropy.uniforms,
      });
      expect([loss![1], loss![2], dhidden![1], dhidden![2]]).toEqual([NaN, NaN, NaN, NaN]);
      expect(loss![0]).toBeCloseTo(Math.log(3), 6);
      expect([...correct!]).toEqual([0, 0, 0, 1]);
      // Σ_j (1/3 − [j = t]) w_j = 2 − w_t.
      expect(dhidden![0]).toBeCloseTo(-1, 5);
      expect(dhidden![3]).toBeCloseTo(1, 5);
    }
  }, 120_000);
});

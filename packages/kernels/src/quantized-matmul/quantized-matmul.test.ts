import { describe, expect, test } from 'vitest';
import { askedDevices, checkDevices } from '../check-devices.ts';
import { checkKernel, type KernelCase, seededRandom } from '../check-kernel.ts';
import type { GpuLaunch } from '../kernel.ts';
import { unitOf } from './codes.ts';
import { quantizedMatmul } from './quantized-matmul.ts';
import { quantizedMatmulOnGpu } from './quantized-on-gpu.ts';
import { quantizedMatmulReference } from './reference.ts';

type Random = () => number;
/** Words of 24 bits, low or high, since checkKernel hands integers through 32-bit floats. */
const codes = (random: Random, length: number): number[] => Array.from({ length }, (_, i) => Math.floor(random() * 2 ** 24) << (i % 2 === 0 ? 0 : 8));
const smallScales = (random: Random, length: number): number[] => Array.from({ length }, () => (random() - 0.3) / 32);

/** Values that are whole numbers of a unit's step, which the largest of them makes a power of two: nothing of them is lost. Some units hold zeros, some one large value. */
function exact(unit: number) {
  return (random: Random, length: number): Float64Array => {
    const x = new Float64Array(length);
    for (let from = 0; from < length; from += unit) {
      const kind = Math.floor(random() * 6);
      if (kind === 0) continue;
      const step = kind === 1 ? 1 : 2 ** -(6 + kind);
      for (let i = from; i < from + unit; i++) x[i] = step * (kind === 1 ? 0 : Math.floor(random() * 255) - 127);
      x[from + Math.floor(random() * unit)] = step * (random() < 0.5 ? 127 : -127);
    }
    return x;
  };
}

interface Format { bits: 4 | 8; blockSize: number; zero: number; offset: boolean }
const format = (bits: 4 | 8, blockSize: number, offset = false): Format => ({ bits, blockSize, zero: bits === 4 && !offset ? 8 : 0, offset });
const FORMATS = [
  format(8, 32), format(8, 32, true), format(8, 16), format(8, 16, true), format(8, 48), format(8, 64), format(8, 128, true),
  format(4, 32), format(4, 32, true), format(4, 64), format(4, 96, true), format(4, 128),
];
const caseOf = (m: number, n: number, blocks: number, { bits, blockSize, zero, offset }: Format, with_: readonly string[] = []): KernelCase => ({
  dims: { m, n, k: blocks * blockSize }, uniforms: { bits, blockSize, zero },
  inputs: { x: exact(unitOf({ bits, blockSize })), codes, scale: smallScales, offset: smallScales },
  with: [...(offset ? ['offset'] : []), ...with_],
});

describe.each(FORMATS.map((each) => [`${each.bits} bits in blocks of ${each.blockSize}${each.offset ? ' with offsets' : ''}`, each] as const))('%s', (_name, each) => {
  test('few rows, many rows, ragged columns, any number of blocks', async () => {
    const cases = [
      caseOf(1, 1, 1, each), caseOf(1, 7, 3, each), caseOf(2, 65, 2, each, ['bias']), caseOf(3, 5, 5, each, ['residual']), caseOf(4, 130, 1, each, ['bias', 'residual']),
      caseOf(5, 3, 3, each), caseOf(6, 8, 1, each, ['bias', 'residual']), caseOf(7, 17, 2, each), caseOf(13, 33, 1, each, ['residual']), caseOf(17, 1, 2, each, ['bias']),
      caseOf(0, 5, 1, each), caseOf(3, 0, 1, each), caseOf(9, 0, 1, each),
    ];
    const ran = await checkKernel(quantizedMatmul, { cases, tolerance: 2e-5 });
    expect(Math.min(...Object.values(ran))).toBe(cases.length);
  });
});

test('more units than a panel holds, more columns than a task takes, and no terms at all', async () => {
  const cases = [caseOf(5, 9, 35, format(8, 32)), caseOf(6, 10, 70, format(8, 16, true)), caseOf(5, 9, 33, format(4, 32)), caseOf(5, 2100, 1, format(4, 32, true)), caseOf(1, 3, 67, format(4, 64)),
    ...[1, 5].map((m) => ({ ...caseOf(m, 6, 0, format(8, 32), ['bias']) }))];
  const ran = await checkKernel(quantizedMatmul, { cases, tolerance: 5e-5 });
  expect(Math.min(...Object.values(ran))).toBe(cases.length);
});

test.each([[8, 32], [8, 16], [4, 32]] as const)('%s bits in blocks of %s: rounding of x stays below its bound, with outliers too', async (bits, blockSize) => {
  const unit = unitOf({ bits, blockSize });
  for (const { run, name } of await checkDevices()) {
    for (const m of [1, 6]) {
      const [n, k] = [11, 160], random = seededRandom(m + bits);
      const x = Float64Array.from({ length: m * k }, (_, i) => Math.fround((random() - 0.5) * (i % 37 === 0 ? 1000 : 1)));
      const scale = Float64Array.from({ length: (n * k) / blockSize }, () => Math.fround(random() / 8));
      const words = Float64Array.from(codes(random, (n * k * bits) / 32));
      const uniforms = { bits, blockSize, zero: bits === 4 ? 8 : 0 }, dims = { m, n, k, words: words.length, blocks: scale.length };
      const io = { x, codes: words, scale, y: new Float64Array(m * n) };
      const { y } = await run(quantizedMatmul, { io, dims, uniforms });
      quantizedMatmulReference(io, dims, uniforms);
      const bound = new Float64Array(m * n);
      const steps = x.map((_, i) => Math.max(...x.subarray(Math.floor(i / unit) * unit, (Math.floor(i / unit) + 1) * unit).map(Math.abs)) / 254);
      const identity = Float64Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 1 : 0));
      const weights = new Float64Array(k * n);
      quantizedMatmulReference({ x: identity, codes: words, scale, y: weights }, { m: k, n, k }, uniforms);
      for (let r = 0; r < m; r++) for (let i = 0; i < k; i++) for (let c = 0; c < n; c++) bound[r * n + c]! += steps[r * k + i]! * Math.abs(weights[i * n + c]!);
      const shares = Array.from(y!, (value, i) => Math.abs(value - io.y[i]!) / bound[i]!);
      expect(Math.max(...shares), `${name}, ${m} rows`).toBeLessThan(1);
      // Errors of both signs cancel: a product that used the bound up would have gone wrong.
      expect(Math.max(...shares), `${name}, ${m} rows`).toBeLessThan(0.5);
      expect(Math.max(...shares), `${name}, ${m} rows`).toBeGreaterThan(1e-4);
    }
  }
});

test.runIf(askedDevices().includes('webgpu'))('where WGSL has no products of four bytes at once, they are made one by one', async () => {
  const plain = { ...quantizedMatmul, webgpu: (call: GpuLaunch) => quantizedMatmulOnGpu(call, { unit: unitOf(call.uniforms as unknown as Format), dot: 'plain' }) };
  const cases = [caseOf(2, 35, 2, format(4, 32)), caseOf(3, 5, 3, format(8, 32)), caseOf(18, 3, 1, format(8, 32))];
  const ran = await checkKernel(plain, { cases });
  expect(ran['webgpu']).toBe(cases.length);
});

test('rows that are no whole blocks are refused', async () => {
  await expect(checkKernel(quantizedMatmul, { cases: [{ dims: { m: 1, n: 1, k: 48 } }] })).rejects.toThrow('expected rows of whole blocks');
  await expect(checkKernel(quantizedMatmul, { cases: [{ dims: { m: 1, n: 1, k: 48 }, uniforms: { blockSize: 24 } }] })).rejects.toThrow('multiples of 16');
});

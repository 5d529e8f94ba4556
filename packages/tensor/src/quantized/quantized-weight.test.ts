import { readFileSync } from 'node:fs';
import { expectClose, numbers } from '@llm/testing';
import { memory, mul, sum, type Tensor, tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { checkpointed } from '../autodiff/checkpointed.ts';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { useDevice } from '../device/use-device.ts';
import { embed } from '../ops/embedding.ts';
import { linear } from '../ops/linear.ts';
import { flatten } from '../tree/tree.ts';
import { withExactProducts } from './exact-products.ts';
import type { QuantizedFormat } from './format.ts';
import { bf16, f16 } from './halves.ts';
import { int4 } from './int4.ts';
import { int8 } from './int8.ts';
import { nf4 } from './nf4.ts';
import { quantizedWeight } from './quantized-weight.ts';

const FORMATS: [string, QuantizedFormat, number][] = [
  ['int8', int8(), 1 / 254], ['int4', int4(), 1 / 14], ['int8 with offsets', int8({ asymmetric: true }), 1 / 255], ['int4 with offsets', int4({ asymmetric: true }), 1 / 15],
  ['bf16', bf16(), 2 ** -8], ['f16', f16(), 2 ** -11], ['nf4', nf4(), 0.152], ['nf4, scales too', nf4({ doubleQuantized: true }), 0.16],
];
interface Fixture { block: number; weights_f16: number[]; weights_f32: Record<string, number>; codes: string; scales: number[]; double_scales: number[] }
const fixture = JSON.parse(readFileSync(new URL('fixtures/nf4.json', import.meta.url), 'utf8')) as Fixture;

/** A 16-bit float by its bits. */
function half(bits: number): number {
  const [exponent, fraction, sign] = [(bits >> 10) & 31, bits & 1023, bits & 0x8000 ? -1 : 1];
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test('nf4 has the codes and scales of bitsandbytes, middles and zeros too', () => {
    const weights = Float32Array.from(fixture.weights_f16, half);
    for (const [i, value] of Object.entries(fixture.weights_f32)) weights[Number(i)] = value;
    const { codes, scale } = nf4().quantize(weights);
    const words = codes!.dataSync();
    const found = [...fixture.codes].map((_, i) => ((words[i >> 3]! >>> (4 * (i & 7))) & 15).toString(16)).join('');
    expect(found).toBe(fixture.codes);
    expect([...scale!.dataSync()]).toEqual(fixture.scales.map(Math.fround));
    // With ones for codes of 1 the dequantized values are the scales.
    const double = nf4({ doubleQuantized: true });
    const largest = Float32Array.from(weights, (_, i) => fixture.scales[Math.floor(i / fixture.block)]!);
    const again = double.dequantize(double.quantize(largest), largest.length).dataSync();
    const errors = fixture.double_scales.slice(1).map((expected, i) => Math.abs(again[(i + 1) * fixture.block]! - expected));
    // bitsandbytes searches its levels on the way to the middle of two, and takes the farther one a few times in a thousand.
    expect(errors.filter((error) => error > 1e-6).length).toBeLessThanOrEqual(1);
    expect(Math.max(...errors)).toBeLessThan(0.014);
  });

  test.each(FORMATS)('%s: values come back within half a step, and values that are levels exactly', (_name, format, step) => {
    const values = numbers(5 * 64 + 8).map((value, i) => value * (1 + Math.floor(i / 64)));
    const back = format.dequantize(format.quantize(values), values.length).dataSync();
    expect(back).toHaveLength(values.length);
    values.forEach((value, i) => expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(step * (1 + Math.floor(i / 64)) * 1.01));
    const zeros = new Float32Array(70);
    expect(Math.max(...format.dequantize(format.quantize(zeros), 70).dataSync())).toBeLessThan(1e-6);
    expect(() => format.quantize(Float32Array.of(1, NaN))).toThrow('expected finite values but found NaN at 1');
  });

  test.each(FORMATS)('%s: products, rows and the gradient of x are those of its matrix, stored either way', (_name, format) => {
    for (const transposed of [false, true]) {
      const stored: [number, number] = transposed ? [24, 40] : [40, 24];
      const weight = quantizedWeight(numbers(960), { shape: stored, format, transposed });
      expect(weight.shape).toEqual([40, 24]);
      const matrix = weight.matrix();
      expect(matrix.shape).toEqual(stored);
      const params = { x: tensor(numbers(72, 2), [3, 24]), bias: tensor(numbers(40, 3)), residual: tensor(numbers(120, 4), [3, 40]) };
      type Params = typeof params;
      const factor = tensor(numbers(120, 5), [3, 40]);
      const run = (apply: (p: Params) => Tensor): Float32Array[] => {
        const { value, grads } = valueAndGrad((p: Params) => sum(mul(apply(p), factor)))(params);
        return [value, ...Object.values(grads)].map((each) => each.dataSync() as Float32Array);
      };
      const expected = run(({ x, bias, residual }) => linear(x, matrix, { bias, residual, transposed, activation: 'none' }));
      run(({ x, bias, residual }) => linear(x, weight, { bias, residual })).forEach((values, i) => expectClose(values, expected[i]!, { tolerance: 1e-5 }));
      const names = Object.keys(weight.tensors);
      const segment = checkpointed((x: Tensor, bias: Tensor, residual: Tensor, ...held: Tensor[]) => (
        linear(x, weight.with(Object.fromEntries(names.map((name, i) => [name, held[i]!]))), { bias, residual })));
      run(({ x, bias, residual }) => segment(x, bias, residual, ...Object.values(weight.tensors))).forEach((values, i) => expectClose(values, expected[i]!, { tolerance: 1e-5 }));
      const ids = tensor([3, 0], [2], 'int32');
      expectClose(embed(ids, weight).dataSync(), embed(ids, transposed ? transpose(matrix) : matrix).dataSync(), { tolerance: 1e-6 });
    }
  });
});

describe.each(['cpu', 'wasm'] as const)('without a gradient on %s', (device) => {
  beforeEach(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test.each([int8(), int8({ blockSize: 16 }), int8({ blockSize: 32, asymmetric: true }), int4(), int4({ blockSize: 64, asymmetric: true })])('products of codes are those of the matrix, nearly: $name, $blocks', (format) => {
    for (const [rows, transposed] of [[1, false], [2, true], [9, false]] as const) {
      const weight = quantizedWeight(numbers(40 * 128), { shape: transposed ? [128, 40] : [40, 128], format, transposed });
      const x = tensor(numbers(rows * 128, 2), [rows, 128]);
      const options = { bias: tensor(numbers(40, 3)), residual: tensor(numbers(rows * 40, 4), [rows, 40]) };
      const expected = linear(x, weight.matrix(), { ...options, transposed }).dataSync();
      const found = linear(x, weight, options).dataSync();
      const spread = Math.sqrt((expected as Float32Array).reduce((total, value) => total + value * value, 0) / expected.length);
      expected.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(0.02 * spread));
      if (device === 'wasm') expect(found).not.toEqual(expected);
      expectClose(withExactProducts(() => linear(x, weight, options)).dataSync(), expected, { tolerance: 1e-5 });
    }
  });

  test('blocks that reach across rows are dequantized as before', () => {
    const weight = quantizedWeight(numbers(5 * 24), { shape: [5, 24], format: int8({ blockSize: 32 }) });
    const x = tensor(numbers(24, 2), [1, 24]);
    expectClose(linear(x, weight).dataSync(), linear(x, weight.matrix()).dataSync(), { tolerance: 1e-6 });
    expect(() => linear(tensor([[1]]), weight)).toThrow('expected x [..., 24] but found [1, 1]');
  });
});

test('a four-bit matrix takes a seventh of the memory, and nothing of a product stays', async () => {
  await useDevice('wasm');
  const before = memory();
  const weight = quantizedWeight(numbers(256 * 256), { shape: [256, 256], format: nf4() });
  expect(memory().numBytes - before.numBytes).toBeLessThan(0.15 * 4 * 256 * 256);
  const held = memory().numTensors;
  linear(tensor(numbers(512), [2, 256]), weight).dispose();
  expect(memory().numTensors).toBe(held + 1);
  for (const each of Object.values(flatten({ weight }))) each.dispose();
});

test('two bytes a value: what fits comes back as it was, what is beyond is refused', async () => {
  await useDevice('wasm');
  const before = memory();
  for (const [format, values] of [[bf16(), [1, -1.0078125, -(2 ** 127), 2 ** -126, 0]], [f16(), [1, -1.0009765625, 65504, 2 ** -24, 0]]] as const) {
    const tensors = format.quantize(Float32Array.from(values));
    expect(memory().numBytes - before.numBytes).toBe(12);
    const back = tidy(() => format.dequantize(tensors, values.length));
    expect([...back.dataSync()]).toEqual([...Float32Array.from(values)]);
    for (const each of [back, ...Object.values(tensors)]) each.dispose();
  }
  expect(() => f16().quantize(Float32Array.of(0, 65520))).toThrow('f16: expected finite values but found 65520 at 1, which is beyond its range. Store them as bf16');
});

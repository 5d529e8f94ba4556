import { numbers } from '@llm/testing';
import { tensor } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { useDevice } from '../device/use-device.ts';
import { embed } from '../ops/embedding.ts';
import { int4 } from './int4.ts';
import { int8 } from './int8.ts';
import { nf4 } from './nf4.ts';
import { quantizedWeight } from './quantized-weight.ts';
import { quantizedCodes, quantizedWeightOf } from './weight-codes.ts';

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device); });

  test('(code − 8) · scale, or code · scale − offset: worked out', () => {
    const codes = Uint8Array.from({ length: 32 }, (_, i) => i % 16);
    const plain = quantizedWeightOf({ codes, scale: Float32Array.of(1, 2, 3, 4) }, { shape: [2, 16], format: int4({ blockSize: 8 }) });
    expect([...plain.matrix().dataSync()]).toEqual(Array.from(codes, (code, i) => (code - 8) * (1 + Math.floor(i / 8))));
    const shifted = quantizedWeightOf({ codes, scale: Float32Array.of(1, 2), offset: Float32Array.of(0.5, -3) }, { shape: [2, 16], format: int4({ blockSize: 16, asymmetric: true }) });
    expect([...shifted.matrix().dataSync()]).toEqual(Array.from(codes, (code, i) => (i < 16 ? code - 0.5 : 2 * code + 3)));
    const bytes = quantizedWeightOf({ codes: Int8Array.of(-128, 127, 0, 1, 2, 3, 4, 5), scale: Float32Array.of(0.5, 2) }, { shape: [2, 4], format: int8({ blockSize: 4 }) });
    expect([...bytes.matrix().dataSync()]).toEqual([-64, 63.5, 0, 0.5, 4, 6, 8, 10]);
  });

  test.each([
    ['int8', int8({ blockSize: 16 })], ['int8 with offsets', int8({ blockSize: 16, asymmetric: true })],
    ['int4', int4({ blockSize: 16 })], ['int4 with offsets', int4({ blockSize: 16, asymmetric: true })],
  ])('%s: what is read is what was written, stored either way', async (_name, format) => {
    for (const transposed of [false, true]) {
      const weight = quantizedWeight(numbers(24 * 32), { shape: transposed ? [32, 24] : [24, 32], format, transposed });
      const parts = await quantizedCodes(weight);
      expect(parts.codes).toHaveLength(24 * 32);
      const again = quantizedWeightOf(parts, { shape: [24, 32], format, transposed });
      expect(await quantizedCodes(again)).toEqual(parts);
      expect(again.matrix().shape).toEqual(transposed ? [32, 24] : [24, 32]);
      expect(again.matrix().dataSync()).toEqual(weight.matrix().dataSync());
      const ids = tensor([23, 0], [2], 'int32');
      expect(embed(ids, again).dataSync()).toEqual(embed(ids, weight).dataSync());
    }
  });

  test('what does not fit is named', async () => {
    const scale = Float32Array.of(1);
    const of = (parts: Parameters<typeof quantizedWeightOf>[0], format = int4({ blockSize: 8 }), shape: [number, number] = [1, 8]) => () => quantizedWeightOf(parts, { shape, format });
    expect(of({ codes: new Uint8Array(7), scale })).toThrow('expected 8 numbers in codes for [1, 8] in blocks of 8 but found 7');
    expect(of({ codes: new Uint8Array(8), scale: new Float32Array(2) })).toThrow('expected 1 numbers in scale');
    expect(of({ codes: new Uint8Array(8), scale, offset: scale })).toThrow('expected 0 numbers in offset');
    expect(of({ codes: new Uint8Array(8), scale }, int4({ blockSize: 8, asymmetric: true }))).toThrow('with offsets but found 0');
    expect(of({ codes: Uint8Array.of(0, 0, 0, 16, 0, 0, 0, 0), scale })).toThrow('expected codes from 0 to 15 but found 16 at 3');
    expect(of({ codes: Uint8Array.of(0, 200, 0, 0), scale }, int8({ blockSize: 4 }), [1, 4])).toThrow('expected codes from -128 to 127 but found 200 at 1');
    expect(of({ codes: new Uint8Array(12), scale }, int4({ blockSize: 8 }), [1, 12])).toThrow('expected rows of whole blocks of 8 but found 12');
    expect(of({ codes: new Uint8Array(8), scale }, nf4())).toThrow('expected a format of codes with scales, int4 or int8, but found nf4');
    await expect(quantizedCodes(quantizedWeight(numbers(64), { shape: [1, 64], format: nf4() }))).rejects.toThrow('but found nf4');
    expect(() => int4({ blockSize: 12 })).toThrow('expected a block size that is a multiple of 8 but found 12');
  });
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { turned } from './matrix.ts';
import { byteGrid, signedBytes } from './quantize-int8.ts';

interface Case { reduce_range: boolean; k: number; n: number; weight: string; codes: string; scale: string }
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/onnx-packing.json', import.meta.url), 'utf8')) as {
  dynamic: Case[]; calibration: { points: { range: [number, number]; zero_point: number; scale: number }[] };
};
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));

test.each(fixture.dynamic.map((each) => [`${each.k} × ${each.n}${each.reduce_range ? ', reduced' : ''}`, each] as const))('%s: codes and scales are those of quantize_dynamic', (_, { k, n, weight, codes, scale, reduce_range: reduceRange }) => {
  const found = signedBytes(turned(new Float32Array(bytes(weight).buffer), [k, n]), { outputs: n, inputs: k, reduceRange });
  // The reference stores them turned, [inputs, outputs].
  const back = turned(Float32Array.from(found.codes), [n, k]);
  expect([...back]).toEqual([...new Int8Array(bytes(codes).buffer)]);
  expect([...found.scales]).toEqual([...new Float32Array(bytes(scale).buffer)]);
});

test.each(fixture.calibration.points)('the grid of $range is compute_scale_zp\'s', ({ range: [min, max], zero_point, scale }) => {
  expect(byteGrid({ min, max })).toEqual({ scale, zeroPoint: zero_point });
});

test('127 of at most 127 is 127, half a step rounds to even, an output of zeros keeps a scale of 1', () => {
  const { codes, scales } = signedBytes(Float32Array.of(127, 0.5, 1.5, -127, 0, 0, 0, 0), { outputs: 2, inputs: 4, reduceRange: false });
  expect([...codes]).toEqual([127, 0, 2, -127, 0, 0, 0, 0]);
  expect([...scales]).toEqual([1, 1]);
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packNBits, unpackNBits } from './pack-nbits.ts';

interface Case { block: number; symmetric: boolean; k: number; n: number; weight: string; codes: string; scales: string; zero_points: string | null; shape: number[] }
const { nbits } = JSON.parse(readFileSync(new URL('../../fixtures/onnx-packing.json', import.meta.url), 'utf8')) as { nbits: Case[] };
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const hex = (data: Uint8Array | Float32Array | undefined): string | undefined => data && Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

test.each(nbits.map((each) => [`${each.k} × ${each.n} in blocks of ${each.block}, ${each.symmetric ? 'symmetric' : 'asymmetric'}`, each] as const))('%s: every byte is onnxruntime\'s', (_, each) => {
  const weight = new Float32Array(bytes(each.weight).buffer);
  const { codes, scales, zeroPoints } = packNBits(weight, { outputs: each.n, inputs: each.k, block: each.block, symmetric: each.symmetric });
  expect(codes).toHaveLength(each.shape.reduce((a, b) => a * b));
  expect(hex(codes)).toBe(hex(bytes(each.codes)));
  expect(hex(scales)).toBe(hex(bytes(each.scales)));
  expect(hex(zeroPoints)).toBe(each.zero_points === null ? undefined : hex(bytes(each.zero_points)));
});

test('eight values worked out: −8 … 7 in steps of the scale, 0.5 rounds away from the middle', () => {
  const row = Float32Array.of(-2, 1.75, 0.125, 0, -0.125, 0.25, 1, -1, ...new Array<number>(8).fill(0));
  // Scale −(−2) / 8 = 0.25: −2 → 0, 1.75 → 15, ±0.125 → 8.5 and 7.5, which round to 9 and 8.
  const { codes, scales } = packNBits(row, { outputs: 1, inputs: 16, block: 16, symmetric: true });
  expect([...scales]).toEqual([0.25]);
  expect([...codes]).toEqual([0xf0, 0x89, 0x98, 0x4c, 0x88, 0x88, 0x88, 0x88]);
});

test('values come back within half a step, also where the last block is short', () => {
  const value = fc.float({ min: -4, max: 4, noNaN: true });
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3 }), fc.boolean(), fc.array(value, { minLength: 120, maxLength: 120 }), (inputs, outputs, symmetric, all) => {
    const values = Float32Array.from(all.slice(0, inputs * outputs));
    const packed = packNBits(values, { outputs, inputs, block: 16, symmetric });
    const back = unpackNBits(packed, { outputs, inputs, block: 16 });
    const blocks = Math.ceil(inputs / 16);
    values.forEach((expected, i) => {
      const scale = Math.abs(packed.scales[Math.floor(i / inputs) * blocks + Math.floor((i % inputs) / 16)]!);
      // The end of the other sign may be a step beyond the grid; a rounded zero point moves it by half a step.
      expect(Math.abs(back[i]! - expected)).toBeLessThanOrEqual(1.01 * scale + 1e-30);
    });
  }), { numRuns: 60 });
});

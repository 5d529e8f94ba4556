import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fromFloat32, toFloat32 } from './convert.ts';
import type { Dtype } from './dtype.ts';
import { readSafetensors } from './read.ts';
import { writeSafetensors } from './write.ts';

// Made by fixtures/make-reference.py with torch 2.15 and safetensors 0.8.
const bytes = new Uint8Array(readFileSync(new URL('fixtures/reference.safetensors', import.meta.url)));
const expected = JSON.parse(readFileSync(new URL('fixtures/reference.json', import.meta.url), 'utf8')) as {
  shapes: Record<string, number[]>;
  bits: Record<string, number[]>;
};
const { tensors, metadata } = readSafetensors(bytes);

/** NaN has many codes and torch keeps no payload, so all are one here; everything else is compared to the bit, signs of zero too. */
function bitsOf(values: Float32Array): number[] {
  return [...new Uint32Array(values.buffer, values.byteOffset, values.length)].map((bits, i) => (Number.isNaN(values[i]) ? NaN : bits));
}

function bitsAsFloats(bits: number[]): Float32Array {
  return new Float32Array(Uint32Array.from(bits).buffer);
}

test('a file of the reference has the names, shapes and metadata it was given', () => {
  expect(metadata).toEqual(new Map([['format', 'pt']]));
  expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(expected.shapes);
});

test('writing the same tensors gives the same file to the byte', () => {
  expect(writeSafetensors([...tensors].reverse())).toEqual(bytes);
});

test.each(Object.keys(expected.bits))('%s widens to the floats that torch widens it to', (name) => {
  expect(bitsOf(toFloat32(tensors.get(name)!))).toEqual(bitsOf(bitsAsFloats(expected.bits[name]!)));
});

test('floats narrow to F8_E4M3 as in torch, which saturates', () => {
  const values = toFloat32(tensors.get('float.F32')!);
  expect(bitsOf(toFloat32(fromFloat32(values, 'F8_E4M3', { saturate: true })))).toEqual(bitsOf(toFloat32(tensors.get('float.F8_E4M3')!)));
});

test.each<Dtype>(['F64', 'F16', 'BF16', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'])('floats narrow to %s as in torch', (dtype) => {
  const values = toFloat32(tensors.get('float.F32')!);
  expect(bitsOf(toFloat32(fromFloat32(values, dtype)))).toEqual(bitsOf(toFloat32(tensors.get(`float.${dtype}`)!)));
});

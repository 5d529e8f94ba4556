import fc from 'fast-check';
import { processorMilliseconds } from '@llm/testing/node';
import { expect, test } from 'vitest';
import { DTYPES, tensorBytes } from './dtype.ts';
import type { Dtype } from './dtype.ts';
import { SafetensorsError } from './errors.ts';
import { readSafetensors } from './read.ts';
import type { RawTensor } from './read.ts';
import { parseIndex } from './shard-index.ts';
import { writeSafetensors } from './write.ts';

const SUB_BYTE: readonly Dtype[] = ['F4', 'F6_E2M3', 'F6_E3M2'];

const rawTensor: fc.Arbitrary<RawTensor> = fc
  .tuple(fc.constantFrom(...DTYPES), fc.array(fc.nat({ max: 5 }), { maxLength: 4 }))
  .map(([dtype, shape]) => ({ dtype, shape: SUB_BYTE.includes(dtype) ? [...shape, 4] : shape }))
  .chain(({ dtype, shape }) => {
    const bytes = tensorBytes(dtype, shape);
    return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((data) => ({ dtype, shape, data }));
  });
const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
  .filter((text) => text !== '__metadata__' && !text.split('.').includes('__proto__') && !/\p{Surrogate}/u.test(text));
const named = fc.uniqueArray(fc.tuple(name, rawTensor), { selector: ([key]) => key, maxLength: 8 });
const metadata = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));

/** The error that `run` throws is ours, with a code and a sentence; returning is fine as well. */
function onlyOurErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SafetensorsError);
    expect((error as SafetensorsError).code).toMatch(/^E_/);
  }
}

test('what is written is read back, whatever the names, dtypes, shapes and bytes', () => {
  fc.assert(fc.property(named, metadata, (tensors, strings) => {
    const file = writeSafetensors(tensors, { metadata: strings });
    const back = readSafetensors(file);
    expect(new Map(back.tensors)).toEqual(new Map(tensors));
    expect(new Map(back.metadata)).toEqual(new Map(Object.entries(strings)));
    const start = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(start % 8).toBe(0);
  }), { numRuns: 300 });
});

test('every tensor begins at a multiple of its element, so that it can be viewed', () => {
  fc.assert(fc.property(named, (tensors) => {
    const file = writeSafetensors(tensors);
    for (const { dtype, shape, data } of readSafetensors(file).tensors.values()) {
      const elements = shape.reduce((product, size) => product * size, 1);
      if (elements > 0 && !SUB_BYTE.includes(dtype)) expect(data.byteOffset % (data.length / elements)).toBe(0);
    }
  }), { numRuns: 200 });
});

test('the order of the input does not change the file', () => {
  fc.assert(fc.property(named, (tensors) => {
    expect(writeSafetensors([...tensors].reverse())).toEqual(writeSafetensors(tensors));
  }), { numRuns: 100 });
});

test('every truncation is refused', () => {
  const file = writeSafetensors([['a', { dtype: 'F32', shape: [2], data: new Float32Array(2) }], ['b', { dtype: 'U8', shape: [1], data: new Uint8Array(1) }]]);
  for (let length = 0; length < file.length; length++) {
    expect(() => readSafetensors(file.subarray(0, length))).toThrow(SafetensorsError);
  }
});

test('flipped bytes give a file or one of our errors, and change no other bytes', () => {
  fc.assert(fc.property(named, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 6 }), (tensors, flips) => {
    const file = writeSafetensors(tensors);
    for (const [at, mask] of flips) file[at % file.length]! ^= mask;
    onlyOurErrors(() => readSafetensors(file));
  }), { numRuns: 2000 });
});

test('any bytes give a file or one of our errors', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => onlyOurErrors(() => readSafetensors(bytes))), { numRuns: 500 });
});

test('any JSON as a header gives a file or one of our errors', () => {
  const info = fc.record({
    dtype: fc.oneof(fc.constantFrom(...DTYPES), fc.jsonValue()),
    shape: fc.oneof(fc.array(fc.oneof(fc.nat({ max: 3 }), fc.maxSafeInteger(), fc.double())), fc.jsonValue()),
    data_offsets: fc.oneof(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })), fc.jsonValue()),
  }, { requiredKeys: [] });
  const header = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__metadata__', '__proto__', 'a.__proto__')), fc.oneof(info, fc.jsonValue()));
  fc.assert(fc.property(header, fc.nat({ max: 40 }), (value, dataBytes) => {
    const json = new TextEncoder().encode(JSON.stringify(value));
    const bytes = new Uint8Array(8 + json.length + dataBytes);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    onlyOurErrors(() => readSafetensors(bytes));
  }), { numRuns: 1000 });
});

test('any text as an index gives an index or one of our errors', () => {
  const index = fc.record({ metadata: fc.jsonValue(), weight_map: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.webPath(), fc.jsonValue())) }, { requiredKeys: [] });
  fc.assert(fc.property(fc.oneof(index.map((value) => JSON.stringify(value)), fc.json(), fc.string()), (json) => onlyOurErrors(() => parseIndex(json))), { numRuns: 1000 });
});

test('a long hostile header is read in linear time', () => {
  const quotes = `{"${'\\"'.repeat(2_000_000)}":1}`;
  const brackets = `{"a":[${'[],'.repeat(1_000_000)}1]}`;
  const digits = `{"a":${'9'.repeat(4_000_000)}}`;
  for (const json of [quotes, brackets, digits]) {
    const bytes = new Uint8Array(8 + json.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    new TextEncoder().encodeInto(json, bytes.subarray(8));
    const started = processorMilliseconds();
    onlyOurErrors(() => readSafetensors(bytes));
    expect(processorMilliseconds() - started).toBeLessThan(5000);
  }
});

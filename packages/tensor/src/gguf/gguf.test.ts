import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GgufError, type GgufErrorCode } from './errors.ts';
import { parseGgufHeader } from './header.ts';
import { readGguf } from './read.ts';
import { GGUF_TYPES, ggufBytes, type GgufType } from './types.ts';
import type { GgufValue } from './value.ts';
import { writeGguf, writeGgufStream } from './write.ts';

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(value).buffer);
const text = (value: string): Uint8Array => joined(u64(BigInt(value.length)), new TextEncoder().encode(value));
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const head = (tensors: bigint, keys: bigint, version = 3): Uint8Array => joined(u32(0x46554747), u32(version), u64(tensors), u64(keys));
const tensor = (name: string, sizes: bigint[], type: number, offset: bigint): Uint8Array => joined(text(name), u32(sizes.length), ...sizes.map(u64), u32(type), u64(offset));
/** A header with room for the data behind it. */
const padded = (bytes: Uint8Array, data: number): Uint8Array => joined(bytes, new Uint8Array(Math.ceil(bytes.length / 32) * 32 - bytes.length + data));

const codeOf = (run: () => unknown): GgufErrorCode | 'none' => {
  try {
    run();
    return 'none';
  } catch (error) {
    if (!(error instanceof GgufError)) throw error;
    return error.code;
  }
};

test('a file written out byte by byte is read', () => {
  const file = padded(joined(
    head(2n, 3n), text('general.architecture'), u32(8), text('llama'), text('n'), u32(4), u32(7), text('list'), u32(9), u32(8), u64(2n), text('a'), text('b'),
    tensor('w', [32n, 2n], 8, 0n), tensor('norm', [3n], 0, 96n),
  ), 96 + 12);
  const { metadata, tensors } = readGguf(file);
  expect([...metadata]).toEqual([['general.architecture', 'llama'], ['n', { type: 'u32', value: 7 }], ['list', { type: 'array', of: 'string', value: ['a', 'b'] }]]);
  expect([...tensors].map(([name, { type, shape, data }]) => [name, type, shape, data.length])).toEqual([['w', 'Q8_0', [2, 32], 68], ['norm', 'F32', [3], 12]]);
});

const LARGE = 2n ** 60n;
test.each<[string, GgufErrorCode, Uint8Array]>([
  ['an empty file', 'E_MAGIC', new Uint8Array(0)],
  ['another magic', 'E_MAGIC', joined(u32(0x46554748), u32(3), u64(0n), u64(0n))],
  ['version 1', 'E_VERSION', head(0n, 0n, 1)],
  ['version 4', 'E_VERSION', head(0n, 0n, 4)],
  ['version 0', 'E_VERSION', head(0n, 0n, 0)],
  ['big-endian', 'E_BIG_ENDIAN', head(0n, 0n, 0x03000000)],
  ['cut within the counts', 'E_TRUNCATED', head(0n, 0n).slice(0, 20)],
  ['2^60 tensors', 'E_COUNT', head(LARGE, 0n)],
  ['2^60 keys', 'E_COUNT', head(0n, LARGE)],
  ['a key of 2^62 bytes', 'E_STRING', padded(joined(head(0n, 1n), u64(2n ** 62n)), 32)],
  ['a text of 2^62 bytes', 'E_STRING', padded(joined(head(0n, 1n), text('k'), u32(8), u64(2n ** 62n)), 32)],
  ['a list of 2^60 bytes', 'E_COUNT', padded(joined(head(0n, 1n), text('k'), u32(9), u32(0), u64(LARGE)), 32)],
  ['a list of lists', 'E_NESTED_ARRAY', padded(joined(head(0n, 1n), text('k'), u32(9), u32(9), u64(1n)), 32)],
  ['a value of type 13', 'E_VALUE_TYPE', padded(joined(head(0n, 1n), text('k'), u32(13)), 32)],
  ['a list of type 99', 'E_VALUE_TYPE', padded(joined(head(0n, 1n), text('k'), u32(9), u32(99), u64(1n)), 32)],
  ['a truth value of 2', 'E_VALUE', padded(joined(head(0n, 1n), text('k'), u32(7), Uint8Array.of(2)), 32)],
  ['no UTF-8', 'E_UTF8', padded(joined(head(0n, 1n), u64(1n), Uint8Array.of(0xff), u32(8)), 32)],
  ['alignment 0', 'E_ALIGNMENT', padded(joined(head(0n, 1n), text('general.alignment'), u32(4), u32(0)), 32)],
  ['alignment 3', 'E_ALIGNMENT', padded(joined(head(0n, 1n), text('general.alignment'), u32(4), u32(3)), 32)],
  ['alignment as a text', 'E_ALIGNMENT', padded(joined(head(0n, 1n), text('general.alignment'), u32(8), text('32')), 32)],
  ['a key twice', 'E_DUPLICATE_KEY', padded(joined(head(0n, 2n), text('k'), u32(4), u32(1), text('k'), u32(4), u32(1)), 32)],
  ['a tensor twice', 'E_DUPLICATE_NAME', padded(joined(head(2n, 0n), tensor('w', [1n], 0, 0n), tensor('w', [1n], 0, 32n)), 64)],
  ['a name that reaches a prototype', 'E_NAME', padded(joined(head(1n, 0n), tensor('a.__proto__', [1n], 0, 0n)), 32)],
  ['a name of 64 bytes', 'E_NAME', padded(joined(head(1n, 0n), tensor('n'.repeat(64), [1n], 0, 0n)), 32)],
  ['5 dimensions', 'E_DIMS', padded(joined(head(1n, 0n), tensor('w', [1n, 1n, 1n, 1n, 1n], 0, 0n)), 32)],
  ['2^32 dimensions', 'E_DIMS', padded(joined(head(1n, 0n), text('w'), u32(0xffffffff)), 64)],
  ['sizes whose product is beyond 2^53', 'E_OVERFLOW', padded(joined(head(1n, 0n), tensor('w', [2n ** 30n, 2n ** 30n], 0, 0n)), 32)],
  ['a size of 2^63', 'E_OVERFLOW', padded(joined(head(1n, 0n), tensor('w', [2n ** 63n], 0, 0n)), 32)],
  ['a type that was removed', 'E_TYPE', padded(joined(head(1n, 0n), tensor('w', [32n], 4, 0n)), 64)],
  ['a block that does not divide', 'E_BLOCK', padded(joined(head(1n, 0n), tensor('w', [33n, 32n], 8, 0n)), 4096)],
  ['an offset past the end', 'E_OFFSETS', padded(joined(head(1n, 0n), tensor('w', [1n], 0, 64n)), 32)],
  ['an offset of 2^62', 'E_OFFSETS', padded(joined(head(1n, 0n), tensor('w', [1n], 0, 2n ** 62n)), 32)],
  ['an end past the end', 'E_OFFSETS', padded(joined(head(1n, 0n), tensor('w', [9n], 0, 0n)), 32)],
  ['tensors over each other', 'E_OFFSETS', padded(joined(head(2n, 0n), tensor('a', [16n], 0, 0n), tensor('b', [16n], 0, 32n)), 96)],
  ['an offset off the alignment', 'E_OFFSETS', padded(joined(head(1n, 0n), tensor('w', [1n], 0, 4n)), 32)],
])('%s is refused with %s', (_, code, bytes) => {
  expect(codeOf(() => readGguf(bytes))).toBe(code);
});

test('no change of a byte or cut of a file makes anything but a GgufError', () => {
  const file = writeGguf({ 'general.architecture': 'llama', list: { type: 'array', of: 'f64', value: [1, 2] }, flags: { type: 'array', of: 'bool', value: [true] } }, [
    ['w', { type: 'Q4_0', shape: [1, 32], data: new Uint8Array(18) }],
  ]);
  fc.assert(fc.property(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length), (at, byte, length) => {
    const changed = file.slice();
    changed[at] = byte;
    codeOf(() => readGguf(changed));
    const cut = codeOf(() => readGguf(file.subarray(0, length)));
    // The padding behind the last tensor may be missing.
    expect(cut === 'none').toBe(length >= file.length - 14);
  }));
});

const number = (type: 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32', min: number, max: number): fc.Arbitrary<GgufValue> => fc.record({ type: fc.constant(type), value: fc.integer({ min, max }) });
const big = (low: bigint, high: bigint): fc.Arbitrary<number | bigint> => fc.bigInt(low, high).map((value) => (value >= -(2n ** 53n) + 1n && value < 2n ** 53n ? Number(value) : value));
const unicode = fc.string({ unit: 'grapheme', maxLength: 12 });
const anyValue: fc.Arbitrary<GgufValue> = fc.oneof(
  unicode, fc.boolean(), number('u8', 0, 255), number('i8', -128, 127), number('u16', 0, 65_535), number('i16', -32_768, 32_767), number('u32', 0, 2 ** 32 - 1), number('i32', -(2 ** 31), 2 ** 31 - 1),
  fc.record({ type: fc.constant('f32' as const), value: fc.float() }), fc.record({ type: fc.constant('f64' as const), value: fc.double() }),
  fc.record({ type: fc.constant('u64' as const), value: big(0n, 2n ** 64n - 1n) }), fc.record({ type: fc.constant('i64' as const), value: big(-(2n ** 63n), 2n ** 63n - 1n) }),
  fc.record({ type: fc.constant('array' as const), of: fc.constant('string' as const), value: fc.array(unicode) }),
  fc.record({ type: fc.constant('array' as const), of: fc.constant('bool' as const), value: fc.array(fc.boolean()) }),
  fc.record({ type: fc.constant('array' as const), of: fc.constant('f32' as const), value: fc.array(fc.float()) }),
  fc.record({ type: fc.constant('array' as const), of: fc.constant('i64' as const), value: fc.array(big(-(2n ** 63n), 2n ** 63n - 1n)) }),
);

test('what is written is read again, whatever it is, and the stream writes the same bytes', async () => {
  const types = Object.keys(GGUF_TYPES) as GgufType[];
  await fc.assert(fc.asyncProperty(
    fc.uniqueArray(fc.tuple(unicode, anyValue), { selector: ([key]) => key, maxLength: 6 }), fc.array(fc.tuple(fc.constantFrom(...types), fc.nat(2), fc.nat(2)), { maxLength: 4 }), fc.constantFrom(undefined, 1, 8, 64),
    async (keys, kinds, alignment) => {
      const entries: [string, GgufValue][] = [...keys.filter(([key]) => key !== 'general.alignment'), ...(alignment === undefined ? [] : [['general.alignment', { type: 'u32', value: alignment }] as [string, GgufValue]])];
      const tensors = kinds.map(([type, rows, blocks], i) => {
        const shape = [rows, blocks * GGUF_TYPES[type].blockSize];
        return [`t.${i}`, { type, shape, data: Uint8Array.from({ length: ggufBytes(type, shape) }, (_, at) => (at * 7 + i) & 255) }] as const;
      });
      const file = writeGguf(entries, tensors);
      const found = readGguf(file);
      expect([...found.metadata]).toEqual(entries);
      expect([...found.tensors]).toEqual(tensors);
      const chunks: Uint8Array[] = [];
      for await (const chunk of writeGgufStream(entries, tensors.map(([name, { data, ...rest }]) => [name, { ...rest, data: async () => data }] as const))) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(file)).toBe(true);
    },
  ), { numRuns: 60 });
});

test.each<[string, GgufErrorCode, () => unknown]>([
  ['300 as u8', 'E_VALUE', () => writeGguf({ k: { type: 'u8', value: 300 } }, [])],
  ['-1 as u64', 'E_VALUE', () => writeGguf({ k: { type: 'u64', value: -1 } }, [])],
  ['1.5 as i32', 'E_VALUE', () => writeGguf({ k: { type: 'i32', value: 1.5 } }, [])],
  ['a text in a list of numbers', 'E_VALUE', () => writeGguf({ k: { type: 'array', of: 'i32', value: ['1' as unknown as number] } }, [])],
  ['a type that is none', 'E_VALUE_TYPE', () => writeGguf({ k: { type: 'f16' as 'f32', value: 1 } }, [])],
  ['alignment 3', 'E_ALIGNMENT', () => writeGguf({ 'general.alignment': { type: 'u32', value: 3 } }, [])],
  ['a key twice', 'E_DUPLICATE_KEY', () => writeGguf([['k', 'a'], ['k', 'b']], [])],
  ['a tensor twice', 'E_DUPLICATE_NAME', () => writeGguf({}, ['w', 'w'].map((name) => [name, { type: 'F32', shape: [0], data: new Uint8Array(0) }] as const))],
  ['a name of 64 bytes', 'E_NAME', () => writeGguf({}, [['n'.repeat(64), { type: 'F32', shape: [0], data: new Uint8Array(0) }]])],
  ['5 dimensions', 'E_DIMS', () => writeGguf({}, [['w', { type: 'F32', shape: [1, 1, 1, 1, 1], data: new Uint8Array(4) }]])],
  ['half a block', 'E_BLOCK', () => writeGguf({}, [['w', { type: 'Q4_0', shape: [16], data: new Uint8Array(9) }]])],
  ['a byte too few', 'E_TENSOR_SIZE', () => writeGguf({}, [['w', { type: 'F32', shape: [1], data: new Uint8Array(3) }]])],
])('%s is not written: %s', (_, code, run) => {
  expect(codeOf(run)).toBe(code);
});

test('a tensor of three half floats is padded to 32 bytes, and so is what comes before', () => {
  const file = writeGguf({ x: true }, [['a', { type: 'F16', shape: [1, 3], data: Uint8Array.of(0, 0x3c, 0, 0x40, 0, 0x42) }], ['b', { type: 'F32', shape: [], data: new Uint8Array(4).fill(9) }]]);
  expect(file.length % 32).toBe(0);
  expect([...file.subarray(-64, -58)]).toEqual([0, 0x3c, 0, 0x40, 0, 0x42]);
  expect([...file.subarray(-58, -32)].every((byte) => byte === 0)).toBe(true);
  expect([...file.subarray(-32, -27)]).toEqual([9, 9, 9, 9, 0]);
});

test('a header that goes on behind the bytes at hand asks for more', () => {
  const file = writeGguf({ long: 'x'.repeat(1000) }, []);
  expect(() => parseGgufHeader(file.subarray(0, 100), { fileBytes: file.length })).toThrow(expect.objectContaining({ name: 'NeedsMore' }));
});

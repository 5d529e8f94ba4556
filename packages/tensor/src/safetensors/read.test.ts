import { describe, expect, test } from 'vitest';
import { SafetensorsError } from './errors.ts';
import type { SafetensorsErrorCode } from './errors.ts';
import { headerLength, parseHeader } from './header.ts';
import { readSafetensors } from './read.ts';

/** A file with `header` as written and `dataBytes` zero bytes after it. */
function file(header: string | Uint8Array, dataBytes = 0): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function withLength(length: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
}

function expectRefusal(bytes: Uint8Array, code: SafetensorsErrorCode, message: RegExp): void {
  let thrown: unknown;
  try {
    readSafetensors(bytes);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(SafetensorsError);
  expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) as string });
}

const one = (info: string): string => `{"w":${info}}`;
const F32x2 = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';

describe('the length of the header', () => {
  test('a file shorter than 8 bytes is refused', () => {
    expectRefusal(new Uint8Array(0), 'E_HEADER_TOO_SMALL', /at least 8 bytes but found 0/);
    expectRefusal(new Uint8Array(7), 'E_HEADER_TOO_SMALL', /at least 8 bytes but found 7/);
  });

  test('a header of 2^63, 2^64-1 or 100 MB + 1 is refused before anything is allocated', () => {
    expectRefusal(withLength(2n ** 63n, 16), 'E_HEADER_TOO_LARGE', /found one of 9223372036854775808/);
    expectRefusal(withLength(2n ** 64n - 1n, 16), 'E_HEADER_TOO_LARGE', /found one of 18446744073709551615/);
    expectRefusal(withLength(100_000_001n, 16), 'E_HEADER_TOO_LARGE', /at most 100000000 bytes but found one of 100000001/);
  });

  test('a header longer than the file is refused', () => {
    expectRefusal(withLength(60n, 16), 'E_HEADER_LENGTH', /60 header bytes in a file of 16/);
    expectRefusal(withLength(100_000_000n, 16), 'E_HEADER_LENGTH', /100000000 header bytes/);
  });

  test('pickles, zipped and bare, are refused with the way to convert them', () => {
    const zip = new Uint8Array(64);
    zip.set([0x50, 0x4b, 3, 4, 0, 0, 8, 8]);
    expectRefusal(zip, 'E_PICKLE', /Convert it to safetensors .*weights_only=True/);
    const bare = new Uint8Array(64).fill(0x8a);
    bare.set([0x80, 2]);
    expectRefusal(bare, 'E_PICKLE', /can run code/);
  });
});

describe('the header', () => {
  test('must be UTF-8', () => {
    expectRefusal(file(new Uint8Array([0x7b, 0xff, 0x7d])), 'E_HEADER_UTF8', /expected a UTF-8 header/);
  });

  test('must begin with a brace: no space, byte order mark, list or nothing', () => {
    expectRefusal(file(` ${one(F32x2)}`, 8), 'E_HEADER_START', /begin with "\{" but found " "/);
    expectRefusal(file('\ufeff{}'), 'E_HEADER_START', /begin with/);
    expectRefusal(file('[]'), 'E_HEADER_START', /found "\["/);
    expectRefusal(file(''), 'E_HEADER_START', /an empty header/);
  });

  test('must be JSON to the end, with nothing but white space after it', () => {
    for (const text of ['{', '{"a"', '{"a":}', '{"a":1,}', '{,}', '{"a":01}', '{"a":1.}', '{"a":+1}', '{"a":NaN}', '{\'a\':1}', '{} {}', '{}\0\0', '{"a\n":1}', '{"\\x":1}', '{"\\ud800":1}', '{"a":tru}']) {
      expectRefusal(file(text), 'E_HEADER_JSON', /expected a JSON header but found .* character \d+/);
    }
    expect(readSafetensors(file('{} \n\t\r ')).tensors.size).toBe(0);
  });

  test('may not nest without end', () => {
    expectRefusal(file(`{"a":${'['.repeat(100_000)}`), 'E_HEADER_JSON', /more than 64 nested brackets/);
  });

  test('may not name a key twice, in any spelling or depth', () => {
    expectRefusal(file(`{"w":${F32x2},"w":${F32x2}}`, 8), 'E_DUPLICATE_KEY', /found "w" twice/);
    expectRefusal(file(`{"w":${F32x2},"\\u0077":${F32x2}}`, 8), 'E_DUPLICATE_KEY', /found "w" twice/);
    expectRefusal(file('{"w":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4), 'E_DUPLICATE_KEY', /"dtype" twice/);
    expectRefusal(file('{"__metadata__":{"a":"1","a":"2"}}'), 'E_DUPLICATE_KEY', /"a" twice/);
  });

  test('may not reach a prototype', () => {
    expectRefusal(file('{"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), 'E_NAME', /"__proto__", which would reach/);
    expectRefusal(file('{"a.__proto__.b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), 'E_NAME', /prototype/);
    const { metadata } = readSafetensors(file('{"__metadata__":{"__proto__":"x"}}'));
    expect(metadata.get('__proto__')).toBe('x');
    expect(Object.hasOwn(Object.prototype, 'dtype')).toBe(false);
  });

  test('holds metadata of strings only', () => {
    expectRefusal(file('{"__metadata__":[]}'), 'E_METADATA', /object of strings but found a list/);
    expectRefusal(file('{"__metadata__":"pt"}'), 'E_METADATA', /found "pt"/);
    expectRefusal(file('{"__metadata__":{"step":3}}'), 'E_METADATA', /hold strings but found 3 at "step"/);
    expectRefusal(file('{"__metadata__":{"a":{}}}'), 'E_METADATA', /found an object at "a"/);
  });
});

describe('a tensor', () => {
  test('must have dtype, shape and data_offsets', () => {
    expectRefusal(file(one('3')), 'E_TENSOR_INFO', /for "w" but found 3/);
    expectRefusal(file(one('["F32",[2],[0,8]]'), 8), 'E_TENSOR_INFO', /a list of 3/);
    expectRefusal(file(one('{"shape":[2],"data_offsets":[0,8]}'), 8), 'E_DTYPE', /"w" but found nothing/);
    expectRefusal(file(one('{"dtype":"F32","data_offsets":[0,8]}'), 8), 'E_SHAPE', /found nothing/);
    expectRefusal(file(one('{"dtype":"F32","shape":[2]}'), 8), 'E_OFFSETS', /found nothing/);
  });

  test('must have a dtype of the format', () => {
    expectRefusal(file(one('{"dtype":"F33","shape":[2],"data_offsets":[0,8]}'), 8), 'E_DTYPE', /for "w" but found "F33"/);
    expectRefusal(file(one('{"dtype":"toString","shape":[2],"data_offsets":[0,8]}'), 8), 'E_DTYPE', /"toString"/);
    expectRefusal(file(one('{"dtype":32,"shape":[2],"data_offsets":[0,8]}'), 8), 'E_DTYPE', /found 32/);
  });

  test('must have whole dimensions, none rounded into one', () => {
    for (const size of ['-1', '1.5', '2.0', '2e0', '1e400', '-0', '9007199254740992', '0.99999999999999999999', '"2"', 'null', '[2]']) {
      expectRefusal(file(one(`{"dtype":"F32","shape":[${size}],"data_offsets":[0,8]}`), 8), 'E_SHAPE', /whole dimensions >= 0 below 2\^53 but found /);
    }
    expectRefusal(file(one('{"dtype":"F32","shape":2,"data_offsets":[0,8]}'), 8), 'E_SHAPE', /expected a shape for "w" but found 2/);
  });

  test('whose size leaves the exact integers is refused, not wrapped', () => {
    expectRefusal(file(one('{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}')), 'E_OVERFLOW', /at most 2\^53 bits/);
    expectRefusal(file(one('{"dtype":"U8","shape":[9007199254740991],"data_offsets":[0,0]}')), 'E_OVERFLOW', /found the shape \[9007199254740991\] of "w"/);
  });

  test('must have offsets in order', () => {
    expectRefusal(file(one('{"dtype":"F32","shape":[2],"data_offsets":[8,0]}'), 8), 'E_OFFSETS', /begin <= end but found \[8, 0\]/);
    expectRefusal(file(one('{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}'), 8), 'E_OFFSETS', /found \[-8, 0\]/);
    expectRefusal(file(one('{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}'), 8), 'E_OFFSETS', /found \[0, 8, 16\]/);
    expectRefusal(file(one('{"dtype":"F32","shape":[2],"data_offsets":[0,1e400]}'), 8), 'E_OFFSETS', /1e400/);
  });

  test('must have as many bytes as its shape says', () => {
    expectRefusal(file(one('{"dtype":"F32","shape":[2],"data_offsets":[0,7]}'), 7), 'E_TENSOR_SIZE', /expected 8 bytes for "w" \(F32, \[2\]\) but found 7/);
    expectRefusal(file(one('{"dtype":"F16","shape":[2,2],"data_offsets":[0,16]}'), 16), 'E_TENSOR_SIZE', /expected 8 bytes .* but found 16/);
  });

  test('of a sub-byte dtype must fill its last byte', () => {
    expectRefusal(file(one('{"dtype":"F4","shape":[3],"data_offsets":[0,1]}'), 1), 'E_MISALIGNED', /12 bits of F4/);
    expect(readSafetensors(file(one('{"dtype":"F4","shape":[2,2],"data_offsets":[0,2]}'), 2)).tensors.get('w')!.data.length).toBe(2);
  });

  test('may be empty, without dimensions, or full of NaN', () => {
    const bytes = file('{"e":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4);
    bytes.fill(0xff, bytes.length - 4);
    const { tensors } = readSafetensors(bytes);
    expect(tensors.get('e')!.shape).toEqual([0, 4]);
    expect(tensors.get('s')).toEqual({ dtype: 'F32', shape: [], data: new Uint8Array(4).fill(0xff) });
  });

  test('may carry fields of a later version', () => {
    expect(readSafetensors(file(one('{"dtype":"U8","shape":[1],"data_offsets":[0,1],"later":[{"x":-1.5e3}]}'), 1)).tensors.size).toBe(1);
  });
});

describe('the tensors together', () => {
  const two = (a: string, b: string): string => `{"a":{"dtype":"U8","shape":[4],"data_offsets":${a}},"b":{"dtype":"U8","shape":[4],"data_offsets":${b}}}`;

  test('may not overlap', () => {
    expectRefusal(file(two('[0,4]', '[2,6]'), 6), 'E_OFFSETS', /"b" to begin at byte 4 but found 2, an overlap/);
    expectRefusal(file(two('[0,4]', '[0,4]'), 4), 'E_OFFSETS', /an overlap/);
  });

  test('may not leave a hole, neither between them nor before the first', () => {
    expectRefusal(file(two('[0,4]', '[5,9]'), 9), 'E_OFFSETS', /"b" to begin at byte 4 but found 5, a hole/);
    expectRefusal(file(two('[1,5]', '[5,9]'), 9), 'E_OFFSETS', /"a" to begin at byte 0 but found 1, a hole/);
  });

  test('must reach the end of the file and no further', () => {
    expectRefusal(file(one(F32x2), 7), 'E_INCOMPLETE', /Download the file again/);
    expectRefusal(file(one(F32x2), 9), 'E_INCOMPLETE', /Bytes after the last tensor are not allowed/);
    expectRefusal(file('{}', 1), 'E_INCOMPLETE', /expected a file of 10 bytes but found 11/);
  });

  test('come in the order of the file, as views on it', () => {
    const bytes = file(two('[4,8]', '[0,4]'), 8);
    bytes[bytes.length - 1] = 7;
    const { tensors } = readSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(['b', 'a']);
    expect(tensors.get('a')!.data[3]).toBe(7);
    expect(tensors.get('a')!.data.buffer).toBe(bytes.buffer);
  });
});

test('a header is read alone, with the size of the file given', () => {
  const bytes = file(one(F32x2), 8);
  const length = headerLength(bytes.subarray(0, 8), { fileBytes: bytes.length });
  const header = parseHeader(bytes.subarray(0, 8 + length), { fileBytes: bytes.length });
  expect(header).toMatchObject({ dataStart: 8 + length, dataBytes: 8 });
  expect(header.tensors.get('w')).toEqual({ dtype: 'F32', shape: [2], begin: 0, end: 8 });
  expect(() => parseHeader(bytes.subarray(0, 20), { fileBytes: bytes.length })).toThrow(/first \d+ bytes of the file but found 20/);
});

test('bytes at an odd offset and in shared memory are read', () => {
  const bytes = file(one(F32x2), 8);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
  shared.set(bytes);
  expect(readSafetensors(shared).tensors.get('w')!.shape).toEqual([2]);
});

import { describe, expect, test } from 'vitest';
import { readSafetensors } from './read.ts';
import { byUtf8, writeSafetensors, writeSafetensorsStream } from './write.ts';
import type { WritableTensor } from './write.ts';

const text = (file: Uint8Array): string => new TextDecoder().decode(file.subarray(8, 8 + file[0]!));
const u8 = (...values: number[]): WritableTensor => ({ dtype: 'U8', shape: [values.length], data: Uint8Array.from(values) });

test('a file is the padded header and the elements, byte for byte', () => {
  const file = writeSafetensors([['attn.0', { dtype: 'F32', shape: [1, 2], data: new Float32Array([1, -2]) }]], { metadata: {} });
  // 58 characters of JSON, padded with spaces to 64.
  expect(file[0]).toBe(64);
  expect(text(file)).toBe('{"attn.0":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   ');
  expect([...file.subarray(72)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
});

test('no tensors and no metadata are two braces and six spaces', () => {
  expect([...writeSafetensors([], { metadata: {} })]).toEqual([8, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d, 32, 32, 32, 32, 32, 32]);
});

test('the default metadata is what Hugging Face loaders check', () => {
  expect(text(writeSafetensors([]))).toMatch(/^\{"__metadata__":\{"format":"pt"\}\} *$/);
});

test('tensors lie widest dtype first, then by the bytes of their names', () => {
  const file = writeSafetensors([
    ['b', u8(1)], ['\u{1f600}', u8(2)], ['\uffee', u8(3)], ['a', u8(4)],
    ['h', { dtype: 'F16', shape: [1], data: new Uint16Array([0x3c00]) }],
    ['q', { dtype: 'I64', shape: [1], data: new BigInt64Array([-1n]) }],
    ['f', { dtype: 'F32', shape: [1], data: new Float32Array([1]) }],
  ]);
  expect([...readSafetensors(file).tensors.keys()]).toEqual(['q', 'f', 'h', 'a', 'b', '\uffee', '\u{1f600}']);
});

test('byUtf8 orders as the bytes of UTF-8 do', () => {
  const names = ['', 'a', 'aa', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '\u{10ffff}a'];
  const sorted = [...names].reverse().sort(byUtf8);
  expect(sorted).toEqual(names);
});

test('names with quotes, line ends and any script survive', () => {
  const names = ['"', '\\', '\n', '\u0000', '\u007f', 'ü', '模型', '\u{1f600}', ''];
  const { tensors } = readSafetensors(writeSafetensors(names.map((name, i) => [name, u8(i)] as const)));
  expect(new Map([...tensors].map(([name, { data }]) => [name, data[0]]))).toEqual(new Map(names.map((name, i) => [name, i])));
});

describe('refused', () => {
  test('a name twice, reserved, broken or reaching a prototype', () => {
    expect(() => writeSafetensors([['a', u8(1)], ['a', u8(1)]])).toThrow(/found "a" twice. Tied tensors are written once/);
    expect(() => writeSafetensors([['__metadata__', u8(1)]])).toThrow(/found "__metadata__"/);
    expect(() => writeSafetensors([['\ud800', u8(1)]])).toThrow(/expected a tensor name/);
    expect(() => writeSafetensors([['x.__proto__', u8(1)]])).toThrow(/prototype/);
  });

  test('elements of another dtype', () => {
    expect(() => writeSafetensors([['a', { dtype: 'F16', shape: [1], data: new Float32Array(1) }]])).toThrow(/elements or raw bytes of F16 for "a" but found Float32Array. Convert with fromFloat32/);
    expect(() => writeSafetensors([['a', { dtype: 'F99' as 'F32', shape: [1], data: new Float32Array(1) }]])).toThrow(/dtype of the format for "a" but found "F99"/);
    expect(() => writeSafetensors([['a', { dtype: 'F32', shape: [1], data: [1] as unknown as Float32Array }]])).toThrow(/but found Array/);
  });

  test('elements that do not fit the shape', () => {
    expect(() => writeSafetensors([['a', { dtype: 'F32', shape: [3], data: new Float32Array(2) }]])).toThrow(/expected 12 bytes for "a" \(F32, \[3\]\) but found 8/);
    expect(() => writeSafetensors([['a', { dtype: 'U8', shape: [-1], data: new Uint8Array(1) }]])).toThrow(/whole dimensions >= 0 but found -1/);
    expect(() => writeSafetensors([['a', { dtype: 'U8', shape: [0.5], data: new Uint8Array(1) }]])).toThrow(/found 0.5/);
    expect(() => writeSafetensors([['a', { dtype: 'U8', shape: [2 ** 40, 2 ** 40], data: new Uint8Array(1) }]])).toThrow(/2\^53/);
  });

  test('metadata that is not text', () => {
    expect(() => writeSafetensors([], { metadata: { step: 3 as unknown as string } })).toThrow(/strings but found number at "step"/);
  });
});

test('the stream is the same file, a chunk a tensor, lazy tensors included', async () => {
  const weight = new Float32Array([1, 2, 3]);
  let asked = 0;
  const lazy = { dtype: 'F32', shape: [3], data: () => { asked++; return Promise.resolve(weight); } } as const;
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSafetensorsStream([['b', u8(9)], ['w', lazy]])) chunks.push(chunk);
  expect(asked).toBe(1);
  expect(chunks.length).toBe(3);
  expect(chunks[1]!.buffer).toBe(weight.buffer);
  const whole = writeSafetensors([['b', u8(9)], ['w', { dtype: 'F32', shape: [3], data: weight }]]);
  expect(new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())).toEqual(whole);
});

test('a lazy tensor of the wrong size is refused when its turn comes', async () => {
  const lazy = { dtype: 'F32', shape: [3], data: () => new Float32Array(2) } as const;
  await expect(async () => {
    for await (const _ of writeSafetensorsStream([['w', lazy]]));
  }).rejects.toMatchObject({ code: 'E_TENSOR_SIZE' });
});

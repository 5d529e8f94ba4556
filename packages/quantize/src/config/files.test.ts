import { readFileSync } from 'node:fs';
import { type Leaf, nf4, quantizedWeight, type RawTensor, readSafetensors, toFloat32, useDevice, type Weight, type WritableTensor } from '@llm/tensor';
import { expectClose, numbers } from '@llm/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { dequantized, type GroupedMatrix } from '../grid/grouped-matrix.ts';
import { groupedMatrixOf, type GroupedWeight, groupedWeight } from '../grid/grouped-weight.ts';
import { awqFile } from './awq-file.ts';
import { bitsandbytesFile } from './bitsandbytes-file.ts';
import { compressedTensorsFile } from './compressed-tensors-file.ts';
import type { FileFormat } from './file-format.ts';
import { gptqFile } from './gptq-file.ts';
import { packBits, unpackBits } from './pack-bits.ts';

beforeAll(async () => { await useDevice('wasm', { threads: 2 }); });

const { tensors: stored } = readSafetensors(readFileSync(new URL('../../fixtures/methods/files.safetensors', import.meta.url)));
const [outputs, inputs, groupSize] = [32, 64, 32];
const groups = 2;

/** The matrix of fixtures/methods/make-files.py. */
function seeded(bits: number, symmetric: boolean): GroupedMatrix {
  const whole = (count: number, seed: number, of: (fraction: number) => number): number[] => Array.from(numbers(count, seed), (value) => of((value + 1) / 2));
  return {
    outputs, inputs, bits, groupSize, symmetric,
    codes: Uint8Array.from(whole(outputs * inputs, 11, (fraction) => Math.floor(fraction * 2 ** bits))),
    scales: Float32Array.from(whole(outputs * groups, 12, (fraction) => (Math.floor(fraction * 1000) + 8) / 1024)),
    zeros: Float32Array.from(whole(outputs * groups, 13, (fraction) => (symmetric ? 2 ** (bits - 1) : Math.floor(fraction * (2 ** bits - 1)) + 1))),
  };
}

const bytes = ({ data }: WritableTensor | RawTensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const partsOf = (prefix: string): Map<string, RawTensor> => new Map([...stored].filter(([name]) => name.startsWith(`${prefix}.`)).map(([name, raw]) => [name.slice(prefix.length + 1), raw]));
const packed = (format: FileFormat, leaf: Leaf): Promise<Record<string, WritableTensor>> => format.pack('proj', leaf, format.settings(new Map([['proj', leaf]]), []));
const module = { name: 'proj', outputs, inputs, transposed: false };

const CASES: [string, FileFormat, string, GroupedMatrix][] = [
  ...[2, 3, 4, 8].map((bits): [string, FileFormat, string, GroupedMatrix] => [`AutoGPTQ, ${bits} bits`, gptqFile, `gptq.${bits}`, seeded(bits, false)]),
  ['AutoAWQ', awqFile, 'awq.4', seeded(4, false)],
  ...[3, 4, 8].flatMap((bits) => [true, false].map((symmetric): [string, FileFormat, string, GroupedMatrix] => (
    [`compressed-tensors, ${bits} bits${symmetric ? '' : ' with zero points'}`, compressedTensorsFile, `compressed-tensors.${bits}${symmetric ? '' : 'a'}`, seeded(bits, symmetric)]))),
];

test.each(CASES)('%s: what is written is what its own writer writes, and is read again', async (_name, format, prefix, matrix) => {
  const made = await packed(format, groupedWeight(matrix));
  const expected = partsOf(prefix);
  expect(Object.keys(made).sort()).toEqual([...expected.keys()].sort());
  for (const [name, raw] of expected) {
    expect(made[name]!.shape).toEqual(raw.shape);
    // AutoGPTQ and compressed-tensors keep scales in the type of the weights, which was F32 there.
    if (/scales?$/.test(name)) expect(toFloat32({ ...made[name]!, data: bytes(made[name]!) })).toEqual(toFloat32(raw));
    else expect([made[name]!.dtype, ...bytes(made[name]!)]).toEqual([raw.dtype, ...bytes(raw)]);
  }
  const settings = format.settings(new Map([['proj', groupedWeight(matrix)]]), ['lm_head']);
  const again = await groupedMatrixOf(format.unpack(module, expected, settings) as GroupedWeight);
  expect(dequantized(again).values).toEqual(dequantized(matrix).values);
});

describe.each([['plain', false], ['nested', true]] as const)('bitsandbytes, scales %s', (kind, doubleQuantized) => {
  const values = dequantized(seeded(4, true)).values;
  const expected = partsOf(`bitsandbytes.${kind}`);

  test('what is written is what bitsandbytes writes, and is read again', async () => {
    const made = await packed(bitsandbytesFile, quantizedWeight(values, { shape: [outputs, inputs], format: nf4({ doubleQuantized }) }));
    expect(Object.keys(made).sort()).toEqual([...expected.keys()].filter((name) => name !== 'dequantized').sort());
    for (const name of ['weight', 'weight.absmax', 'weight.quant_map', 'weight.nested_absmax'].filter((each) => expected.has(each) && !(doubleQuantized && each === 'weight.absmax'))) {
      if (name === 'weight.nested_absmax') expectClose(toFloat32({ ...made[name]!, data: bytes(made[name]!) }), toFloat32(expected.get(name)!), { tolerance: 1e-6 });
      else expect([made[name]!.dtype, ...made[name]!.shape, ...bytes(made[name]!)]).toEqual([expected.get(name)!.dtype, ...expected.get(name)!.shape, ...bytes(expected.get(name)!)]);
    }
    const state = (raw: WritableTensor | RawTensor): Record<string, unknown> => JSON.parse(new TextDecoder().decode(bytes(raw))) as Record<string, unknown>;
    const name = 'weight.quant_state.bitsandbytes__nf4';
    const { nested_offset: offset, ...rest } = state(made[name]!);
    const { nested_offset: theirs, ...others } = state(expected.get(name)!);
    expect(rest).toEqual(others);
    if (doubleQuantized) expect(Math.abs((offset as number) - (theirs as number))).toBeLessThan(1e-5);
    const read = bitsandbytesFile.unpack(module, expected, {});
    expectClose(read.matrix!().dataSync() as Float32Array, toFloat32(expected.get('dequantized')!), { tolerance: 1e-6 });
    const own = bitsandbytesFile.unpack(module, new Map(Object.entries(made).map(([key, each]) => [key, { ...each, data: bytes(each) } as RawTensor])), {});
    expectClose(own.matrix!().dataSync() as Float32Array, toFloat32(expected.get('dequantized')!), { tolerance: doubleQuantized ? 0.02 : 1e-6 });
  });
});

test('codes of 3 bits cross words: 11 of them, then 10 more and a bit', () => {
  const codes = Uint8Array.from({ length: 64 }, (_, i) => (i * 5) % 8);
  const words = packBits(codes, { rows: 2, cols: 32, bits: 3 });
  expect(words).toHaveLength(6);
  expect(unpackBits(words, { rows: 2, cols: 32, bits: 3 })).toEqual(codes);
  expect((words[0]! >>> 30) | ((words[1]! & 1) << 2)).toBe(codes[10]);
});

test('what a format cannot hold is refused with what to do', async () => {
  const fractional: GroupedMatrix = { ...seeded(4, false), zeros: seeded(4, false).zeros.map((zero) => zero + 0.5) };
  for (const format of [gptqFile, awqFile, compressedTensorsFile]) await expect(packed(format, groupedWeight(fractional))).rejects.toThrow('expected whole zeros at proj but found others. Make it with hqq({ wholeZeros: true })');
  const uneven = { ...seeded(4, false), scales: seeded(4, false).scales.map((scale) => scale / 3) };
  for (const format of [gptqFile, awqFile]) await expect(packed(format, groupedWeight(uneven))).rejects.toThrow("Quantize with scaleDtype: 'F16'");
  await expect(packed(gptqFile, groupedWeight(seeded(5, true)))).rejects.toThrow('expected 2, 3, 4 or 8 bits at proj but found 5');
  await expect(packed(awqFile, groupedWeight(seeded(3, true)))).rejects.toThrow('expected four bits');
  await expect(packed(bitsandbytesFile, groupedWeight(seeded(4, true)))).rejects.toThrow('expected a matrix [out, in] in nf4');
});

test('a zero of 0 asks for version 2 of GPTQ\'s layout, groups by activity and mixtures for their own settings', async () => {
  const zero = { ...seeded(4, false), zeros: seeded(4, false).zeros.fill(0, 0, 3) };
  const leaf = groupedWeight(zero);
  expect(gptqFile.settings(new Map([['proj', leaf]]), [])).toMatchObject({ quant_method: 'gptq', bits: 4, group_size: 32, sym: false, desc_act: false, checkpoint_format: 'gptq_v2' });
  const groupOf = Int32Array.from({ length: inputs }, (_, i) => i % 2);
  const permuted = groupedWeight({ ...zero, groupOf });
  for (const format of [gptqFile, compressedTensorsFile]) {
    const made = new Map(Object.entries(await packed(format, permuted)).map(([name, each]) => [name, { ...each, data: bytes(each) } as RawTensor]));
    const read = await groupedMatrixOf(format.unpack(module, made, format.settings(new Map([['proj', permuted]]), [])) as GroupedWeight);
    expect(dequantized(read).values).toEqual(dequantized({ ...zero, groupOf }).values);
  }
  const mixed = new Map<string, Weight>([['a', groupedWeight(seeded(4, true))], ['b', groupedWeight(seeded(8, true))], ['c', groupedWeight(seeded(4, true))]]);
  const { config_groups: found } = compressedTensorsFile.settings(mixed, []) as { config_groups: Record<string, { targets: string[]; weights: { num_bits: number } }> };
  expect(Object.values(found).map(({ targets, weights }) => [targets, weights.num_bits])).toEqual([[['a', 'c'], 4], [['b'], 8]]);
  expect(() => gptqFile.settings(mixed, [])).toThrow('expected one group size for all matrices');
});

test('damaged and foreign files are refused', () => {
  const good = partsOf('gptq.4');
  const settings = gptqFile.settings(new Map([['proj', groupedWeight(seeded(4, false))]]), []);
  expect(() => gptqFile.unpack(module, new Map([...good].filter(([name]) => name !== 'scales')), settings)).toThrow('expected proj.scales but found none');
  expect(() => gptqFile.unpack({ ...module, outputs: 64 }, good, settings)).toThrow('expected I32 [8, 64] in proj.qweight but found I32 [8, 32]');
  expect(() => gptqFile.unpack(module, good, { ...settings, bits: 'four' })).toThrow('expected a whole number from 2 to 8 as quantization_config.bits but found "four"');
  const wild = new Map(good).set('g_idx', { dtype: 'I32', shape: [64], data: new Uint8Array(Int32Array.from({ length: 64 }, () => 9).buffer) });
  expect(() => gptqFile.unpack(module, wild, settings)).toThrow('expected groups below 2 in proj.g_idx');
  expect(() => compressedTensorsFile.unpack(module, partsOf('compressed-tensors.4'), { config_groups: { a: { targets: ['Linear'], weights: { num_bits: 4, type: 'float', strategy: 'group' } } } })).toThrow('expected whole numbers of 2 to 8 bits');
  const nf = new Map(partsOf('bitsandbytes.plain')).set('weight.quant_state.bitsandbytes__nf4', { dtype: 'U8', shape: [1], data: Uint8Array.of(123) });
  expect(() => bitsandbytesFile.unpack(module, nf, {})).toThrow('expected JSON in proj.weight.quant_state.bitsandbytes__nf4');
});

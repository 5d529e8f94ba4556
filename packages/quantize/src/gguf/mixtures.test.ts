import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fileTypeOf, GGUF_MIXTURES, ggufTypeOf } from './mixtures.ts';

interface Case {
  readonly case: string; readonly heads: number; readonly kvHeads: number; readonly layers: number; readonly tied: boolean; readonly importance: boolean;
  readonly names: readonly string[]; readonly shapes: readonly (readonly number[])[]; readonly types: Readonly<Record<string, string>>;
}
const { letters, cases } = JSON.parse(readFileSync(new URL('fixtures/mixtures.json', import.meta.url), 'utf8')) as { letters: readonly string[]; cases: readonly Case[] };

describe.each(cases.map((each) => [each.case, each] as const))('%s', (_, { names, shapes, types, ...model }) => {
  test.each(GGUF_MIXTURES.filter((mixture) => mixture !== 'F32'))('%s: every tensor has the type that llama-quantize gives it', (mixture) => {
    const wanted = Object.fromEntries(names.map((name, i) => [name, letters[types[mixture]!.charCodeAt(i) - 97]]));
    expect(Object.fromEntries(names.map((name, i) => [name, ggufTypeOf({ name, shape: shapes[i]! }, { mixture, ...model })]))).toEqual(wanted);
  });
});

test('in 80 layers whose key heads serve several query heads, values get more bits', () => {
  const model = { layers: 80, heads: 64, kvHeads: 8, tied: false };
  const typesOf = (mixture: 'Q4_K_S' | 'Q6_K'): string[] => [10, 40].map((i) => ggufTypeOf({ name: `blk.${i}.attn_v.weight`, shape: [1024, 8192] }, { mixture, ...model }));
  expect(typesOf('Q4_K_S')).toEqual(['Q5_K', 'Q5_K']);
  expect(typesOf('Q6_K')).toEqual(['Q6_K', 'Q6_K']);
});

test('F32 keeps everything, and the numbers of the mixtures are those of llama.cpp', () => {
  expect(ggufTypeOf({ name: 'output.weight', shape: [32, 256] }, { mixture: 'F32', layers: 1, heads: 1, kvHeads: 1, tied: false })).toBe('F32');
  expect(GGUF_MIXTURES.map((mixture) => [mixture, fileTypeOf(mixture)])).toEqual([
    ['F32', 0], ['F16', 1], ['BF16', 32], ['Q8_0', 7], ['Q4_0', 2], ['Q4_1', 3], ['Q5_0', 8], ['Q5_1', 9], ['Q2_K', 10], ['Q3_K_S', 11], ['Q3_K_M', 12], ['Q3_K_L', 13],
    ['Q4_K_S', 14], ['Q4_K_M', 15], ['Q5_K_S', 16], ['Q5_K_M', 17], ['Q6_K', 18],
  ]);
});

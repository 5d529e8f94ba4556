import { expectClose, numbers } from '@llm/testing';
import { memory, tensor, type Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDevice } from '../device/use-device.ts';
import { einsum } from './einsum.ts';

/** The definition: a loop over every letter, in f64. */
function byLoops(inputs: string[], output: string, operands: { shape: number[]; values: Float32Array }[], sizes: Record<string, number>): number[] {
  const letters = Object.keys(sizes);
  const offset = (term: string, at: Record<string, number>): number => [...term].reduce((flat, letter) => flat * sizes[letter]! + at[letter]!, 0);
  const result = Array<number>([...output].reduce((size, letter) => size * sizes[letter]!, 1)).fill(0);
  const visit = (depth: number, at: Record<string, number>): void => {
    if (depth === letters.length) {
      result[offset(output, at)]! += inputs.reduce((product, term, i) => product * operands[i]!.values[offset(term, at)]!, 1);
      return;
    }
    for (let i = 0; i < sizes[letters[depth]!]!; i++) visit(depth + 1, { ...at, [letters[depth]!]: i });
  };
  visit(0, {});
  return result;
}

const LETTERS = ['a', 'b', 'c', 'd', 'e'];
const term = fc.array(fc.constantFrom(...LETTERS), { maxLength: 4 }).map((letters) => letters.join(''));

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeAll(async () => { await useDevice(device, device === 'wasm' ? { threads: 2 } : {}); });

  test('any equation equals explicit loops, and leaves nothing behind', () => {
    fc.assert(fc.property(
      fc.array(term, { minLength: 1, maxLength: 3 }), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 5 }), fc.shuffledSubarray(LETTERS), fc.nat(),
      (inputs, lengths, wanted, seed) => {
        const used = new Set(inputs.join(''));
        const sizes = Object.fromEntries(LETTERS.map((letter, i) => [letter, lengths[i]!]).filter(([letter]) => used.has(letter as string))) as Record<string, number>;
        const output = wanted.filter((letter) => used.has(letter)).join('');
        const operands = inputs.map((letters, i) => {
          const shape = [...letters].map((letter) => sizes[letter]!);
          return { shape, values: numbers(shape.reduce((a, b) => a * b, 1), seed + i) };
        });
        const before = memory().numTensors;
        const tensors = operands.map(({ shape, values }) => tensor(values, shape));
        const result = einsum(`${inputs.join(',')}->${output}`, ...tensors);
        expect(result.shape).toEqual([...output].map((letter) => sizes[letter]!));
        expectClose(result.dataSync(), byLoops(inputs, output, operands, sizes), { tolerance: 1e-5 });
        for (const each of [...tensors, result]) each.dispose();
        expect(memory().numTensors).toBe(before);
      },
    ), { numRuns: 60 });
  });

  test('without an output, the letters that occur once, in order', () => {
    const a = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    // 'ba' transposes to 'ab'; (a · aᵀ)_ik = [[14, 32], [32, 77]]
    expect(einsum('ba', a).arraySync()).toEqual([[1, 4], [2, 5], [3, 6]]);
    expect(einsum('ij,kj', a, a).arraySync()).toEqual([[14, 32], [32, 77]]);
    expect(einsum(' i j , k j -> ', a, a).dataSync()[0]).toBe(155);
  });

  test('what does not fit is refused by name', () => {
    const a: Tensor = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    expect(() => einsum('ij->ik', a)).toThrow('einsum: expected each letter of the output once, and in an operand, but found k in ij->ik');
    expect(() => einsum('ij->ii', a)).toThrow('einsum: expected each letter of the output once, and in an operand, but found i in ij->ii');
    expect(() => einsum('ij,jk->ik', a)).toThrow('einsum: expected 2 operands for ij,jk->ik but found 1');
    expect(() => einsum('ijk->ik', a)).toThrow('einsum: expected operand 0 to have the axes ijk but found [2, 3]');
    expect(() => einsum('ii->', a)).toThrow('einsum: expected i = 2 in operand 0 of ii-> but found 3');
    expect(() => einsum('...j->j', a)).toThrow('einsum: expected letters, commas and at most one -> but found "...j->j". Write every axis as a letter.');
  });
});

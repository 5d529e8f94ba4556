import { createHash } from 'node:crypto';
import { int8, quantizedWeight, rowBlocks, tensor, type Tree, useDevice } from '@llm/tensor';
import { expect, test } from 'vitest';
import { hashWeights } from './hash-weights.ts';

const hashOf = async (params: Tree): Promise<string> => {
  const hash = createHash('sha256');
  await hashWeights(hash, params);
  return hash.digest('hex');
};

test('weights have one hash, whatever blocks they are held in, and others another', async () => {
  await useDevice('cpu');
  const codes = quantizedWeight(Float32Array.of(1, -1, 0, 1), { shape: [2, 2], format: int8() });
  const whole = await hashOf({ wte: { weight: tensor([[1, 2], [3, 4], [5, 6]]) }, head: { weight: codes } });
  expect(await hashOf({ wte: { weight: rowBlocks([tensor([[1, 2]]), tensor([[3, 4], [5, 6]])]) }, head: { weight: codes } })).toBe(whole);
  expect(await hashOf({ wte: { weight: tensor([[1, 2], [3, 4], [5, 7]]) }, head: { weight: codes } })).not.toBe(whole);
  expect(await hashOf({ wte: { weight: tensor([[1, 2], [3, 4], [5, 6]]) }, head: { weight: codes.requantize(Float32Array.of(1, -1, 0, -1)) } })).not.toBe(whole);
});

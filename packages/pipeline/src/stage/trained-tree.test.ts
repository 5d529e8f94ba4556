import { flatten, leaves, quantizedWeight, int8, rowBlocks, tensor, useDevice } from '@llm/tensor';
import { expect, test } from 'vitest';
import { trainedTree } from './trained-tree.ts';

test('what is trained, tensor by tensor, and blocks of rows as the one matrix that they are', async () => {
  await useDevice('cpu');
  const codes = quantizedWeight(Float32Array.of(1, -1, 0, 1), { shape: [2, 2], format: int8() });
  const blocks = rowBlocks([tensor([[1, 2]]), tensor([[3, 4]])]);
  const tree = { wte: { weight: blocks }, ids: tensor([1], [1], 'int32'), norm: { weight: tensor([1]) }, proj: { weight: codes } };
  const all = leaves(trainedTree(tree, () => true));
  expect(all.slice(0, 2)).toEqual([['wte.weight', blocks], ['norm.weight', tree.norm.weight]]);
  // Of a weight in few bits the scales are float32, and stand below its path.
  expect(all.slice(2).map(([path]) => path)).toEqual(Object.keys(flatten(tree)).filter((path) => path.startsWith('proj.') && flatten(tree)[path]!.dtype === 'float32'));
  expect(leaves(trainedTree(tree, (path) => path.startsWith('norm'))).map(([path]) => path)).toEqual(['norm.weight']);
});

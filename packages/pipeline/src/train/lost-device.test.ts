import { GpuError } from '@llm/tensor';
import { expect, test } from 'vitest';
import { lossBehind, lostError, unlessLost } from './lost-device.ts';
import { memoryError, ranOutOfMemory } from './out-of-memory.ts';

const lost = new GpuError('E_GPU_LOST', 'it was lost 3 times in a row');

test('a loss is found behind what it led to', () => {
  expect(lossBehind(new Error('save', { cause: new Error('write', { cause: lost }) }))).toBe(lost);
  expect(lossBehind(new Error('save', { cause: new Error('full') }))).toBeUndefined();
  expect(lossBehind(new GpuError('E_GPU_OUT_OF_MEMORY', 'no room'))).toBeUndefined();
});

test('the error says how to go on', () => {
  expect(lostError(lost, { step: 4 })).toMatchObject({ code: 'E_GPU_LOST', cause: lost });
  expect(lostError(lost, { step: 4 }).message).toMatch(/^llm: expected the graphics card to stay for step 5 but it was lost\. The checkpoints are whole: go on with --resume, or without the card with --resume --device wasm.*\nit was lost 3 times in a row$/s);
});

test('what lies between two steps is left out, other errors are not', async () => {
  let told = 0;
  const onLost = (): void => { told++; };
  expect(await unlessLost(() => Promise.resolve(3), onLost)).toBe(3);
  expect(await unlessLost(() => Promise.reject(lost), onLost)).toBeUndefined();
  await expect(unlessLost(() => Promise.reject(new Error('other')), onLost)).rejects.toThrow('other');
  expect(told).toBe(1);
});

test('a graphics card without room is out of memory like any other', () => {
  const full = new GpuError('E_GPU_OUT_OF_MEMORY', 'expected 12 MiB on the graphics card beside 80 MiB in use but found no room.');
  expect([full, lost, new RangeError('heap.alloc: expected room for 8 bytes'), new RangeError('other')].map(ranOutOfMemory)).toEqual([true, false, true, false]);
  expect(memoryError(full, { step: 2 }).message).toMatch(/^llm: expected room for step 3 but found that memory ran out\. The checkpoints are whole: .*--resume.*\n.*--batch.*\n.*--checkpointed.*\n.*--length.*\nexpected 12 MiB on the graphics card/);
  // Before there is a run there is nothing to go on with.
  expect(memoryError(full).message).toMatch(/^llm: expected room for a step but found that memory ran out\. Try one of:\n/);
});

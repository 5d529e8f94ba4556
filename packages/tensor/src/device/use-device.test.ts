import { expectClose } from '@llm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { linear } from '../ops/linear.ts';
import { overwrite, valuesInPlace, writeRows } from './in-place.ts';
import { memory } from './memory.ts';
import { useDevice, wasmBackend } from './use-device.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('what was picked is said', async () => {
  expect(await useDevice('cpu')).toMatchObject({ name: 'cpu', threads: 1, notes: [] });
  expect(await useDevice('wasm', { threads: 2 })).toMatchObject({ name: 'wasm', threads: 2 });
  expect((await useDevice('wasm', { threads: 1 })).description).toMatch(/^WebAssembly (relaxed )?SIMD, 1 thread$/);
  const plain = await useDevice('wasm', { threads: 1, relaxedSimd: false });
  expect(plain.description).toBe('WebAssembly SIMD, 1 thread');
  expect(plain.notes[0]).toContain('no relaxed SIMD');
  await expect(useDevice('gpu' as never)).rejects.toThrow(`useDevice: expected 'webgpu', 'wasm' or 'cpu' but found "gpu"`);
  await expect(useDevice('wasm', { threads: 0 })).rejects.toThrow(RangeError);
  // A device that could not be made leaves the one before in use.
  expect(wasmBackend()).toBeDefined();
});

test.each([{ threads: 1 }, { threads: 2 }, { threads: 2, relaxedSimd: false }])('%o computes', async (options) => {
  await useDevice('wasm', options);
  const y = linear(tf.tensor([[1, 2], [3, 4]]), tf.tensor([[1, 1], [2, 0.5]]));
  expect([...y.dataSync()]).toEqual([3, 3, 7, 8]);
});

test('the same options keep the device and its tensors; others bring the tensors over when they are used', async () => {
  await useDevice('wasm', { threads: 2 });
  const backend = wasmBackend();
  const x = tf.tensor([1, 2, 3]);
  await useDevice('wasm', { threads: 2 });
  expect(wasmBackend()).toBe(backend);
  await useDevice('wasm', { threads: 1 });
  expect(wasmBackend()).not.toBe(backend);
  expect([...tf.add(x, 1).dataSync()]).toEqual([2, 3, 4]);
  expect([...x.dataSync()]).toEqual([1, 2, 3]);
});

test('tensors go from cpu to wasm and back, whatever their type', async () => {
  const start = tf.memory().numTensors;
  await useDevice('cpu');
  const made = {
    float32: tf.tensor([1.5, -2]), int32: tf.tensor([7, -8], [2], 'int32'), bool: tf.tensor([1, 0, 1], [3], 'bool'),
    string: tf.tensor(['ä', 'b'], [2], 'string'), complex64: tf.complex([1, 2], [3, 4]), empty: tf.zeros([0, 3]),
  };
  const values = (): unknown[] => Object.values(made).map((each) => [...each.dataSync()]);
  const expected = [[1.5, -2], [7, -8], [1, 0, 1], ['ä', 'b'], [1, 3, 2, 4], []];
  for (const device of ['wasm', 'cpu', 'wasm'] as const) {
    await useDevice(device);
    tf.tidy(() => {
      expect([...tf.mul(made.float32, 2).dataSync()]).toEqual([3, -4]);
      expect([...tf.add(made.int32, 1).dataSync()]).toEqual([8, -7]);
      expect([...tf.logicalNot(made.bool).dataSync()]).toEqual([0, 1, 0]);
      // tfjs's own backend forgets the parts of a complex tensor that comes to it.
      if (device === 'wasm') expect([...tf.imag(made.complex64).dataSync()]).toEqual([3, 4]);
      expect(tf.concat([made.empty, tf.ones([1, 3])]).shape).toEqual([1, 3]);
      expect(values()).toEqual(expected);
    });
  }
  for (const each of Object.values(made)) each.dispose();
  expect(tf.memory().numTensors).toBe(start);
});

test('memory counts what is alive', async () => {
  await useDevice('wasm', { threads: 2, maxBytes: 2 ** 27 });
  const before = memory();
  const x = tf.zeros([1000]);
  const during = memory();
  expect(during.tensors - before.tensors).toBe(1);
  expect(during.tensorBytes - before.tensorBytes).toBe(4000);
  // Blocks are whole multiples of 64 bytes.
  expect(during.usedBytes - before.usedBytes).toBe(4032);
  x.dispose();
  const after = memory();
  expect(after).toMatchObject({ tensors: before.tensors, usedBytes: before.usedBytes, deviceBytes: before.deviceBytes });
  expect(after.peakBytes).toBeGreaterThanOrEqual(during.usedBytes);
});

test('out of memory is an error with a remedy, and costs no tensor', async () => {
  await useDevice('wasm', { threads: 1, maxBytes: 2 ** 23 });
  const x = tf.zeros([1000, 1000]);
  const before = memory();
  for (const run of [() => tf.zeros([2000, 1000]), () => tf.tile(x, [2, 1]), () => linear(x, tf.keep(x)), () => tf.tidy(() => tf.add(tf.square(x), x))]) {
    expect(run).toThrow(/^heap\.alloc: expected room for .* Use a smaller batch, more gradient accumulation, or activation checkpointing\.$/);
    expect(memory()).toMatchObject({ tensors: before.tensors, usedBytes: before.usedBytes });
  }
  expect(tf.sum(x).dataSync()[0]).toBe(0);
  x.dispose();
});

describe('a memory that cannot be shared moves when it grows', () => {
  test.each(['shared', 'not shared'])('%s: tfjs\'s own kernels work while every allocation grows the memory', async (kind) => {
    const memories: WebAssembly.Memory[] = [];
    if (kind === 'not shared') vi.stubGlobal('SharedArrayBuffer', undefined);
    const { Memory } = WebAssembly;
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(function memory(descriptor: WebAssembly.MemoryDescriptor) {
      const made = new Memory(descriptor);
      memories.push(made);
      return made;
    } as never);
    const seeds = (): tf.Tensor => tf.randomUniform([4, 6], 0.1, 2, 'float32', 3);
    const ids = (): tf.Tensor => tf.tensor([3, 0, 3], [3], 'int32');
    const runs: Record<string, () => tf.Tensor> = {
      cumsum: () => tf.cumsum(seeds(), 1), gather: () => tf.gather(seeds(), ids()), softmax: () => tf.softmax(seeds()), tile: () => tf.tile(seeds(), [2, 2]),
      pad: () => tf.pad(seeds(), [[1, 1], [0, 2]]), where: () => tf.where(tf.greater(seeds(), 1), seeds(), tf.neg(seeds())), oneHot: () => tf.oneHot(ids(), 5),
      sumMiddle: () => tf.sum(tf.reshape(seeds(), [2, 2, 6]), 1), prod: () => tf.prod(seeds(), 0), reverse: () => tf.reverse(seeds(), 1), argMax: () => tf.argMax(seeds(), 1),
      logSoftmax: () => tf.logSoftmax(seeds()), pow: () => tf.pow(seeds(), 2), slice5: () => tf.slice(tf.reshape(seeds(), [1, 2, 2, 2, 3]), [0, 1, 0, 0, 1], [1, 1, 2, 2, 2]),
      sliceInOne: () => tf.slice(tf.reshape(seeds(), [4, 1, 2, 1, 3]), [1, 0, 0, 0, 0], [2, 1, 2, 1, 3]),
      split: () => tf.split(seeds(), 2, 1)[1]!, stack: () => tf.stack([seeds(), seeds()], 1), topk: () => tf.topk(seeds(), 2).values, all: () => tf.all(tf.greater(seeds(), 0)),
      minimum: () => tf.min(seeds(), 0), einsum: () => tf.einsum('ij,kj->ik', seeds(), seeds()), reshape: () => tf.reshape(tf.transpose(seeds()), [3, 8]), erf: () => tf.erf(seeds()),
      stridedSlice: () => tf.stridedSlice(seeds(), [0, 0], [4, 6], [2, 2]), clip: () => tf.clipByValue(seeds(), 0.5, 1), floorDiv: () => tf.floorDiv(ids(), 2),
      unsortedSegmentSum: () => tf.unsortedSegmentSum(seeds(), tf.tensor([0, 1, 0, 1], [4], 'int32') as tf.Tensor1D, 2), conv2d: () => tf.conv2d(tf.reshape(seeds(), [1, 4, 6, 1]) as tf.Tensor4D, tf.ones([2, 2, 1, 1]), 1, 'valid'),
      maxPool: () => tf.maxPool(tf.reshape(seeds(), [1, 4, 6, 1]) as tf.Tensor4D, 2, 1, 'valid'), step: () => tf.step(seeds()), scatter: () => tf.scatterND(tf.tensor([[1], [0]], [2, 1], 'int32'), tf.tensor([5, 6]), [3]),
    };
    await useDevice('cpu');
    const expected = Object.values(runs).map((run) => tf.tidy(run).dataSync());
    await useDevice('wasm', { threads: 1, maxBytes: kind === 'shared' ? 2 ** 28 + 2 ** 18 : 2 ** 28 + 2 ** 17 });
    const { heap } = wasmBackend()!.device;
    const alloc = heap.alloc.bind(heap);
    vi.spyOn(heap, 'alloc').mockImplementation((bytes) => {
      memories.at(-1)!.grow(1);
      return alloc(bytes);
    });
    Object.entries(runs).forEach(([name, run], i) => expectClose(tf.tidy(run).dataSync() as Float32Array, expected[i] as Float32Array, { name }));
  });
});

describe.each(['cpu', 'wasm'] as const)('in place on %s', (device) => {
  test('values are changed for all who share them; what does not fit is refused', async () => {
    await useDevice(device);
    const x = tf.tensor([1, 2, 3, 4], [2, 2]);
    const same = tf.reshape(x, [4]);
    overwrite(x, [5, 6, 7, 8]);
    valuesInPlace(x)[0] = 9;
    expect([...same.dataSync()]).toEqual([9, 6, 7, 8]);
    overwrite(x, tf.tensor([1, 1, 1, 1]));
    expect([...same.dataSync()]).toEqual([1, 1, 1, 1]);
    expect(() => overwrite(x, [1])).toThrow('overwrite: expected 4 values but found 1');
    expect(() => valuesInPlace(tf.tensor([1], [1], 'bool'))).toThrow('valuesInPlace: expected a float32 or int32 tensor but found bool');
  });

  test('rows are written at each row\'s own position', async () => {
    await useDevice(device);
    const cache = tf.zeros([2, 3, 1]);
    writeRows(cache, tf.tensor([1, 2, 3, 4], [2, 2, 1]), [0, 1]);
    expect([...cache.dataSync()]).toEqual([1, 2, 0, 0, 3, 4]);
    expect(() => writeRows(cache, tf.tensor([1, 2, 3, 4], [2, 2, 1]), [0, 2])).toThrow('writeRows: expected positions within 3 but found 2 + 2');
    expect(() => writeRows(cache, tf.tensor([1, 2, 3, 4], [2, 2, 1]), [0])).toThrow('writeRows: expected positions within 3 but found NaN + 2');
    expect(() => writeRows(cache, tf.tensor([1, 2], [1, 2, 1]), [0])).toThrow('writeRows: expected source [2, count, …] of rows like target [2, 3, 1] but found [1, 2, 1]');
  });
});

import { askedDevices } from '@llm/kernels';
import { tensor, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { writeRows } from './in-place.ts';
import { useDevice } from './use-device.ts';

const int = (...values: number[]): Tensor => tensor(Int32Array.from(values), [values.length], 'int32');

describe.each(askedDevices())('writeRows on %s', (device) => {
  beforeEach(async () => { await useDevice(device as 'wasm' | 'webgpu'); });

  test('writes each row from its own position on, given by numbers or by a tensor', async () => {
    const source = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    for (const offsets of [[0, 2], Int32Array.of(0, 2), int(0, 2)]) {
      const target = zeros([2, 4, 2]);
      writeRows(target, source, offsets);
      expect([...await target.data()]).toEqual([1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7, 8]);
      target.dispose();
    }
    source.dispose();
  });

  test('refuses what does not fit', () => {
    const [target, source] = [zeros([2, 4, 2]), zeros([2, 2, 2])];
    for (const offsets of [[0, 3], [-1, 0], [0], [0.5, 0], tensor([0, 0]), int(0)]) expect(() => writeRows(target, source, offsets)).toThrow(RangeError);
    expect(() => writeRows(target, zeros([1, 2, 2]), [0, 0])).toThrow(/expected source/);
    if (device === 'wasm') expect(() => writeRows(target, source, int(0, 3))).toThrow(/found 3 \+ 2/);
  });

  test('a recorded step takes its positions from the array of the call', async () => {
    const target = zeros([1, 4, 1]) as Tensor;
    const write = compile((values: Float32Array, at: Int32Array) => {
      writeRows(target, tensor(values, [1, 1, 1]), at);
    });
    for (let i = 0; i < 4; i++) write(Float32Array.of(10 + i), Int32Array.of(3 - i));
    expect([...await target.data()]).toEqual([13, 12, 11, 10]);
    expect(write.counts.replayed).toBe(device === 'webgpu' ? 3 : 0);
    write.dispose();
    target.dispose();
  });
});

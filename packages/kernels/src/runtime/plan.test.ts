// What is recorded on a device, replayed, and what is refused.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { binary } from '../elementwise/binary.ts';
import { BINARY_OPERATIONS } from '../elementwise/operations.ts';
import { launch } from '../kernel.ts';
import { createWasmDevice, type WasmDevice } from './wasm-device.ts';

const SIZE = 100;

describe.each([1, 2])('%d threads', (threads) => {
  let device: WasmDevice;
  beforeAll(async () => { device = await createWasmDevice({ threads }); });
  afterAll(() => device.close());

  const add = (a: number, b: number): number => {
    const y = device.heap.alloc(SIZE * 4);
    launch(device, binary, { at: { a, b, y }, dims: { rows: 1, cols: SIZE }, uniforms: { op: BINARY_OPERATIONS.add } });
    return y;
  };
  const put = (value: number): number => device.place(SIZE * 4, new Float32Array(SIZE).fill(value));
  const at = (address: number): number => device.f32(address, SIZE)[SIZE - 1]!;

  test('a plan does the same with newer values, in memory of its own that it shares out within', () => {
    const before = device.heap.stats().blocks;
    const x = put(1);
    const { result, plan } = device.record(() => {
      const two = put(2);
      let sum = add(x, two);
      for (let i = 0; i < 4; i++) {
        const next = add(sum, two);
        device.heap.free(sum);
        sum = next;
      }
      device.heap.free(two);
      return sum;
    });
    expect(at(result)).toBe(11);
    // The constant, and two sums in turn.
    expect(device.heap.stats().blocks - before).toBe(1 + 3);
    expect([plan!.dispatches, plan!.writes.length, plan!.owns(result), plan!.owns(x)]).toEqual([5, 1, true, false]);
    device.f32(x, SIZE).fill(5);
    plan!.replay();
    expect(at(result)).toBe(15);
    // Memory of others does not come from the plan, freed or not.
    device.heap.free(result);
    const other = add(x, x);
    expect(plan!.owns(other)).toBe(false);
    device.f32(plan!.writes[0]!.address, SIZE).fill(3);
    plan!.revive(result);
    plan!.replay();
    expect([at(result), at(other)]).toEqual([20, 10]);
    plan!.dispose();
    // The result is still in use, and whoever uses it frees it.
    expect(at(result)).toBe(20);
    for (const address of [result, other, x]) device.heap.free(address);
    expect(device.heap.stats().blocks).toBe(before);
  });

  test('values from the host never lie where an earlier dispatch writes', () => {
    const before = device.heap.stats().blocks;
    const x = put(1);
    const { result, plan } = device.record(() => {
      const first = add(x, x);
      device.heap.free(first);
      const constant = put(100);
      const y = add(constant, x);
      device.heap.free(constant);
      return y;
    });
    for (let i = 0; i < 2; i++) plan!.replay();
    expect(at(result)).toBe(101);
    plan!.dispose();
    for (const address of [result, x]) device.heap.free(address);
    expect(device.heap.stats().blocks).toBe(before);
  });

  test('what takes views of memory is no plan, and its memory is like any other', () => {
    const before = device.heap.stats().blocks;
    const x = put(1);
    const { result, plan } = device.record(() => {
      const y = add(x, x);
      device.heap.free(add(y, y));
      device.f32(y, 1)[0] = 7;
      return y;
    });
    expect(plan).toBeUndefined();
    expect(device.f32(result, 2)[0]).toBe(7);
    for (const address of [result, x]) device.heap.free(address);
    expect(device.heap.stats().blocks).toBe(before);
    expect(() => device.heap.free(result)).toThrow('expected a reserved address');
  });

  test('an error while recording leaves nothing, and one recording at a time is enough', () => {
    const before = device.heap.stats().blocks;
    expect(() => device.record(() => {
      device.heap.free(device.heap.alloc(64));
      throw new Error('mine');
    })).toThrow('mine');
    expect(() => device.record(() => device.record(() => {}))).toThrow('one recording at a time');
    expect([device.heap.stats().blocks, device.recording]).toEqual([before, false]);
  });
});

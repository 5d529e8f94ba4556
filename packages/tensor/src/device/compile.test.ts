import { askedDevices } from '@llm/kernels';
import { add, mul, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../autodiff/value-and-grad.ts';
import { rmsNorm } from '../ops/rms-norm.ts';
import { compile } from './compile.ts';
import { overwrite } from './in-place.ts';
import { memory } from './memory.ts';
import { useDevice, webgpuBackend } from './use-device.ts';

describe.each(askedDevices())('compile on %s', (device) => {
  const compiled: { dispose(): void }[] = [];
  beforeEach(async () => { await useDevice(device as 'wasm' | 'webgpu'); });
  afterEach(() => { for (const each of compiled.splice(0)) each.dispose(); });
  const make: typeof compile = (fn, options = {}) => {
    const made = compile(fn, options);
    compiled.push(made);
    return made;
  };
  const read = async (x: Tensor): Promise<number[]> => {
    const values = [...await x.data()];
    x.dispose();
    return values;
  };
  const recorded = device === 'webgpu';

  test('with `wasm`, a call of our kernels alone is recorded there too; the next call writes over its result', async () => {
    const before = memory().tensors;
    const w = tensor([1, 2]);
    const f = compile((given: Float32Array, x: Tensor) => {
      const y = rmsNorm(mul(tensor(given, [1, 2]), x), w);
      return { y, sum: sum(add(y, tensor([1, 1]))) };
    }, { wasm: true });
    compiled.push(f);
    const x = tensor([3, 1]);
    for (let i = 0; i < 6; i++) {
      const given = Float32Array.of(1 + i, 2 - i);
      const plain = rmsNorm(mul(tensor(given, [1, 2]), x), w);
      const expected = await read(plain);
      const { y, sum } = f(given, x);
      expect(await read(y)).toEqual(expected);
      expect((await read(sum))[0]).toBeCloseTo(expected[0]! + expected[1]! + 2, 5);
      overwrite(w, [1 - i, 2 + i]);
    }
    expect(f.counts).toEqual({ recorded: 1, replayed: 5, plain: 0 });
    // A weight that is gone asks for a recording of its own.
    f.dispose();
    for (const each of [w, x]) each.dispose();
    // The plain runs above, outside of any scope, left an input and a product each.
    expect(memory().tensors).toBe(before + 12);
  });

  test.runIf(device === 'wasm')('a call that reads values on the host goes on being called as it is', async () => {
    const f = make((x: Tensor) => tensor(x.dataSync().map((value) => value + 1)), { wasm: true });
    for (let i = 0; i < 3; i++) {
      const x = tensor([i]);
      expect(await read(f(x))).toEqual([i + 1]);
      x.dispose();
    }
    expect(f.counts).toEqual({ recorded: 0, replayed: 0, plain: 3 });
  });

  test.runIf(device === 'wasm')('memory from outside that is gone asks for a recording of its own', async () => {
    let w = tensor([1, 2]);
    const f = make((given: Float32Array) => mul(tensor(given), w), { wasm: true });
    expect(await read(f(Float32Array.of(1, 1)))).toEqual([1, 2]);
    w.dispose();
    w = tensor([5, 6]);
    expect(await read(f(Float32Array.of(1, 1)))).toEqual([5, 6]);
    expect(await read(f(Float32Array.of(2, 1)))).toEqual([10, 6]);
    expect(f.counts).toEqual({ recorded: 2, replayed: 1, plain: 0 });
    w.dispose();
  });

  test('arrays and tensors may change from call to call', async () => {
    const before = memory().tensors;
    const f = make((x: Tensor, { shift }: { shift: Float32Array }) => add(mul(x, x), tensor(shift)));
    for (let i = 0; i < 5; i++) {
      const x = tensor([i, 2]);
      expect(await read(f(x, { shift: Float32Array.of(1, 10 * i) }))).toEqual([i * i + 1, 4 + 10 * i]);
      x.dispose();
    }
    // Once with the tensor as it was given, once more with a copy of ours that others fill.
    expect(f.counts).toEqual(recorded ? { recorded: 2, replayed: 3, plain: 0 } : { recorded: 0, replayed: 0, plain: 5 });
    f.dispose();
    expect(memory().tensors).toBe(before);
  });

  test('parameters that are trained in place are bound as they are; no buffer is made after the first call', async () => {
    const params = { w: tensor([1, 2]) };
    const gradient = valueAndGrad((p: typeof params, x: Tensor) => sum(mul(rmsNorm(x, p.w), x)));
    const step = make((given: Float32Array) => {
      const { value, grads } = gradient(params, tensor(given, [1, 2]));
      return { value, grad: grads['w']! };
    });
    const buffers: number[] = [];
    for (let i = 0; i < 6; i++) {
      const given = Float32Array.of(1 + i, 2);
      const plain = gradient(params, tensor(given, [1, 2]));
      const expected = { value: await read(plain.value), grad: await read(plain.grads['w']!) };
      const created = webgpuBackend()?.gpu.stats().buffersCreated ?? 0;
      const { value, grad } = step(given);
      buffers.push((webgpuBackend()?.gpu.stats().buffersCreated ?? 0) - created);
      expect(await read(value)).toEqual(expected.value);
      expect(await read(grad)).toEqual(expected.grad);
      overwrite(params.w, [1 + i, 2 - i]);
    }
    expect(buffers.slice(1)).toEqual([0, 0, 0, 0, 0]);
    expect(step.counts).toEqual(recorded ? { recorded: 1, replayed: 5, plain: 0 } : { recorded: 0, replayed: 0, plain: 6 });
  });

  test('what is not an array or a tensor, and arrays that are not uploaded as they are, are part of the recording', async () => {
    const f = make((x: Float32Array, factor: number) => mul(tensor(Float32Array.from(x, (value) => value + 1)), factor));
    expect(await read(f(Float32Array.of(1), 2))).toEqual([4]);
    expect(await read(f(Float32Array.of(1), 3))).toEqual([6]);
    expect(await read(f(Float32Array.of(5), 3))).toEqual([18]);
    expect(await read(f(Float32Array.of(5), 3))).toEqual([18]);
    expect(f.counts.replayed).toBe(recorded ? 1 : 0);
  });

  test('a function that never repeats itself is called as it is in the end', async () => {
    const f = make((factor: number) => mul(tensor([1]), factor));
    for (let i = 0; i < 12; i++) expect(await read(f(i))).toEqual([i]);
    expect(f.counts.plain).toBeGreaterThan(4);
  });

  test('a tensor of the closure that is gone leads to a new recording, or to the error that it would be', async () => {
    let w = tensor([2]);
    const f = make((x: Float32Array) => mul(tensor(x), w));
    expect(await read(f(Float32Array.of(3)))).toEqual([6]);
    w.dispose();
    w = tensor([5]);
    expect(await read(f(Float32Array.of(3)))).toEqual([15]);
    w.dispose();
    expect(() => f(Float32Array.of(3))).toThrow(/\S/);
  });

  test('an error in the function leaves nothing behind', () => {
    const before = memory();
    const f = make((x: Float32Array) => {
      mul(tensor(x), 2);
      throw new RangeError('no');
    });
    expect(() => f(Float32Array.of(1))).toThrow('no');
    expect(memory().tensors).toBe(before.tensors);
  });
});

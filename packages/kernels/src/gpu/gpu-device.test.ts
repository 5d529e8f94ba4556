import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askedDevices } from '../check-devices.ts';
import { launchGpu } from '../kernel.ts';
import { rmsNorm } from '../rms-norm/rms-norm.ts';
import { sizeClass } from './buffer-pool.ts';
import { createGpuDevice, type GpuDevice } from './gpu-device.ts';
import { defineProgram, flatGrid, type GpuMemory } from './program.ts';

test('a buffer is at most an eighth larger than what is asked of it', () => {
  for (const bytes of [0, 1, 255, 256, 257, 4095, 4096, 5000, 1_000_003, 2 ** 30 - 1]) {
    expect(sizeClass(bytes)).toBeGreaterThanOrEqual(bytes);
    expect(sizeClass(bytes)).toBeLessThanOrEqual(Math.max(256, bytes + Math.max(256, bytes / 8)));
  }
  expect(sizeClass(1_000_003)).toBe(sizeClass(1_000_100));
});

test('a flat grid covers every element within what a direction may have', () => {
  for (const count of [1, 64, 65, 65_535 * 64, 65_535 * 64 + 1, 2 ** 31]) {
    const [x, y] = flatGrid(count, 64);
    expect(x * y * 64).toBeGreaterThanOrEqual(count);
    expect(Math.max(x, y)).toBeLessThanOrEqual(65_535);
  }
  expect(flatGrid(0, 64)).toEqual([0, 1]);
});

const addOne = defineProgram({
  name: 'addOne', bindings: ['read', 'write'], params: { count: 'u32', addend: 'f32' },
  source: `struct Params { count: u32, addend: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { if (id.x < params.count) { y[id.x] = x[id.x] + params.addend; } }`,
});

describe.runIf(askedDevices().includes('webgpu'))('a graphics card', () => {
  let gpu: GpuDevice;
  beforeAll(async () => { gpu = await createGpuDevice(); });
  afterAll(() => gpu.close());

  const place = (values: number[]): GpuMemory => {
    const memory = gpu.alloc(4 * values.length);
    gpu.write(memory, Float32Array.from(values));
    return memory;
  };
  const add = (x: GpuMemory, addend: number): GpuMemory => {
    const y = gpu.alloc(x.bytes);
    gpu.run(addOne, { bind: [x, y], params: { count: x.bytes / 4, addend }, grid: [1] });
    return y;
  };
  const valuesOf = async (memory: GpuMemory): Promise<number[]> => [...new Float32Array(await gpu.read(memory))];

  test('a tensor beyond what one may take is refused, and no limit is above that of the card', () => {
    const most = gpu.mostTensorBytes();
    expect(most).toBeLessThanOrEqual(Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize));
    gpu.limitTensors(2 ** 20);
    expect(() => gpu.alloc(2 ** 20 + 4)).toThrow('expected tensors of at most 1.0 MiB, what this graphics card binds at once, but found 1.0 MiB. Use a smaller batch or shorter rows, or hold a matrix of that size as rowBlocks.');
    gpu.free(gpu.alloc(2 ** 20));
    gpu.limitTensors(Infinity);
    expect(gpu.mostTensorBytes()).toBe(most);
  });

  test('memory is used again, and a write waits for what still reads it', async () => {
    const x = place([1, 2, 3]);
    const y = add(x, 1);
    gpu.write(x, Float32Array.of(7, 7, 7));
    expect(await valuesOf(y)).toEqual([2, 3, 4]);
    expect(await valuesOf(x)).toEqual([7, 7, 7]);
    gpu.free(y);
    const { buffersCreated } = gpu.stats();
    for (let i = 0; i < 50; i++) gpu.free(add(x, i));
    expect(gpu.stats().buffersCreated).toBe(buffersCreated);
    gpu.free(x);
  });

  test('more dispatches than one batch of scalars keep each its own', async () => {
    const outputs = Array.from({ length: 1200 }, (_, i) => {
      const x = place([i]);
      const y = add(x, 1);
      gpu.free(x);
      return y;
    });
    for (const [i, y] of outputs.entries()) {
      if (i % 97 === 0) expect(await valuesOf(y)).toEqual([i + 1]);
      gpu.free(y);
    }
  });

  test('a recording is replayed with new values and without new buffers', async () => {
    const x = place([1, 2]);
    const source = Float32Array.of(10, 20);
    const { result, plan } = gpu.record(() => {
      const given = gpu.place(source);
      const a = add(x, 1);
      gpu.free(add(a, 5));
      const b = add(given, 1);
      gpu.free(given);
      const c = add(add(a, 100), 1000);
      return { b, c };
    });
    expect(await valuesOf(result.c)).toEqual([1102, 1103]);
    expect(await valuesOf(result.b)).toEqual([11, 21]);
    expect(plan.dispatches).toBe(5);
    expect(plan.writes.map((write) => write.source)).toEqual([source]);
    const { buffersCreated, submits } = gpu.stats();
    for (let i = 0; i < 20; i++) {
      gpu.write(x, Float32Array.of(i, -i));
      gpu.write(plan.writes[0]!.memory, Float32Array.of(3 * i, 4));
      plan.replay();
    }
    expect(gpu.stats().submits - submits).toBe(20);
    expect(await valuesOf(result.c)).toEqual([19 + 1101, -19 + 1101]);
    expect(await valuesOf(result.b)).toEqual([58, 5]);
    expect(gpu.stats().buffersCreated - buffersCreated).toBe(0);
    expect(plan.valid()).toBe(true);
    gpu.free(x);
    expect(plan.valid()).toBe(false);
    plan.dispose();
    // The results stay with who holds them.
    expect(await valuesOf(result.b)).toEqual([58, 5]);
  });

  test('what is placed while recording is not placed again, and what is written is written again', async () => {
    const { result: { kept, written }, plan } = gpu.record(() => {
      // Memory that was used and given back must not serve values that stay.
      gpu.free(add(gpu.place(Float32Array.of(1)), 1));
      const kept = gpu.place(Float32Array.of(5));
      const written = gpu.alloc(4);
      gpu.write(written, Float32Array.of(6));
      for (const memory of [kept, written]) {
        const more = add(memory, 1);
        gpu.copy(more, memory);
        gpu.free(more);
      }
      return { kept, written };
    });
    expect(await valuesOf(kept)).toEqual([6]);
    for (let i = 0; i < 3; i++) plan.replay();
    expect(await valuesOf(kept)).toEqual([9]);
    expect(await valuesOf(written)).toEqual([7]);
    plan.dispose();
  });

  test('an absent port leaves a plan valid, and a second recording makes no buffers where a first gave its own back', async () => {
    const once = (): { created: number; valid: boolean } => {
      const before = gpu.stats().buffersCreated;
      const { result, plan } = gpu.record(() => {
        const y = gpu.alloc(4096);
        gpu.run(addOne, { bind: [undefined, y], params: { count: 1, addend: 1 }, grid: [1] });
        return y;
      });
      const valid = plan.valid();
      gpu.free(result);
      plan.dispose();
      return { created: gpu.stats().buffersCreated - before, valid };
    };
    expect(once().valid).toBe(true);
    // The arena of its scalars is its own.
    expect(once().created).toBe(1);
  });

  test('memory from outside that is freed while recording stays as the replays need it', async () => {
    const x = place([4]);
    const { result, plan } = gpu.record(() => {
      const y = add(x, 1);
      gpu.free(x);
      return y;
    });
    const other = place([99]);
    plan.replay();
    expect(await valuesOf(result)).toEqual([5]);
    expect(await valuesOf(other)).toEqual([99]);
    plan.dispose();
  });

  test('what cannot be is said by name', async () => {
    const x = place([1]);
    expect(() => gpu.run(addOne, { bind: [x, x], params: { count: 1, addend: 1 }, grid: [1] })).toThrow('addOne: expected what it writes (binding 2) to share no memory with binding 1');
    expect(() => gpu.run(addOne, { bind: [x], params: { count: 1, addend: 1 }, grid: [70_000] })).toThrow('addOne: expected at most 65535 workgroups in each direction but found 70000');
    expect(() => gpu.alloc(2 ** 40)).toThrow(/expected tensors of at most \d+ MiB, what this graphics card binds at once, but found 1048576 MiB/);
    expect(() => gpu.record(() => gpu.record(() => 0))).toThrow('one recording at a time');
    expect(() => launchGpu(gpu, { ...rmsNorm, webgpu: undefined } as never, { at: {}, dims: {} })).toThrow('rmsNorm: expected a kernel for WebGPU but found none');
    expect(await valuesOf(x)).toEqual([1]);
  });
});

describe.runIf(askedDevices().includes('webgpu'))('a graphics card that fails', () => {
  test('a program that does not compile is named, and nothing is read in silence', async () => {
    const gpu = await createGpuDevice();
    const broken = defineProgram({ ...addOne, name: 'broken', source: addOne.source.replace('params.addend', 'params.nothing') });
    const x = gpu.alloc(4);
    gpu.run(broken, { bind: [undefined, x], params: { count: 1, addend: 1 }, grid: [1] });
    await expect(gpu.read(x)).rejects.toThrow(/^broken: expected a program that this graphics card compiles but found: .*nothing.*\(line 5\)/);
    await expect(gpu.read(x)).rejects.toMatchObject({ code: 'E_GPU_VALIDATION' });
    gpu.close();
  });

  test('a lost card is an error with what to do', async () => {
    const gpu = await createGpuDevice();
    const x = gpu.alloc(4);
    gpu.device.destroy();
    await expect(gpu.read(x)).rejects.toMatchObject({ code: 'E_GPU_LOST', message: expect.stringContaining('Go on from the last checkpoint') });
    expect((await gpu.lost).code).toBe('E_GPU_LOST');
    expect(() => gpu.alloc(4)).toThrow('expected the graphics card to stay but it was lost');
  });

  test('memory that is not to be had is an error with what to do', async () => {
    const gpu = await createGpuDevice();
    const size = Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize, 2 ** 30);
    const attempt = async (): Promise<void> => {
      for (let i = 0; i < 4096; i++) {
        const memory = gpu.alloc(size);
        gpu.run(addOne, { bind: [undefined, memory], params: { count: 1, addend: 1 }, grid: [1] });
        await gpu.read({ ...memory, bytes: 4 } as GpuMemory);
      }
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'E_GPU_OUT_OF_MEMORY', message: expect.stringContaining('Use a smaller batch') });
    gpu.close();
  }, 60_000);
});

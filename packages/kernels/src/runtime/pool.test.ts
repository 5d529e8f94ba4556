import { afterEach, describe, expect, test, vi } from 'vitest';
import { UNARY_OPERATIONS } from '../elementwise/operations.ts';
import { createWasmDevice, type WasmDevice } from './wasm-device.ts';

const devices: WasmDevice[] = [];
async function deviceOf(options: Parameters<typeof createWasmDevice>[0]): Promise<WasmDevice> {
  const device = await createWasmDevice(options);
  devices.push(device);
  return device;
}
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await Promise.all(devices.splice(0).map((device) => device.close()));
});

/** An address that no memory of these tests reaches, nor do the chunks behind it wrap around. */
const OUTSIDE = 2 ** 31;

describe.each([1, 2, 3])('%i threads', (threads) => {
  test('every task runs exactly once, whatever the grain', async () => {
    const device = await deviceOf({ threads });
    expect(device.threads).toBe(threads);
    const count = 1009;
    const x = device.heap.alloc(count * 4);
    for (const grain of [1, 2, 7, 64, 1008, 1009, 5000]) {
      device.f32(x, count).fill(1);
      // x ← 2x in place: a task left out would leave 1, one that ran twice 4.
      device.dispatch('unary', count, grain, [x, x, UNARY_OPERATIONS.affine, 2, 0]);
      expect(device.f32(x, count).every((value) => value === 2)).toBe(true);
    }
  });

  test('nothing to do is done at once; an unknown kernel is refused by name', async () => {
    const device = await deviceOf({ threads });
    device.dispatch('unary', 0, 1, []);
    expect(() => device.dispatch('nothing', 1, 1, [])).toThrow('dispatch: expected an exported kernel but found nothing');
  });

  test('a kernel that traps is an error, and the next dispatch runs', async () => {
    const device = await deviceOf({ threads });
    for (let i = 0; i < 20; i++) {
      expect(() => device.dispatch('activation', 64_000, 1000, [OUTSIDE, OUTSIDE, 1])).toThrow(/out of bounds|trapped on a helper thread/);
      const x = device.heap.alloc(4000);
      device.f32(x, 1000).fill(-3);
      device.dispatch('activation', 1000, 10, [x, x, 0]);
      expect(device.f32(x, 1000).every((value) => value === -3)).toBe(true);
      device.heap.free(x);
    }
  });
});

test('10,000 tiny dispatches on two threads lose none, and take less than 5 seconds', async () => {
  const device = await deviceOf({ threads: 2 });
  const x = device.heap.alloc(64 * 4);
  device.f32(x, 64).fill(0);
  const start = performance.now();
  for (let i = 0; i < 10_000; i++) device.dispatch('unary', 64, 16, [x, x, UNARY_OPERATIONS.affine, 1, 1]);
  expect(performance.now() - start).toBeLessThan(5000);
  expect(device.f32(x, 64).every((value) => value === 10_000)).toBe(true);
});

test('a kernel that writes all over the memory cannot make the threads lose count', async () => {
  for (let i = 0; i < 5; i++) {
    const device = await deviceOf({ threads: 3 });
    // The last chunks wrap around to address 0 and on through everything that lies there.
    const address = 2 ** 32 - 4096;
    expect(() => device.dispatch('activation', 64_000, 1000, [address, address, 1])).toThrow(/out of bounds/);
  }
});

test('more chunks than a ticket can count are refused', async () => {
  const device = await deviceOf({ threads: 2 });
  const x = device.heap.alloc(4);
  expect(() => device.dispatch('unary', 5000, 1, [x, x, 0, 0, 0])).toThrow('dispatch: expected at most 4095 chunks for unary but found 5000');
});

describe('where something is missing it works with less, and says so', () => {
  const works = (device: WasmDevice): void => {
    const x = device.heap.alloc(4000);
    device.f32(x, 1000).fill(3);
    device.dispatch('unary', 1000, 10, [x, x, UNARY_OPERATIONS.neg, 0, 0]);
    expect(device.f32(x, 1000).every((value) => value === -3)).toBe(true);
  };

  test('threads that cannot start', async () => {
    const { process } = globalThis as unknown as { process: { getBuiltinModule(name: string): object } };
    const original = process.getBuiltinModule.bind(process);
    const terminated: number[] = [];
    let started = 0;
    class Worker {
      readonly number = ++started;
      once(event: string, listener: (value: unknown) => void): void {
        if (event === (this.number === 1 ? 'message' : 'error')) queueMicrotask(() => listener(new Error('no more threads')));
      }
      unref(): void {}
      async terminate(): Promise<number> { return terminated.push(this.number); }
    }
    vi.spyOn(process, 'getBuiltinModule').mockImplementation((name) => (name === 'node:worker_threads' ? { Worker } : original(name)));
    const device = await deviceOf({ threads: 3 });
    expect(device.threads).toBe(1);
    expect(device.notes.at(-1)).toBe('One thread: helper threads could not start (no more threads).');
    expect(terminated).toEqual([1]);
    works(device);
  });

  test.each([
    ['no SharedArrayBuffer', () => vi.stubGlobal('SharedArrayBuffer', undefined)],
    ['a page that is not isolated', () => vi.stubGlobal('crossOriginIsolated', false)],
    ['an engine that grants no shared memory', () => {
      const { Memory } = WebAssembly;
      vi.spyOn(WebAssembly, 'Memory').mockImplementation(function memory(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.shared) throw new RangeError('no shared memory');
        return new Memory(descriptor);
      } as never);
    }],
  ])('%s', async (_name, hide) => {
    hide();
    const device = await deviceOf({ threads: 2 });
    expect(device.threads).toBe(1);
    expect(device.notes.at(-1)).toContain('One thread: memory cannot be shared here.');
    works(device);
  });

  test('one thread is what was asked for: no note', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect((await deviceOf({ threads: 1 })).notes.join()).not.toContain('One thread');
  });
});

test.each([0, 1.5, NaN])('%f threads are refused', async (threads) => {
  await expect(createWasmDevice({ threads })).rejects.toThrow(`createWasmDevice: expected threads to be a whole number from 1 on but found ${threads}`);
});

test('a memory too small for anything is refused', async () => {
  await expect(createWasmDevice({ maxBytes: 1000 })).rejects.toThrow('createWasmDevice: expected maxBytes to be at least 4194304 but found 1000');
});

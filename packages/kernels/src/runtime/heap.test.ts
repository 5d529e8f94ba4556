import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHeap, type Heap } from './heap.ts';

const PAGE = 65536;
const heapOf = (maximum: number, growBytes = PAGE): { heap: Heap; memory: WebAssembly.Memory } => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum });
  return { memory, heap: createHeap(memory, 1024, growBytes) };
};

/** Allocations of 0 to 20,000 bytes, and releases of the n-th live block. */
const steps = fc.array(fc.oneof(
  fc.record({ alloc: fc.nat({ max: 20_000 }) }),
  fc.record({ free: fc.nat({ max: 1000 }) }),
), { maxLength: 200 });

test('live blocks never overlap, lie within the memory, are aligned, and keep what was written', () => {
  fc.assert(fc.property(steps, (steps) => {
    const { heap, memory } = heapOf(1000);
    const live: { address: number; bytes: number; mark: number }[] = [];
    const holds = ({ address, bytes, mark }: { address: number; bytes: number; mark: number }): boolean =>
      new Uint8Array(memory.buffer, address, bytes).every((value) => value === mark);
    let mark = 0;
    for (const step of steps) {
      if ('alloc' in step) {
        const address = heap.alloc(step.alloc);
        mark = (mark + 1) & 255;
        expect(address % 64).toBe(0);
        expect(address).toBeGreaterThanOrEqual(1024);
        new Uint8Array(memory.buffer, address, step.alloc).fill(mark);
        live.push({ address, bytes: step.alloc, mark });
      } else if (live.length > 0) {
        const [block] = live.splice(step.free % live.length, 1);
        expect(holds(block!)).toBe(true);
        heap.free(block!.address);
      }
    }
    expect(live.every(holds)).toBe(true);
    const rounded = live.reduce((sum, { bytes }) => sum + Math.max(64, Math.ceil(bytes / 64) * 64), 0);
    expect(heap.stats()).toMatchObject({ usedBytes: rounded, blocks: live.length });
    expect(heap.stats().peakBytes).toBeGreaterThanOrEqual(rounded);
  }), { numRuns: 100 });
});

test('once everything is free there is one block again: what fitted together fits as a whole', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 50 }), fc.nat(), (sizes, seed) => {
    const { heap, memory } = heapOf(1000);
    const addresses = sizes.map((bytes) => heap.alloc(bytes));
    const total = heap.stats().usedBytes;
    // Any order of release.
    addresses.map((address, i) => [Math.imul(i + 1, seed * 2 + 1) >>> 0, address] as const).sort(([a], [b]) => a - b).forEach(([, address]) => heap.free(address));
    expect(heap.stats()).toMatchObject({ usedBytes: 0, blocks: 0 });
    const before = memory.buffer.byteLength;
    expect(heap.alloc(total)).toBe(1024);
    expect(memory.buffer.byteLength).toBe(before);
  }));
});

test('a steady state never grows: the same steps again find their room', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 30 }), (sizes) => {
    const { heap, memory } = heapOf(1000, 0);
    const round = (): void => {
      const addresses = sizes.map((bytes) => heap.alloc(bytes));
      addresses.filter((_, i) => i % 2 === 0).forEach((address) => heap.free(address));
      addresses.filter((_, i) => i % 2 === 1).forEach((address) => heap.free(address));
    };
    round();
    const after = memory.buffer.byteLength;
    for (let i = 0; i < 10; i++) round();
    expect(memory.buffer.byteLength).toBe(after);
  }));
});

test('the smallest block that fits is taken', () => {
  const { heap } = heapOf(10);
  const [big, , small] = [heap.alloc(640), heap.alloc(64), heap.alloc(128), heap.alloc(64)];
  heap.free(big!);
  heap.free(small!);
  expect(heap.alloc(100)).toBe(small);
  expect(heap.alloc(100)).toBe(big);
});

test('past its maximum it refuses with a remedy and stays as it was', () => {
  const { heap } = heapOf(2);
  const kept = heap.alloc(1000);
  const before = heap.stats();
  expect(() => heap.alloc(3 * PAGE)).toThrow(/^heap\.alloc: expected room for .* Use a smaller batch, more gradient accumulation, or activation checkpointing\.$/);
  expect(heap.stats()).toEqual(before);
  heap.free(kept);
  expect(heap.alloc(PAGE)).toBe(kept);
});

test('an address that is not reserved, and a size that is no number, are refused', () => {
  const { heap } = heapOf(2);
  const address = heap.alloc(10);
  heap.free(address);
  expect(() => heap.free(address)).toThrow(`heap.free: expected a reserved address but found ${address}`);
  for (const bytes of [NaN, -1, Infinity]) expect(() => heap.alloc(bytes)).toThrow(`heap.alloc: expected a number of bytes from 0 on but found ${bytes}`);
});

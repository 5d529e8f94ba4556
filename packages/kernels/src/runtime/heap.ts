/** Blocks of one WebAssembly memory: best fit, neighbours merged on release, so that a steady state never grows. */
export interface Heap {
  /** Reserves `bytes` (rounded up to 64) and returns the address; grows the memory only where no free block fits. */
  alloc(bytes: number): number;
  /** Gives a block back; the address must come from `alloc` and not have been freed. */
  free(address: number): void;
  /** Bytes reserved now, the most that were ever reserved at once, and the size of the memory. */
  stats(): HeapStats;
}

export interface HeapStats {
  readonly usedBytes: number;
  readonly peakBytes: number;
  readonly memoryBytes: number;
  readonly blocks: number;
}

const PAGE = 65536;
const ALIGN = 64;

/** A heap over `memory` from address `base` on; grows in steps of at least `growBytes` up to the memory's own maximum. */
export function createHeap(memory: WebAssembly.Memory, base: number, growBytes: number = 16 * 2 ** 20): Heap {
  const sizes = new Map<number, number>();
  let free: { address: number; bytes: number }[] = [];
  let top = Math.ceil(base / ALIGN) * ALIGN;
  let used = 0;
  let peak = 0;

  /** The index of the first free block at or behind `address`. */
  const position = (address: number): number => {
    let low = 0;
    let high = free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (free[middle]!.address < address) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const reserve = (address: number, bytes: number): number => {
    sizes.set(address, bytes);
    used += bytes;
    if (used > peak) peak = used;
    return address;
  };

  return {
    alloc(bytes) {
      if (!(bytes >= 0 && bytes < Infinity)) throw new RangeError(`heap.alloc: expected a number of bytes from 0 on but found ${bytes}`);
      const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
      let best = -1;
      for (let i = 0; i < free.length; i++) {
        const candidate = free[i]!.bytes;
        if (candidate >= size && (best < 0 || candidate < free[best]!.bytes)) best = i;
      }
      if (best >= 0) {
        const block = free[best]!;
        const address = block.address;
        if (block.bytes === size) free.splice(best, 1);
        else free[best] = { address: address + size, bytes: block.bytes - size };
        return reserve(address, size);
      }
      const last = free.at(-1);
      const start = last !== undefined && last.address + last.bytes === top ? last.address : top;
      const end = start + size;
      if (end > memory.buffer.byteLength) growTo(memory, end, growBytes, used);
      if (start !== top) free.pop();
      top = end;
      return reserve(start, size);
    },
    free(address) {
      const bytes = sizes.get(address);
      if (bytes === undefined) throw new RangeError(`heap.free: expected a reserved address but found ${address}`);
      sizes.delete(address);
      used -= bytes;
      const at = position(address);
      const before = free[at - 1];
      const after = free[at];
      const joinsBefore = before !== undefined && before.address + before.bytes === address;
      const joinsAfter = after !== undefined && address + bytes === after.address;
      if (joinsBefore) {
        before.bytes += bytes + (joinsAfter ? after.bytes : 0);
        if (joinsAfter) free.splice(at, 1);
      } else if (joinsAfter) {
        free[at] = { address, bytes: bytes + after.bytes };
      } else {
        free.splice(at, 0, { address, bytes });
      }
    },
    stats: () => ({ usedBytes: used, peakBytes: peak, memoryBytes: memory.buffer.byteLength, blocks: sizes.size }),
  };
}

function growTo(memory: WebAssembly.Memory, end: number, growBytes: number, used: number): void {
  const wanted = Math.ceil((end - memory.buffer.byteLength) / PAGE);
  const generous = Math.max(wanted, Math.ceil(growBytes / PAGE));
  for (const pages of [generous, wanted]) {
    try {
      memory.grow(pages);
      return;
    } catch {
      // The generous step may pass the maximum where the exact one does not.
    }
  }
  throw new RangeError(
    `heap.alloc: expected room for ${end} bytes but found that the WebAssembly memory cannot grow past `
    + `${memory.buffer.byteLength} (${used} in use). Use a smaller batch, more gradient accumulation, or activation checkpointing.`,
  );
}

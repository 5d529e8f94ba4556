import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid, type GpuMemory } from '../gpu/program.ts';
import type { GpuLaunch } from '../kernel.ts';

const block = { count: 'u32', blocks: 'u32', shift: 'u32', most: 'u32' } as const;
const countProgram = defineProgram({ name: 'sortCount', source: wgsl.sortCount, bindings: ['read', 'write'], params: block });
const offsetsProgram = defineProgram({
  name: 'sortOffsets', source: wgsl.groupPrefix + wgsl.sortOffsets, bindings: ['write', 'write'], params: { blocks: 'u32' },
});
const scatterProgram = defineProgram({
  name: 'sortScatter', source: wgsl.groupPrefix + wgsl.sortScatter, bindings: ['read', 'read', 'read', 'read', 'write', 'write'], params: block,
});

/** Bits of a digit, keys of a block, and lanes that add up the counts of a digit. */
const DIGIT = 8;
const BLOCK = 256;
const OFFSET_LANES = 32;

interface Sorted {
  /** The ids in order; those outside of the table are `vocab`, and last. */
  readonly ids: GpuMemory;
  /** Where each stood; those of one id are in the order in which they stood. */
  readonly order: GpuMemory;
}

/**
 * Sorts positions by id, from the lowest digit of 8 bits to the highest, each time without changing the order of equals: counts
 * add up to the same in whichever order, so that the result is always the same.
 */
export function sortByIdOnGpu(
  { run, temporary }: Pick<GpuLaunch, 'run' | 'temporary'>,
  { ids, count, vocab }: { ids: GpuMemory | undefined; count: number; vocab: number },
): Sorted {
  const blocks = Math.ceil(count / BLOCK);
  const counts = temporary(2 ** DIGIT * blocks * 4);
  const totals = temporary(2 ** DIGIT * 4);
  const passes = Math.max(1, Math.ceil(Math.log2(vocab + 1) / DIGIT));
  const sorted = [0, 1].map((): Sorted => ({ ids: temporary(count * 4), order: temporary(count * 4) })) as [Sorted, Sorted];
  for (let pass = 0; pass < passes; pass++) {
    const from = pass === 0 ? { ids, order: undefined } : sorted[(pass + 1) % 2]!;
    const to = sorted[pass % 2]!;
    const params = { count, blocks, shift: pass * DIGIT, most: vocab };
    run(countProgram, { bind: [from.ids, counts], params, grid: flatGrid(blocks, 1) });
    run(offsetsProgram, { bind: [counts, totals], params: { blocks }, grid: [(2 ** DIGIT * OFFSET_LANES) / BLOCK] });
    run(scatterProgram, {
      bind: [from.ids, from.order, counts, totals, to.ids, to.order], params, grid: flatGrid(blocks, 1), constants: { FIRST: Number(pass === 0) },
    });
  }
  return sorted[(passes + 1) % 2]!;
}

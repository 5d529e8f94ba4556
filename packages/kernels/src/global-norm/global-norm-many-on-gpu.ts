import * as wgsl from '../generated/wgsl.ts';
import type { GpuDevice } from '../gpu/gpu-device.ts';
import { defineProgram, flatGrid, type GpuMemory } from '../gpu/program.ts';

const partialProgram = defineProgram({
  name: 'globalNormPartials', source: wgsl.globalNormPartials, bindings: ['read', 'write'], params: { count: 'u32', blocks: 'u32', first: 'u32' },
});
const mergeProgram = defineProgram({ name: 'globalNormMerge', source: wgsl.globalNormMerge, bindings: ['read', 'write'], params: { rows: 'u32' } });

/** Numbers of a workgroup, and the bytes it leaves; global-norm-partials.wgsl knows the same. */
const BLOCK = 16_384;
const ROW_BYTES = 16;

/**
 * norm [1] = √(Σ over all tensors of Σ x²) of `count` floats in each memory, left on the graphics card: not finite exactly when
 * some value is not. One dispatch a tensor and one more; sums are added in a fixed order, and neither overflow nor vanish.
 */
export function globalNormManyOnGpu(
  device: GpuDevice, { tensors, norm }: { readonly tensors: readonly { readonly memory: GpuMemory; readonly count: number }[]; readonly norm: GpuMemory },
): void {
  const rows = tensors.reduce((sum, { count }) => sum + Math.ceil(count / BLOCK), 0);
  const partials = device.alloc(rows * ROW_BYTES);
  try {
    let first = 0;
    for (const { memory, count } of tensors) {
      const blocks = Math.ceil(count / BLOCK);
      device.run(partialProgram, { bind: [memory, partials], params: { count, blocks, first }, grid: flatGrid(blocks, 1) });
      first += blocks;
    }
    device.run(mergeProgram, { bind: [partials, norm], params: { rows }, grid: [1] });
  } finally {
    device.free(partials);
  }
}

import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid, type GpuMemory } from '../gpu/program.ts';
import type { GpuLaunch } from '../kernel.ts';

const bindings = ['read', 'write'] as const;
const params = {
  count: 'u32', length: 'u32', size1: 'u32', size2: 'u32', in0: 'u32', in1: 'u32', in2: 'u32', in3: 'u32', start: 'u32', step: 'u32', first: 'u32',
} as const;
const ones = defineProgram({ name: 'copyRuns', source: wgsl.bits + wgsl.copyRuns, bindings, params });
const fours = defineProgram({ name: 'copyRunsOfFours', source: wgsl.bits4 + wgsl.copyRuns, bindings, params });

interface Runs {
  readonly x: GpuMemory | undefined;
  readonly y: GpuMemory | undefined;
  /** Words of a run, and the words between them in x; default 1. */
  readonly length: number;
  readonly spread?: number;
  /** How many runs there are along at most three axes, and the words between them in x. */
  readonly axes?: readonly { readonly size: number; readonly from: number }[];
  /** Words in front of the first run in x and in y; default 0. */
  readonly start?: number;
  readonly first?: number;
  /** Words from one run in y to the next; default the length. */
  readonly step?: number;
}

/** Copies runs of words on a graphics card: four words at a time where all distances are multiples of four. */
export function copyRunsOnGpu(run: GpuLaunch['run'], { x, y, length, spread = 1, axes = [], start = 0, first = 0, step = length }: Runs): void {
  const none = { size: 1, from: 0 };
  const kept = axes.filter(({ size }) => size !== 1);
  const [i, j, k] = [none, none, none, ...kept].slice(-3) as [typeof none, typeof none, typeof none];
  const count = axes.reduce((product, { size }) => product * size, length);
  const four = spread === 1 && [length, start, first, step, i.from, j.from, k.from].every((words) => words % 4 === 0);
  const unit = four ? 4 : 1;
  run(four ? fours : ones, {
    bind: [x, y],
    params: {
      count: count / unit, length: length / unit, size1: j.size, size2: k.size,
      in0: i.from / unit, in1: j.from / unit, in2: k.from / unit, in3: spread, start: start / unit, step: step / unit, first: first / unit,
    },
    grid: flatGrid(count / unit, 256),
    constants: { AXES: kept.length },
  });
}

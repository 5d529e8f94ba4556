import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid, type GpuMemory } from '../gpu/program.ts';
import type { GpuLaunch } from '../kernel.ts';
import { REDUCTIONS } from './reference.ts';

const program = defineProgram({
  name: 'reduceRows', source: wgsl.isNan + wgsl.reduceRows, bindings: ['read', 'write'],
  params: { tasks: 'u32', cols: 'u32', parts: 'u32', width: 'u32', empty: 'f32', divisor: 'f32' },
});

const GROUP = 256;
/** Workgroups that fill a large graphics card. */
const MANY = 512;
/** Numbers that a part of a row has at least, and at most: then a lane adds up no more than 64 in each of its four sums. */
const LEAST_WIDTH = 4096;
const MOST_WIDTH = 65_536;

interface Rows { readonly x: GpuMemory | undefined; readonly y: GpuMemory | undefined; readonly rows: number; readonly cols: number; readonly op: number }

/** Lanes for so many numbers, about four each: a power of two. */
function lanesFor(width: number): number {
  return Math.min(GROUP, 2 ** Math.ceil(Math.log2(Math.max(1, width / 4))));
}

/** y[r] from the row of `cols` numbers at x on a graphics card: few rows or long ones in parts, whose results are joined in order. */
export function reduceRowsOnGpu({ run, temporary }: Pick<GpuLaunch, 'run' | 'temporary'>, { x, y, rows, cols, op }: Rows): void {
  const reduce = (
    from: GpuMemory | undefined, to: GpuMemory | undefined,
    { length, parts, width, divisor }: { length: number; parts: number; width: number; divisor: number },
  ): void => {
    const lanes = lanesFor(width);
    run(program, {
      bind: [from, to],
      params: { tasks: rows * parts, cols: length, parts, width, empty: op === REDUCTIONS.max ? -Infinity : 0, divisor },
      grid: flatGrid(rows * parts, GROUP / lanes),
      constants: { LANES: lanes, IS_MAX: Number(op === REDUCTIONS.max) },
    });
  };
  const divisor = op === REDUCTIONS.mean ? cols : 1;
  const wanted = Math.max(Math.ceil(cols / MOST_WIDTH), Math.min(Math.ceil(MANY / Math.max(1, rows)), Math.floor(cols / LEAST_WIDTH)), 1);
  const width = Math.ceil(cols / wanted);
  const parts = Math.max(1, Math.ceil(cols / Math.max(1, width)));
  if (parts === 1) {
    reduce(x, y, { length: cols, parts: 1, width: cols, divisor });
    return;
  }
  const partials = temporary(rows * parts * 4);
  reduce(x, partials, { length: cols, parts, width, divisor: 1 });
  reduce(partials, y, { length: parts, parts: 1, width: parts, divisor });
}

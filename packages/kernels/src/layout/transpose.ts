import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel, type Sizes } from '../kernel.ts';
import { copyRunsOnGpu } from './copy-runs-on-gpu.ts';
import { launchCopy, launchCopyRuns } from './copy-runs.ts';
import { transposeReference } from './reference.ts';

/** Rows of x that become a line of y; the AssemblyScript knows the same number. */
const STRIP = 16;
/** Columns of x that a task turns: long enough that x streams, short enough that the rows of y it opens are still cached for the next strip. */
const BLOCK_WIDTH = 512;
/** The side of a tile on a graphics card, as transpose-tiles.wgsl has it, and the least side of a plane that is worth tiles. */
const SIDE = 32;
const LEAST_SIDE = 8;

const tileProgram = defineProgram({
  name: 'transposeTiles', source: wgsl.transposeTiles, bindings: ['read', 'write'],
  params: {
    tiles: 'u32', across: 'u32', down: 'u32', height: 'u32', width: 'u32', row: 'u32', column: 'u32', size1: 'u32',
    in0: 'u32', in1: 'u32', out0: 'u32', out1: 'u32',
  },
});

/** An axis of the output: its size, and the words between its neighbours in x and in y. */
interface Axis { readonly size: number; readonly from: number; readonly to: number }

/** The axes of the output in order, without those of size 1, neighbours that stay neighbours made one. */
export function mergeAxes(shape: readonly number[], order: readonly number[]): Axis[] {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
  const kept: { size: number; from: number }[] = [];
  for (const axis of order) {
    const size = shape[axis]!;
    const from = strides[axis]!;
    if (size === 1) continue;
    const last = kept.at(-1);
    if (last !== undefined && last.from === from * size) kept[kept.length - 1] = { size: last.size * size, from };
    else kept.push({ size, from });
  }
  let to = 1;
  const axes: Axis[] = [];
  for (const { size, from } of kept.reverse()) {
    axes.unshift({ size, from, to });
    to *= size;
  }
  return axes;
}

const NONE: Axis = { size: 1, from: 0, to: 0 };

/** The axes along which there are planes of the two that span one. */
function outside(axes: readonly Axis[], last: Axis, fast: Axis): [Axis, Axis] {
  return [NONE, NONE, ...axes.filter((axis) => axis !== last && axis !== fast)].slice(-2) as [Axis, Axis];
}

/**
 * y = x [n0, n1, n2, n3] with its axes in the order p0, p1, p2, p3: y.shape[i] = x.shape[p_i], as numpy.transpose has it. Tensors
 * of a lower rank get leading axes of size 1. Words move as bits, so x may hold floats or integers; y must lie apart from x.
 */
export const transpose: Kernel = defineKernel({
  name: 'transpose',
  inputs: { x: { dims: ['n0', 'n1', 'n2', 'n3'] } },
  outputs: { y: { dims: ['m0', 'm1', 'm2', 'm3'] } },
  uniforms: { p0: 0, p1: 1, p2: 2, p3: 3 },
  derive({ n0 = 0, n1 = 0, n2 = 0, n3 = 0 }, { p0, p1, p2, p3 }): Sizes {
    const order = [p0, p1, p2, p3];
    if (order.toSorted().join() !== '0,1,2,3') throw new RangeError(`transpose: expected an order of the axes 0 to 3 but found ${order.join(', ')}`);
    const shape = [n0, n1, n2, n3];
    return { m0: shape[p0]!, m1: shape[p1]!, m2: shape[p2]!, m3: shape[p3]! };
  },
  reference: transposeReference,
  wasm({ at, dims: { n0 = 0, n1 = 0, n2 = 0, n3 = 0 }, uniforms: { p0, p1, p2, p3 }, run }) {
    const size = n0 * n1 * n2 * n3;
    if (size === 0) return;
    const axes = mergeAxes([n0, n1, n2, n3], [p0, p1, p2, p3]);
    const last = axes.at(-1);
    if (axes.length <= 1 || last === undefined) {
      launchCopy({ run }, { x: at.x, y: at.y, size });
      return;
    }
    if (last.from === 1) {
      const [a, b, c] = [NONE, NONE, ...axes.slice(0, -1)].slice(-3) as [Axis, Axis, Axis];
      launchCopyRuns({ run }, {
        x: at.x, y: at.y, length: last.size, step: last.size,
        sizes: [a.size, b.size, c.size], strides: [a.from, b.from, c.from],
      });
      return;
    }
    // The axis that is contiguous in x is another one than that in y: together they span planes to turn.
    const fast = axes.find(({ from }) => from === 1)!;
    const [p, q] = outside(axes, last, fast);
    const strips = Math.ceil(last.size / STRIP);
    const blocks = Math.ceil(fast.size / BLOCK_WIDTH);
    const tasks = p.size * q.size * strips * blocks;
    const perTask = Math.min(STRIP, last.size) * Math.min(BLOCK_WIDTH, fast.size);
    const grain = Math.max(Math.ceil(tasks / 1000), Math.min(Math.ceil(tasks / 4), Math.ceil(32_768 / perTask)));
    run(
      'transposePlanes', tasks, grain, at.x, at.y, last.size, fast.size, last.from, fast.to,
      q.size, p.from, q.from, p.to, q.to, strips, blocks, BLOCK_WIDTH,
    );
  },
  webgpu({ at, dims: { n0 = 0, n1 = 0, n2 = 0, n3 = 0 }, uniforms: { p0, p1, p2, p3 }, run }) {
    const size = n0 * n1 * n2 * n3;
    if (size === 0) return;
    const axes = mergeAxes([n0, n1, n2, n3], [p0, p1, p2, p3]);
    const last = axes.at(-1) ?? { size: 1, from: 1, to: 1 };
    const fast = axes.find(({ from }) => from === 1) ?? last;
    if (fast === last || Math.min(fast.size, last.size) < LEAST_SIDE) {
      copyRunsOnGpu(run, { x: at.x, y: at.y, length: last.size, spread: last.from, axes: axes.slice(0, -1) });
      return;
    }
    const [p, q] = outside(axes, last, fast);
    const across = Math.ceil(fast.size / SIDE);
    const down = Math.ceil(last.size / SIDE);
    const tiles = p.size * q.size * across * down;
    run(tileProgram, {
      bind: [at.x, at.y],
      params: {
        tiles, across, down, height: last.size, width: fast.size, row: last.from, column: fast.to,
        size1: q.size, in0: p.from, in1: q.from, out0: p.to, out1: q.to,
      },
      grid: flatGrid(tiles, 1),
    });
  },
});

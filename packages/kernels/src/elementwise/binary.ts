import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import { type Kernel, defineKernel, rowGrain, type Sizes } from '../kernel.ts';
import { FLAT, flatGrain } from './flat-grain.ts';
import { BROADCASTS } from './operations.ts';
import { binaryReference, operandSize } from './reference.ts';

const bindings = ['read', 'read', 'write'] as const;
const params = { size: 'u32', cols: 'u32' } as const;
const program = defineProgram({ name: 'binary', source: wgsl.isNan + wgsl.combine + wgsl.binary, bindings, params });
const raggedProgram = defineProgram({ name: 'binaryRagged', source: wgsl.isNan + wgsl.combine + wgsl.binaryRagged, bindings, params });

/** The broadcast that means the same and is cheapest: a row of one column is a number, a column of one row too. */
function simplest(broadcast: number, { rows = 0, cols = 0 }: Sizes): number {
  if (broadcast === BROADCASTS.row) return cols === 1 ? BROADCASTS.scalar : rows === 1 ? BROADCASTS.none : broadcast;
  if (broadcast === BROADCASTS.column) return rows === 1 ? BROADCASTS.scalar : cols === 1 ? BROADCASTS.none : broadcast;
  return broadcast;
}

const isFlat = (broadcast: number): boolean => broadcast === BROADCASTS.none || broadcast === BROADCASTS.scalar;
const isVector = (broadcast: number): number => (broadcast === BROADCASTS.none || broadcast === BROADCASTS.row ? 1 : 0);

/** Bytes from one row of an operand to its next. */
function rowStep(broadcast: number, cols: number): number {
  if (broadcast === BROADCASTS.none) return cols * 4;
  return broadcast === BROADCASTS.column ? 4 : 0;
}

/**
 * y[r, c] = a op b on [rows, cols], with `op` from BINARY_OPERATIONS and each operand's layout from BROADCASTS. Tensors of the
 * same shape are best given as one row. y may be the memory of an operand that is not broadcast, or lie apart from both.
 * rows and cols come with the call; `aSize` and `bSize` follow from them.
 */
export const binary: Kernel = defineKernel({
  name: 'binary',
  inputs: { a: { dims: ['aSize'] }, b: { dims: ['bSize'] } },
  outputs: { y: { dims: ['rows', 'cols'] } },
  uniforms: { op: 0, broadcastA: 0, broadcastB: 0 },
  derive(dims, { broadcastA, broadcastB }) {
    const sizes = { aSize: operandSize(broadcastA, dims), bSize: operandSize(broadcastB, dims) };
    for (const [name, size] of Object.entries(sizes)) {
      const found = dims[name] ?? size;
      if (found !== size) throw new RangeError(`binary: expected ${name} = ${size} for [${dims['rows']}, ${dims['cols']}] but found ${found}`);
    }
    return sizes;
  },
  reference: binaryReference,
  wasm({ at, dims, uniforms: { op, broadcastA, broadcastB }, run }) {
    const { rows = 0, cols = 0 } = dims;
    const a = simplest(broadcastA, dims);
    const b = simplest(broadcastB, dims);
    if (isFlat(a) && isFlat(b)) run('binaryFlat', rows * cols, flatGrain(rows * cols), at.a, at.b, at.y, op, isVector(a), isVector(b));
    else run('binaryRows', rows, rowGrain(rows, cols), at.a, at.b, at.y, cols, op, rowStep(a, cols), rowStep(b, cols), isVector(a), isVector(b));
  },
  webgpu({ at, dims, uniforms: { op, broadcastA, broadcastB }, run }) {
    const { rows = 0, cols = 0 } = dims;
    const a = simplest(broadcastA, dims);
    const b = simplest(broadcastB, dims);
    const fours = (isFlat(a) && isFlat(b)) || cols % 4 === 0;
    const overA = at.a === at.y;
    const overB = at.b === at.y;
    run(fours ? program : raggedProgram, {
      bind: [overA ? undefined : at.a, overB ? undefined : at.b, at.y],
      params: { size: rows * cols, cols: fours ? Math.ceil(cols / 4) : cols },
      grid: flatGrid(rows * cols, FLAT),
      constants: { OP: op, A_KIND: a, B_KIND: b, A_IS_Y: Number(overA), B_IS_Y: Number(overB) },
    });
  },
});

import * as wgsl from '../generated/wgsl.ts';
import { defineRowProgram, layRows } from '../gpu/row-program.ts';
import { type Kernel, defineKernel, rowGrain } from '../kernel.ts';
import { ropeReference } from './reference.ts';

const rowProgram = defineRowProgram({
  name: 'rope', source: wgsl.nan + wgsl.rope, bindings: ['read', 'read', 'read', 'read', 'write'],
  params: {
    rows: 'u32', words: 'u32', lanes: 'u32', positions: 'u32', heads: 'u32', width: 'u32', half: 'u32', tablePositions: 'u32', sign: 'f32',
  },
});

function checkHalf(half: number, width: number): void {
  if (2 * half > width) throw new RangeError(`rope: expected a head width of at least ${2 * half} (twice the table's) but found ${width}. Make tables with fewer frequencies.`);
}

/**
 * Rotary position embedding: each pair (a, b) of the first 2 · half numbers of a head turns by its position's angle,
 * (a cos θ − b sin θ, b cos θ + a sin θ); the other numbers are copied. Pairs are (i, i + half), or (2i, 2i + 1) where
 * `interleaved` is 1. `cos` and `sin` come from the caller, so that any scaling of the frequencies stays outside.
 * `positions` defaults to 0, 1, 2, …; one outside of the tables gives NaN. `inverse` 1 turns back, which is the gradient.
 */
export const rope: Kernel = defineKernel({
  name: 'rope',
  paper: 'https://arxiv.org/abs/2104.09864',
  inputs: {
    x: { dims: ['batch', 'positions', 'heads', 'width'] },
    cos: { dims: ['tablePositions', 'half'] }, sin: { dims: ['tablePositions', 'half'] },
    positions: { dims: ['batch', 'positions'], dtype: 'int32', optional: true },
  },
  outputs: { y: { dims: ['batch', 'positions', 'heads', 'width'] } },
  uniforms: { interleaved: 0, inverse: 0 },
  reference: ropeReference,
  wasm({ at, dims: { batch = 0, positions = 0, heads = 0, width = 0, half = 0, tablePositions = 0 }, uniforms: { interleaved, inverse }, run }) {
    checkHalf(half, width);
    const rows = batch * positions;
    run(
      'rope', rows, rowGrain(rows, heads * width), at.x, at.cos, at.sin, at.positions, at.y,
      positions, heads, width, half, tablePositions, interleaved, inverse,
    );
  },
  webgpu({ at, dims: { batch = 0, positions = 0, heads = 0, width = 0, half = 0, tablePositions = 0 }, uniforms: { interleaved, inverse }, run }) {
    checkHalf(half, width);
    const fours = half % 4 === 0 && width % 4 === 0;
    const { program, params, grid } = layRows(rowProgram, { rows: batch * positions, cols: heads * Math.max(half, width - 2 * half), fours });
    const word = fours ? 4 : 1;
    run(program, {
      bind: [at.x, at.cos, at.sin, at.positions, at.y],
      params: { ...params, positions, heads, width: width / word, half: half / word, tablePositions, sign: inverse ? -1 : 1 },
      grid, constants: { INTERLEAVED: interleaved, HAS_POSITIONS: at.positions === undefined ? 0 : 1 },
    });
  },
});

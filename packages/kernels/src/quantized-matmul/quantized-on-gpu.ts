import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid } from '../gpu/program.ts';
import type { GpuLaunch } from '../kernel.ts';

const packProgram = defineProgram({ name: 'quantizedPack', source: wgsl.quantizedPack, bindings: ['read', 'write', 'write'], params: { units: 'u32' } });
const bindings = ['read', 'read', 'read', 'read', 'read', 'read', 'read', 'write'] as const;
const params = { m: 'u32', n: 'u32', steps: 'u32', blocks: 'u32', perBlock: 'u32', factor: 'f32', shifted: 'u32', hasBias: 'u32', hasResidual: 'u32' } as const;

/** Products of four bytes at once, and one by one where WGSL has none such. */
const PROGRAMS = Object.fromEntries(([['packed', wgsl.quantizedDotPacked], ['plain', wgsl.quantizedDotPlain]] as const).map(([name, dot]) => [name, {
  fewRows: defineProgram({ name: 'quantizedFewRows', source: dot + wgsl.quantizedWeights + wgsl.quantizedFewRows, bindings, params }),
  tile: defineProgram({ name: 'quantizedTile', source: dot + wgsl.quantizedWeights + wgsl.quantizedTile, bindings, params }),
}])) as Record<'packed' | 'plain', Record<'fewRows' | 'tile', ReturnType<typeof defineProgram<typeof params>>>>;

const COLS_PER_GROUP = 32;
const SIDE = 64;
/** Up to so many rows columns are shared out over lanes; more of them fill tiles. */
const FEW_ROWS = 16;

/** A product on memory of a graphics card. */
export function quantizedMatmulOnGpu(
  { at, dims: { m = 0, n = 0, k = 0 }, uniforms: { bits, blockSize, zero }, device, run, temporary }: GpuLaunch<string, 'bits' | 'blockSize' | 'zero'>,
  { unit, dot = device.features.packedDot ? 'packed' : 'plain' }: { unit: number; dot?: 'packed' | 'plain' },
): void {
  if (m === 0 || n === 0) return;
  const NIBBLES = bits === 4 ? 1 : 0, step = bits === 4 ? 32 : 16;
  const codes = temporary(m * k), ofSteps = temporary(((m * k) / step) * 8), units = (m * k) / unit;
  run(packProgram, { bind: [at.x, codes, ofSteps], params: { units }, grid: flatGrid(units, 64), constants: { UNIT: unit, STEP: step, NIBBLES } });
  // What the sums of x are multiplied with: offsets, or zero · scale.
  const [shifts, factor] = at.offset !== undefined ? [at.offset, 1] : zero !== 0 ? [at.scale, zero] : [undefined, 0];
  const call = {
    bind: [codes, ofSteps, at.codes, at.scale, shifts, at.bias, at.residual, at.y],
    params: {
      m, n, steps: k / step, blocks: k / blockSize, perBlock: blockSize / step, factor,
      shifted: shifts === undefined ? 0 : 1, hasBias: at.bias === undefined ? 0 : 1, hasResidual: at.residual === undefined ? 0 : 1,
    },
  };
  const { fewRows, tile } = PROGRAMS[dot];
  if (m <= FEW_ROWS) {
    const ROWS = m === 1 ? 1 : m <= 4 ? 4 : 8;
    const [x, y] = flatGrid(n, COLS_PER_GROUP);
    run(fewRows, { ...call, grid: [x, y, Math.ceil(m / ROWS)], constants: { NIBBLES, ROWS } });
    return;
  }
  run(tile, { ...call, grid: flatGrid(Math.ceil(m / SIDE) * Math.ceil(n / SIDE), 1), constants: { NIBBLES, HALVES: unit === 16 ? 2 : 1 } });
}

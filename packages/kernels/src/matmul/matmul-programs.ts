import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, type GpuProgram } from '../gpu/program.ts';

/** The scalars of every program of the product; distances and beginnings count numbers. */
const PARAMS = {
  batch: 'u32', m: 'u32', n: 'u32', k: 'u32',
  aStart: 'u32', aBatch: 'u32', aRow: 'u32', bStart: 'u32', bBatch: 'u32', bRow: 'u32',
  cStart: 'u32', cBatch: 'u32', cRow: 'u32', cSplit: 'u32', splits: 'u32', kStep: 'u32', lanes: 'u32', countedBefore: 'u32',
} as const;

export type ProductProgram = GpuProgram<typeof PARAMS>;

/** Whether operands, and results, come in whole words of four numbers; results only do where operands do. */
export type Words = 'neither' | 'operands' | 'both';

export type Programs = Readonly<Record<Words, ProductProgram>>;

/** A program from its files, whose bindings are a, b, c, bias, residual, before and counted. */
const define = (name: string, files: readonly string[]): ProductProgram => defineProgram({
  name, source: [...files, wgsl.activate].join('\n'), bindings: ['read', 'read', 'write', 'read', 'read', 'write', 'read'], params: PARAMS,
});

/** A program for each way of reading and writing; `head` is what WGSL wants in front. */
function programs(name: string, head: string, body: string): Programs {
  return {
    neither: define(name, [head, wgsl.matmulProduct, wgsl.matmulIn1, wgsl.matmulOut1, body]),
    operands: define(name, [head, wgsl.matmulProduct, wgsl.matmulIn4, wgsl.matmulOut1, body]),
    both: define(name, [head, wgsl.matmulProduct, wgsl.matmulIn4, wgsl.matmulOut4, body]),
  };
}

const tile = (name: string, head: string): Programs => programs(name, head, wgsl.matmulPanel + wgsl.matmul);
const units = (name: string, head: string): Programs => programs(name, head, wgsl.matmulPanel + wgsl.matmulSubgroupMatrix);

/** The same for operands that TO_HALF has rounded, which it only does where they come in words. */
function packed(name: string, head: string): Programs {
  const body = wgsl.matmulPanel + wgsl.matmulSubgroupMatrix;
  return {
    neither: units(name, head).neither,
    operands: define(name, [head, wgsl.matmulProduct, wgsl.matmulInHalf, wgsl.matmulOut1, body]),
    both: define(name, [head, wgsl.matmulProduct, wgsl.matmulInHalf, wgsl.matmulOut4, body]),
  };
}

export type ProgramName = 'tile128x128' | 'tile128x64' | 'tile64x64' | 'tile32x32' | 'half128x128' | 'half128x64' | 'half64x64' | 'half32x32'
  | 'units16' | 'units16Packed' | 'units8' | 'units8Packed' | 'fewRows';

/** The programs of a product by name. All but tiles and few rows round operands to f16. */
export const PROGRAMS: Readonly<Record<ProgramName, Programs>> = {
  tile128x128: tile('matmul128x128', wgsl.matmulF32 + wgsl.matmulTile128x128),
  tile128x64: tile('matmul128x64', wgsl.matmulF32 + wgsl.matmulTile128x64),
  tile64x64: tile('matmul64x64', wgsl.matmulF32 + wgsl.matmulTile64x64),
  tile32x32: tile('matmul32x32', wgsl.matmulF32 + wgsl.matmulTile32x32),
  half128x128: tile('matmulHalf128x128', wgsl.matmulF16 + wgsl.matmulTile128x128),
  half128x64: tile('matmulHalf128x64', wgsl.matmulF16 + wgsl.matmulTile128x64),
  half64x64: tile('matmulHalf64x64', wgsl.matmulF16 + wgsl.matmulTile64x64),
  half32x32: tile('matmulHalf32x32', wgsl.matmulF16 + wgsl.matmulTile32x32),
  units16: units('matmulUnits16', wgsl.matmulUnit16),
  units16Packed: packed('matmulUnits16Packed', wgsl.matmulUnit16),
  units8: units('matmulUnits8', wgsl.matmulUnit8),
  units8Packed: packed('matmulUnits8Packed', wgsl.matmulUnit8),
  fewRows: programs('matmulFewRows', '', wgsl.matmulFewRows),
};

/** Rounds an operand to f16 once, where every tile would do so again. */
export const TO_HALF: GpuProgram<{ readonly start: 'u32'; readonly words: 'u32' }> = defineProgram({
  name: 'matmulToHalf', source: wgsl.matmulToHalf, bindings: ['read', 'write'], params: { start: 'u32', words: 'u32' },
});

/** Adds up the parts of a product that was cut along k. */
export const JOIN: Programs = programs('matmulJoin', '', wgsl.matmulJoin);

import type { GpuFeatures } from '../gpu/find-adapter.ts';
import type { ProgramName } from './matmul-programs.ts';

/** A product as far as it decides how it is best done. */
export interface MatmulShape {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: number;
  readonly transposeB: number;
  /** 1 allows operands to be rounded to f16 where the card has it. */
  readonly precision: number;
}

/** How a product is done: the program, its constants, the tile of c that a workgroup computes, and how often k is cut. */
export interface MatmulPlan {
  readonly program: ProgramName;
  readonly constants: Readonly<Record<string, number>>;
  readonly tileM: number;
  readonly tileN: number;
  readonly splits: number;
  /** With few rows: lanes along k. */
  readonly lanes?: number;
  /** Operands are rounded to f16 once before, which halves what tiles read again and again. */
  readonly packed?: boolean;
}

/** `GpuFeatures`, and how many lanes a subgroup has, where that is always the same number. */
export interface MatmulFeatures extends Pick<GpuFeatures, 'f16' | 'matrixUnits'> {
  readonly subgroupSize?: number;
}

export type MatmulLimits = Pick<GPUSupportedLimits, 'maxComputeWorkgroupStorageSize' | 'maxComputeInvocationsPerWorkgroup'>;

/** The cut of k is a multiple of this, so that no panel is cut. */
const K_UNIT = 32;
/** Up to this many rows of a, b streams through once. */
const FEW_ROWS = 8;

/** A way of tiling, with products of numbers that a processor of the card makes in a clock, from what others have measured and arithmetic. */
interface Tiling {
  readonly program: ProgramName;
  readonly half: boolean;
  readonly tileM: number;
  readonly tileN: number;
  readonly constants: Readonly<Record<string, number>>;
  readonly lanes: number;
  readonly bytes: number;
  readonly rate: number;
  readonly packed?: boolean;
}

/** Products a clock of tiles in f32, with the lanes and the bytes of two panels that they need. */
const TILES = [
  { size: [128, 128], panel: 8, lanes: 256, rate: 118 },
  { size: [128, 64], panel: 16, lanes: 256, rate: 105 },
  { size: [64, 64], panel: 16, lanes: 256, rate: 80 },
  { size: [32, 32], panel: 16, lanes: 64, rate: 45 },
] as const;

/** Of the larger tiles each number serves more products; of the smaller ones there are more, which fills a card. */
const TILINGS: readonly Tiling[] = TILES.flatMap(({ size: [tileM, tileN], panel, lanes, rate }): Tiling[] => {
  const words = 2 * panel * (tileM / 4 + 1 + tileN / 4 + 1);
  // Half the bytes of workgroup memory make the same tile a little faster in f16; the arithmetic is the same.
  return [
    { program: `tile${tileM}x${tileN}` as ProgramName, half: false, tileM, tileN, constants: {}, lanes, bytes: 16 * words, rate },
    { program: `half${tileM}x${tileN}` as ProgramName, half: true, tileM, tileN, constants: {}, lanes, bytes: 8 * words, rate: 1.05 * rate },
  ];
});

/** The tilings on matrix units: a panel of 32 of each operand twice over, eight numbers more a row, and a unit for each of eight subgroups. */
function unitTilings({ f16, matrixUnits, subgroupSize = 0 }: MatmulFeatures): Tiling[] {
  if (!f16 || subgroupSize === 0) return [];
  return [{ unit: 16, rates: [280, 450] }, { unit: 8, rates: [200, 250] }].flatMap(({ unit, rates }): Tiling[] => {
    const has = matrixUnits.some(({ m, n, k, component, result }) => m === unit && n === unit && k === unit && component === 'f16' && result === 'f32');
    const tile = 8 * unit;
    const lanes = 8 * subgroupSize;
    // A lane carries up to eight words of four of each operand, and all lanes carry the same number.
    const words = (tile * 32) / 4 / lanes;
    if (!has || words > 8 || !Number.isInteger(words)) return [];
    const panel = Math.max(tile * 40, 32 * (tile + 8));
    // What limits units is how fast tiles are brought in.
    return rates.map((rate, i) => ({
      program: `units${unit as 16 | 8}${i === 1 ? 'Packed' : ''}` as const, half: true, tileM: tile, tileN: tile, constants: { SUBGROUP: subgroupSize }, lanes,
      bytes: 2 * 2 * panel * 2 + 8 * unit * unit * 4, rate, packed: i === 1,
    }));
  });
}

/** Processors of the card that choices are made for; on a smaller one a workgroup too many costs little. */
const PROCESSORS = 132;
/** Numbers that a processor moves to or from memory in a clock, when all do. */
const NUMBERS_PER_CLOCK = 4.6;
/** Clocks that one more dispatch costs, and steps of k that a workgroup's beginning and end are worth. */
const DISPATCH = 6000;
const ENDS = 48;
const SPLITS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
/** Fewer steps of k than this are not worth a part of their own. */
const LEAST_STEPS = 128;

/** The steps of k in each of so many parts. */
export function stepsOf(k: number, splits: number): number {
  return Math.max(K_UNIT, Math.ceil(k / splits / K_UNIT) * K_UNIT);
}

/** Clocks that a plan takes, roughly. */
function cost({ tileM, tileN, rate, packed = false }: Tiling, splits: number, { batch, m, n, k }: MatmulShape): number {
  const steps = Math.min(k, stepsOf(k, splits));
  const groups = batch * Math.ceil(m / tileM) * Math.ceil(n / tileN) * Math.max(1, Math.ceil(k / stepsOf(k, splits)));
  const join = splits === 1 ? 0 : DISPATCH + ((2 * splits + 1) * batch * m * n) / NUMBERS_PER_CLOCK / PROCESSORS;
  const pack = packed ? 2 * DISPATCH + (1.5 * batch * (m + n) * k) / NUMBERS_PER_CLOCK / PROCESSORS : 0;
  return Math.ceil(groups / PROCESSORS) * ((tileM * tileN * (steps + ENDS)) / rate) + join + pack;
}

/** Few rows: enough lanes along k that all columns together keep the card's memory busy, and parts of k where that is too few. */
function fewRows({ batch, m, n, k, transposeB }: MatmulShape): MatmulPlan {
  const sets = Math.max(1, Math.ceil(n / 4) * batch);
  const most = Math.min(transposeB ? 256 : 64, Math.max(8, 2 ** Math.floor(Math.log2(Math.max(1, k / 8)))));
  const lanes = Math.min(most, Math.max(8, 2 ** Math.ceil(Math.log2(131_072 / sets))));
  const splits = Math.max(1, Math.min(Math.floor(32_768 / (sets * lanes)), Math.floor(k / (16 * lanes)), 32));
  // One program for up to as many rows as a power of two.
  const rows = 2 ** Math.ceil(Math.log2(m));
  return { program: 'fewRows', constants: { ROWS: rows }, tileM: rows, tileN: (4 * 256) / lanes, splits, lanes };
}

/** Every plan that the card can carry out and that is worth a thought, the likely fastest first. */
export function matmulPlans(features: MatmulFeatures, limits: MatmulLimits, shape: MatmulShape): MatmulPlan[] {
  const { m, k, transposeA, precision } = shape;
  if (m <= FEW_ROWS && transposeA === 0) return [fewRows(shape)];
  const half = precision === 1 && features.f16;
  const allowed = [...TILINGS.filter((tiling) => tiling.half === half), ...(half ? unitTilings(features) : [])];
  const possible = allowed.filter(({ lanes, bytes }) => lanes <= limits.maxComputeInvocationsPerWorkgroup && bytes <= limits.maxComputeWorkgroupStorageSize);
  return possible
    .flatMap((tiling) => SPLITS.filter((splits) => splits === 1 || k >= splits * LEAST_STEPS).map((splits) => ({ tiling, splits, clocks: cost(tiling, splits, shape) })))
    .sort((one, other) => one.clocks - other.clocks)
    .map(({ tiling: { program, tileM, tileN, constants, packed = false }, splits }) => ({ program, constants, tileM, tileN, splits, ...(packed ? { packed } : {}) }));
}

/**
 * The plan for a product on a card with these features and limits, from its sizes alone: the tile and the cut of k that fill
 * the card with the least work beside the products, by a rough count of clocks; with few rows a pass that streams b once; with
 * `precision` 1 matrix units where there are some that take f16 and add in f32. `tuneMatmul` measures instead.
 */
export function chooseMatmul(features: MatmulFeatures, limits: MatmulLimits, shape: MatmulShape): MatmulPlan {
  return matmulPlans(features, limits, shape)[0]!;
}

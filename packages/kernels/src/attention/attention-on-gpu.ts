import * as wgsl from '../generated/wgsl.ts';
import { defineProgram, flatGrid, type GpuProgram } from '../gpu/program.ts';
import { sumRowsOnGpu } from '../gpu/sum-rows.ts';
import type { GpuLaunch } from '../kernel.ts';

/** Sizes and scalars once they are known to fit; no window is 0, and a bias that is broadcast has a step of 0. */
export interface AttentionCall {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly width: number;
  readonly scale: number;
  readonly causal: number;
  readonly window: number;
  readonly offset: number;
  readonly biasBatchStep: number;
  readonly biasHeadStep: number;
  /** Of the scores in units of log₂; 0 for none. */
  readonly cap: number;
}

/** The struct of attention-rows.wgsl. */
const params = {
  queries: 'u32', keys: 'u32', heads: 'u32', kvHeads: 'u32', width: 'u32', group: 'u32', rows: 'u32', pairs: 'u32',
  factor: 'f32', scale: 'f32', causal: 'u32', window: 'i32', offset: 'i32', biasBatchStep: 'u32', biasHeadStep: 'u32',
  hasBias: 'u32', hasSegments: 'u32', hasLengths: 'u32', hasOffsets: 'u32', hasPrefixes: 'u32',
  segmentsAt: 'u32', lengthsAt: 'u32', offsetsAt: 'u32', prefixesAt: 'u32',
  groups: 'u32', blocks: 'u32', stretch: 'u32', shares: 'u32', outRows: 'u32', nothing: 'f32', cap: 'f32',
} as const;

type Program = GpuProgram<typeof params>;
type Scalars = Record<keyof typeof params, number>;

/** A program for widths that are a multiple of four, and the same for the others. */
function byWidth(name: string, source: string, bindings: GpuProgram['bindings']): (width: number) => Program {
  const fours = defineProgram({ name, source: wgsl.attentionFours + source, bindings, params });
  const ones = defineProgram({ name, source: wgsl.attentionOnes + source, bindings, params });
  return (width) => (width % 4 === 0 ? fours : ones);
}

const forwardBindings = ['read', 'read', 'read', 'read', 'read', 'read', 'read', 'write', 'write'] as const;
const tiled = wgsl.softCap + wgsl.attentionRows + wgsl.attentionSpan + wgsl.attentionTile;
const forward = byWidth('attention', wgsl.attentionMasks + tiled + wgsl.attention, forwardBindings);
const decode = byWidth('attentionDecode', wgsl.attentionMasks + wgsl.softCap + wgsl.attentionRows + wgsl.attentionDecode, forwardBindings);
const merge = defineProgram({
  name: 'attentionMerge', source: wgsl.attentionMerge, bindings: ['read', 'read', 'write', 'write'],
  params: { queries: 'u32', heads: 'u32', width: 'u32', rows: 'u32', stretches: 'u32', nothing: 'f32' },
});
const delta = defineProgram({
  name: 'attentionBackwardDelta', source: wgsl.attentionBackwardDelta, bindings: ['read', 'read', 'read', 'write'],
  params: { queries: 'u32', heads: 'u32', width: 'u32', rows: 'u32' },
});
const backwardOfQueries = byWidth(
  'attentionBackwardQueries', wgsl.attentionNotes + tiled + wgsl.attentionBackwardQueries,
  ['read', 'read', 'read', 'read', 'read', 'read', 'write'],
);
const backwardOfKeys = byWidth(
  'attentionBackwardKeys', wgsl.attentionNotes + tiled + wgsl.attentionBackwardKeys,
  ['read', 'read', 'read', 'read', 'read', 'read', 'write', 'write'],
);

const LANES = 128;
/** So many workgroups keep a large card busy: about two for each of its processors. */
const ENOUGH_GROUPS = 256;
/** Where there are fewer than these, several share the work of one, each at least LEAST_SHARE keys or rows of queries. */
const FEW_GROUPS = 64;
const LEAST_SHARE = 256;
/** Up to so many rows of a key head are decoded: beyond, tiles of queries read each key less often. */
const DECODE_ROWS = 16;

/** Vectors of a row that each of 16 lanes holds; few different numbers, so that few programs are compiled. */
const colsFor = (width: number): number => (width <= 64 ? 1 : width <= 128 ? 2 : 4);

/** Constants of a program with tiles, and the rows that a workgroup then owns. */
interface Tiles { readonly constants: Readonly<Record<string, number>>; readonly owned: number }

/**
 * The shape of the tiles: lanes beside each other, rows and vectors of sums of a lane, and streamed rows multiplied at a time, so
 * that a workgroup's memory stays below 16 KiB. A lane has eight rows where its sums are then at most `vectors`, which fit
 * its registers, and where `groupsOf`, the number of workgroups for so many owned rows each, still fills the card.
 */
function tilesFor(width: number, vectors: number, groupsOf: (owned: number) => number): Tiles {
  const across = width <= 32 ? 8 : 16, cols = colsFor(width);
  const above = LANES / across;
  const rows = 8 * cols <= vectors && groupsOf(8 * above) >= ENOUGH_GROUPS ? 8 : 4;
  return { constants: { X: across, ROWS: rows, COLS: cols, VALUES: cols > 2 ? 8 : 16 }, owned: rows * above };
}

/** The scalars that all programs share. `at` says which masks there are. */
function scalarsOf(call: AttentionCall, at: GpuLaunch['at']): Scalars {
  const { batch, queries, keys, heads, kvHeads, width, scale, causal, window, offset, biasBatchStep, biasHeadStep, cap } = call;
  const group = heads / kvHeads;
  return {
    queries, keys, heads, kvHeads, width, group, rows: queries * group, pairs: batch * kvHeads,
    factor: scale * Math.LOG2E, scale, causal, window, offset, biasBatchStep, biasHeadStep,
    hasBias: at.bias ? 1 : 0, hasSegments: at.segments ? 1 : 0, hasLengths: at.lengths ? 1 : 0, hasOffsets: at.offsets ? 1 : 0,
    hasPrefixes: at.prefixes ? 1 : 0, segmentsAt: 0, lengthsAt: 0, offsetsAt: 0, prefixesAt: 0,
    groups: 0, blocks: 0, stretch: keys, shares: 1, outRows: batch * queries * heads, nothing: -Infinity, cap,
  };
}

/** o and lse. Few rows are decoded, the keys shared out; for more, blocks of them stream past the keys in tiles. */
export function attentionOnGpu({ at, device, run, temporary }: GpuLaunch, call: AttentionCall): void {
  const { batch, queries, keys, heads, width } = call;
  const scalars = scalarsOf(call, at);
  const { rows, pairs, outRows } = scalars;
  if (outRows === 0) return;
  const decoding = rows <= DECODE_ROWS;
  const { program, constants, owned, stretch } = decoding ? decodeShape(scalars) : forwardShape(scalars);
  const blocks = Math.ceil(rows / owned);
  const stretches = Math.max(1, Math.ceil(keys / stretch));
  const several = stretches > 1;
  // A stretch gives an output and lse of its own; one stretch gives those that are asked for.
  const o = several ? temporary(stretches * outRows * width * 4) : at.o;
  const lse = several ? temporary(stretches * outRows * 4) : at.lse;
  // Offsets and prefixes share a binding, since a program has few; both at once are rare enough to be copied together.
  let shifts = at.offsets ?? at.prefixes;
  if (at.offsets !== undefined && at.prefixes !== undefined) {
    shifts = temporary(8 * batch);
    scalars.prefixesAt = batch;
    device.copy(at.offsets, shifts, { bytes: 4 * batch });
    device.copy(at.prefixes, shifts, { to: 4 * batch, bytes: 4 * batch });
  }
  const groups = blocks * pairs;
  const [x, y] = flatGrid(groups, 1);
  run(program, {
    bind: [at.q, at.k, at.v, at.bias, at.segments, at.lengths, shifts, o, lse],
    params: { ...scalars, groups, blocks, stretch }, grid: [x, y, stretches], constants,
  });
  if (several) {
    run(merge, {
      bind: [o, lse, at.o, at.lse], params: { queries, heads, width, rows: outRows, stretches, nothing: -Infinity }, grid: flatGrid(outRows, 1),
    });
  }
}

/** How many workgroups share the work of one, which is to stream past `length` rows, where there are so many. */
const sharesOf = (length: number, groups: number): number => (
  groups >= FEW_GROUPS ? 1 : Math.max(1, Math.min(Math.floor(2 * FEW_GROUPS / groups), Math.floor(length / LEAST_SHARE)))
);

interface Shape extends Tiles { readonly program: Program; readonly stretch: number }

function forwardShape({ rows, pairs, keys, width }: Pick<Scalars, 'rows' | 'pairs' | 'keys' | 'width'>): Shape {
  const { constants, owned } = tilesFor(width, 16, (size) => Math.ceil(rows / size) * pairs);
  const stretches = sharesOf(keys, Math.ceil(rows / owned) * pairs);
  return { program: forward(width), constants, owned, stretch: Math.max(1, Math.ceil(keys / stretches)) };
}

function decodeShape({ rows, pairs, keys, width }: Pick<Scalars, 'rows' | 'pairs' | 'keys' | 'width'>): Shape {
  const cols = colsFor(width);
  const owned = rows === 1 ? 1 : rows <= 4 || cols === 4 ? 4 : 8;
  const few = Math.ceil(rows / owned) * pairs * Math.ceil(keys / 256) < ENOUGH_GROUPS;
  // A workgroup has room for 1,024 scores.
  return { program: decode(width), constants: { ROWS: owned, COLS: cols }, owned, stretch: few ? 64 : Math.min(256, 1024 / owned) };
}

/** dq, dk and dv: first what is known of each row of queries, then each side's gradients by workgroups that own a block of it. */
export function attentionBackwardOnGpu({ at, device, run, temporary }: GpuLaunch, call: AttentionCall): void {
  const { batch, queries, keys, heads, kvHeads, width } = call;
  const scalars = scalarsOf(call, at);
  const { rows, pairs, outRows } = scalars;
  const masks = [['segmentsAt', at.segments, batch * keys], ['lengthsAt', at.lengths, batch], ['offsetsAt', at.offsets, batch], ['prefixesAt', at.prefixes, batch]] as const;
  let words = 2 * outRows;
  for (const [place, memory, length] of masks) {
    if (memory === undefined) continue;
    scalars[place] = words;
    words += length;
  }
  const notes = temporary(words * 4);
  for (const [place, memory, length] of masks) if (memory !== undefined) device.copy(memory, notes, { to: 4 * scalars[place], bytes: 4 * length });
  run(delta, { bind: [at.dout, at.o, at.lse, notes], params: { queries, heads, width, rows: outRows }, grid: flatGrid(outRows, 8) });

  const inputs = [at.q, at.k, at.v, at.dout, notes, at.bias];
  const ofKeys = tilesFor(width, 8, (size) => Math.ceil(keys / size) * pairs);
  const keyBlocks = Math.ceil(keys / ofKeys.owned), keyRows = batch * keys * kvHeads;
  const shares = sharesOf(rows, keyBlocks * pairs);
  const [dk, dv] = shares === 1 ? [at.dk, at.dv] : [temporary(shares * keyRows * width * 4), temporary(shares * keyRows * width * 4)];
  const [x, y] = flatGrid(keyBlocks * pairs, 1);
  run(backwardOfKeys(width), {
    bind: [...inputs, dk, dv], params: { ...scalars, groups: keyBlocks * pairs, blocks: keyBlocks, shares, outRows: keyRows },
    grid: [x, y, shares], constants: ofKeys.constants,
  });
  if (shares > 1) {
    sumRowsOnGpu(run, { x: dk!, y: at.dk, rows: shares, cols: keyRows * width });
    sumRowsOnGpu(run, { x: dv!, y: at.dv, rows: shares, cols: keyRows * width });
  }
  const ofQueries = tilesFor(width, 16, (size) => Math.ceil(rows / size) * pairs);
  const queryBlocks = Math.ceil(rows / ofQueries.owned);
  run(backwardOfQueries(width), {
    bind: [...inputs, at.dq], params: { ...scalars, groups: queryBlocks * pairs, blocks: queryBlocks },
    grid: flatGrid(queryBlocks * pairs, 1), constants: ofQueries.constants,
  });
}

import * as wgsl from '../generated/wgsl.ts';
import { flatGrid, type GpuProgram, type Scalar } from './program.ts';

/** A program over rows that is written in words: by words of four numbers where rows are whole words, and number by number. */
export interface WordProgram<P extends Readonly<Record<string, Scalar>>> {
  readonly fours: GpuProgram<P>;
  readonly ones: GpuProgram<P>;
}

/** Puts the words in front of the source. */
export function defineWordProgram<const P extends Readonly<Record<string, Scalar>>>(program: GpuProgram<P>): WordProgram<P> {
  return { fours: { ...program, source: wgsl.word4 + program.source }, ones: { ...program, source: wgsl.word1 + program.source } };
}

/** The scalars with which a program whose lanes share rows begins: how many rows, the words in each, and the lanes that share one. */
export interface RowParams extends Readonly<Record<string, Scalar>> { readonly rows: 'u32'; readonly words: 'u32'; readonly lanes: 'u32' }

/** Puts the words in front of the source, and how lanes share rows. */
export function defineRowProgram<const P extends RowParams>(program: GpuProgram<P>): WordProgram<P> {
  return defineWordProgram({ ...program, source: wgsl.rowGroup + program.source });
}

/** How rows lie over workgroups. */
export interface RowLayout<P extends RowParams = RowParams> {
  readonly program: GpuProgram<P>;
  readonly params: { readonly rows: number; readonly words: number; readonly lanes: number };
  /** Rows that a workgroup works on at once. */
  readonly together: number;
  readonly grid: [number, number];
}

/** Lanes in a workgroup of row-group.wgsl. */
export const GROUP = 256;

/**
 * Lays rows over workgroups: lanes for at most four words each to a row, and 256 to wider rows. `fours` is given where
 * more than the length of the rows decides whether they are whole words of four.
 */
export function layRows<P extends RowParams>(
  { fours, ones }: WordProgram<P>,
  { rows, cols, fours: whole = cols % 4 === 0 }: { rows: number; cols: number; fours?: boolean },
): RowLayout<P> {
  const [program, words] = whole ? [fours, cols / 4] : [ones, cols];
  const lanes = Math.min(GROUP, 2 ** Math.ceil(Math.log2(Math.max(4, words / 4))));
  return { program, params: { rows, words, lanes }, together: GROUP / lanes, grid: flatGrid(rows, GROUP / lanes) };
}

/** Words of a row whose sums over rows a lane keeps, in programs that say KEPT. */
const KEPT = 4;
/** Stretches that keep a graphics card busy. */
const STRETCHES = 512;

/** How a sum over rows is cut: a workgroup for each stretch of rows and each block of columns that lanes keep the sums of. */
export interface Stretches {
  /** Rows in each stretch but the last: as often as need be what a workgroup works on at once. */
  readonly grain: number;
  readonly stretches: number;
  readonly grid: [number, number];
}

/** Cuts the rows of a layout into stretches. */
export function stretchRows({ params: { rows, words, lanes }, together }: RowLayout): Stretches {
  const grain = Math.max(1, Math.ceil(rows / STRETCHES / together)) * together;
  const stretches = Math.ceil(rows / grain);
  return { grain, stretches, grid: [stretches, Math.ceil(words / (KEPT * lanes))] };
}

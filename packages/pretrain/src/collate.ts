import type { TokenBatch } from '@llm/model';
import { emptyFields, fillRow, IGNORED, type PackedRows } from './packing/pack-documents.ts';
import type { Random } from './row-random.ts';

/** Rows of tokens with a target each, ready for a loss. Each field is [rows, length], row after row. */
export interface TargetBatch extends TokenBatch {
  /** What is to be predicted at each position, or −100. */
  readonly targets: Int32Array;
  /** Positions that have a target. */
  readonly targetCount: number;
}

/** Some rows, ready for `causalLoss`. */
export type CausalBatch = TargetBatch;

/** One row of a batch that is to be made. */
export interface DrawnRow {
  readonly rows: PackedRows;
  readonly index: number;
  /** How many of its first tokens count: the length of the rows, or less while lengths are warmed up. */
  readonly length: number;
  /** The row's random numbers: a function of seed, epoch and row. */
  readonly random: Random;
}

/** Makes a batch of some rows, all of one length: an objective. */
export type Collate<B> = (drawn: readonly DrawnRow[]) => B;

/** Rows as they are: each token's target is the next one of its document. */
export const causalBatch: Collate<CausalBatch> = (drawn) => {
  const length = drawn[0]?.length ?? 0;
  const fields = emptyFields(drawn.length * length);
  for (const [i, { rows, index }] of drawn.entries()) fillRow(rows, index, { into: fields, at: i * length, length });
  return { ...fields, rows: drawn.length, length, targetCount: countTargets(fields.targets), ...marks(fields, length) };
};

/** How many targets there are. */
export function countTargets(targets: Int32Array): number {
  let count = 0;
  for (const target of targets) count += Number(target !== IGNORED);
  return count;
}

/** What of a batch a model cannot tell by itself, so that the rest costs no mask. */
export function marks({ segments, positions }: Pick<TokenBatch, 'segments' | 'positions'>, length: number): Pick<TokenBatch, 'packed' | 'restarts'> {
  return {
    packed: segments.some((segment, i) => i % length > 0 && segment !== segments[i - 1]),
    restarts: positions.some((position, i) => position !== i % length),
  };
}

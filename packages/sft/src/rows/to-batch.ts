import type { TokenBatch } from '@llm/model';
import { type Row, rowLength } from './row.ts';

/** Marks a position without a target. */
export const IGNORED = -100;

/** Some rows, ready for `sftLoss`. Each array is [rows, length], row after row. */
export interface SftBatch extends TokenBatch {
  /** The id that follows in the same example where it is learned, or −100. */
  readonly targets: Int32Array;
  /** The weight of each target, where some weigh other than 1. */
  readonly weights?: Float32Array;
  /** Positions that have a target. */
  readonly targetCount: number;
}

export interface ToBatchOptions {
  /** Fills what no example does; default 0. Padding is never a target and no other token sees it. */
  readonly padId?: number;
  /** Rows are padded to a multiple of this; default 1. */
  readonly padToMultipleOf?: number;
}

/**
 * The given rows as one batch, padded to the longest.
 *
 * @example
 * ```ts
 * import { plainExample, toBatch } from '@llm/sft';
 * const { ids, targets, segments, positions } = toBatch([[plainExample([5, 6]), plainExample([7, 8, 9])]]);
 * if (ids.join() !== '5,6,7,8,9' || targets.join() !== '6,-100,8,9,-100') throw new Error('no target crosses an example');
 * if (segments.join() !== '0,0,1,1,1' || positions.join() !== '0,1,0,1,2') throw new Error('positions restart');
 * ```
 */
export function toBatch(rows: readonly Row[], { padId = 0, padToMultipleOf = 1 }: ToBatchOptions = {}): SftBatch {
  const longest = rows.reduce((most, row) => Math.max(most, rowLength(row)), 1);
  const length = Math.ceil(longest / padToMultipleOf) * padToMultipleOf;
  const size = rows.length * length;
  const ids = new Int32Array(size).fill(padId);
  const targets = new Int32Array(size).fill(IGNORED);
  const weights = new Float32Array(size);
  const segments = new Int32Array(size);
  const positions = new Int32Array(size);
  let [targetCount, packed, weighted] = [0, false, false];
  rows.forEach((row, r) => {
    let at = r * length;
    row.forEach((example, segment) => {
      ids.set(example.ids, at);
      for (let i = 0; i < example.ids.length; i++) {
        segments[at + i] = segment;
        positions[at + i] = i;
        const weight = i + 1 < example.ids.length ? example.weights[i + 1]! : 0;
        if (weight === 0) continue;
        targets[at + i] = example.ids[i + 1]!;
        weights[at + i] = weight;
        targetCount++;
        weighted ||= weight !== 1;
      }
      at += example.ids.length;
    });
    packed ||= row.length > 1;
    // Padding goes on with the last example: it comes behind everything, so nothing sees it.
    const last = at === r * length ? 0 : segments[at - 1]!;
    segments.fill(last, at, (r + 1) * length);
    for (; at < (r + 1) * length; at++) positions[at] = at === r * length ? 0 : positions[at - 1]! + 1;
  });
  return { ids, targets, segments, positions, rows: rows.length, length, targetCount, packed, restarts: packed, ...(weighted ? { weights } : {}) };
}

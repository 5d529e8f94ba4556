import type { TokenBatch } from '@llm/model';
import type { KeptRows } from './teacher/kept-rows.ts';

/** Marks a position without a target. */
const IGNORED = -100;

/** Rows of tokens, and the positions in them where a token is predicted. */
export interface DistillBatch extends TokenBatch {
  /** [targets]: where each target is predicted from, row · length + position. */
  readonly places: Int32Array;
  /** [targets]: the id that follows in the data. */
  readonly targets: Int32Array;
  readonly targetCount: number;
  /** What was kept of a teacher for each target, in their order. */
  readonly kept?: KeptRows;
}

/**
 * A batch for distillation, from one with a target or −100 at each position, as `@llm/sft` and `@llm/pretrain` make them.
 *
 * @throws RangeError for targets that are not as many as the ids, and where as many rows of a teacher were not kept.
 *
 * @example
 * ```ts
 * import { distillBatch } from '@llm/distill';
 * const row = (...values: number[]) => Int32Array.from(values);
 * const { places, targets } = distillBatch({ rows: 1, length: 3, ids: row(5, 6, 7), targets: row(-100, 7, -100), positions: row(0, 1, 2), segments: row(0, 0, 0), packed: false, restarts: false });
 * if (places.join() !== '1' || targets.join() !== '7') throw new Error('one target, predicted from position 1');
 * ```
 */
export function distillBatch(batch: TokenBatch & { readonly targets: Int32Array }, { kept }: { readonly kept?: KeptRows } = {}): DistillBatch {
  const { rows, length, ids, positions, segments, packed, restarts, prefixes, blockPositions, tokenTypes, targets } = batch;
  if (targets.length !== ids.length) throw new RangeError(`distillBatch: expected a target or ${IGNORED} for each of ${ids.length} ids but found ${targets.length}. Give the batch that the loss would take.`);
  const places = Int32Array.from(targets.keys()).filter((place) => targets[place] !== IGNORED);
  if (kept !== undefined && kept.count !== places.length) throw new RangeError(`distillBatch: expected a kept row for each of ${places.length} targets but found ${kept.count}. Keep the teacher's rows for the same examples, cut to the same length.`);
  return {
    rows, length, ids, positions, segments, packed, restarts,
    ...(prefixes === undefined ? {} : { prefixes }), ...(blockPositions === undefined ? {} : { blockPositions }), ...(tokenTypes === undefined ? {} : { tokenTypes }),
    places, targets: targets.filter((target) => target !== IGNORED), targetCount: places.length, ...(kept === undefined ? {} : { kept }),
  };
}

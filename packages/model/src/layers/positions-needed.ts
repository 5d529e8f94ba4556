import type { ModelInputs } from '../model.ts';

/**
 * How many positions a run needs: one more than the largest that is given, or as many as the cache and the new tokens fill. A row
 * of packed documents may so be longer than the context, where each document restarts at 0. Given positions count as the whole
 * row at least, up to the context, so that what is recorded with one batch holds for another of its shape.
 */
export function positionsNeeded({ ids, positions, cache }: ModelInputs, { maxPositions }: { maxPositions: number }): number {
  const length = ids.shape[1] ?? 0;
  if (positions === undefined) return length + (cache === undefined ? 0 : Math.max(...cache.lengths));
  let most = Math.min(length, maxPositions) - 1;
  for (const position of positions.dataSync()) {
    if (!(position >= 0)) throw new RangeError(`positions: expected positions from 0 on but found ${position}`);
    if (position > most) most = position;
  }
  return most + 1;
}

import type { ModelInputs } from '../model.ts';

/**
 * How many positions a run needs: one more than the largest that is given, or as many as the cache and the new tokens fill. A row
 * of packed documents may so be longer than the context, where each document restarts at 0. Given positions count as the whole
 * row at least, and a cache as full, up to the context: what is recorded with one batch or token holds for those that follow.
 */
export function positionsNeeded({ ids, positions, cache }: ModelInputs, { maxPositions }: { maxPositions: number }): number {
  const length = ids.shape[1] ?? 0;
  if (positions === undefined) return cache === undefined ? length : Math.max(length + Math.max(...cache.lengths), Math.min(cache.capacity, maxPositions));
  let most = Math.min(length, maxPositions) - 1;
  for (const position of positions.dataSync()) {
    if (!(position >= 0)) throw new RangeError(`positions: expected positions from 0 on but found ${position}`);
    if (position > most) most = position;
  }
  return most + 1;
}

import type { TokenizedPair } from '../offline/pair-batch.ts';

/**
 * The pairs both of whose texts have at most `maxTokens`, as reward models want it: a text cut short has lost what it is judged by. Says which
 * were left out. The default of TRL is 1024.
 */
export function filterLongPairs<P extends TokenizedPair>(pairs: readonly P[], { maxTokens = 1024 }: { readonly maxTokens?: number } = {}): { readonly kept: P[]; readonly dropped: number[] } {
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1) throw new RangeError(`filterLongPairs: expected maxTokens to be a whole number from 1 on but found ${maxTokens}`);
  const kept: P[] = [];
  const dropped: number[] = [];
  for (const [i, pair] of pairs.entries()) {
    if (pair.prompt.length + Math.max(pair.chosen.length, pair.rejected.length) <= maxTokens) kept.push(pair);
    else dropped.push(i);
  }
  return { kept, dropped };
}

import type { TokenPair } from './encode-pair.ts';

/**
 * The windows over which a text longer than the context is scored: each token once, in windows that predict as many as fit, the first
 * after the prefix token and each other after the one token before it; the last reaches back for as much context as there is room.
 *
 * @throws RangeError for a window below 1.
 *
 * @example
 * ```ts
 * import { rollingWindows } from '@llm/eval';
 * const windows = rollingWindows([1, 2, 3, 4, 5], { prefixId: 0, maxTokens: 3 });
 * if (JSON.stringify(windows) !== '[{"context":[0],"continuation":[1,2,3]},{"context":[2,3],"continuation":[4,5]}]') throw new Error('two windows');
 * ```
 */
export function rollingWindows(ids: readonly number[], { prefixId, maxTokens }: { prefixId: number; maxTokens: number }): TokenPair[] {
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1) throw new RangeError(`rollingWindows: expected windows of 1 token or more but found ${maxTokens}. Give the context of the model.`);
  const windows: TokenPair[] = [];
  for (let at = 0; at < ids.length;) {
    const end = Math.min(ids.length, at + maxTokens);
    const context = at === 0 ? [prefixId] : ids.slice(end - maxTokens - 1, at);
    windows.push({ context, continuation: ids.slice(at, end) });
    at = end;
  }
  return windows;
}

import type { TokenizedPair } from '../offline/pair-batch.ts';

/** How a pair is made to fit; undefined where nothing would be left to learn from. */
export type Truncation = <P extends TokenizedPair>(pair: P) => P | undefined;

function checkMaxTokens(maxTokens: number, name: string): void {
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 2) throw new RangeError(`${name}: expected maxTokens to be a whole number from 2 on but found ${maxTokens}`);
}

/**
 * Keeps the first `maxTokens` of prompt and completion together, as TRL does by default. A pair whose prompt alone fills them is dropped.
 *
 * The default of TRL's max_length is 1024.
 */
export function keepStart({ maxTokens = 1024 }: { maxTokens?: number } = {}): Truncation {
  checkMaxTokens(maxTokens, 'keepStart');
  return (pair) => {
    const room = maxTokens - pair.prompt.length;
    if (room <= 0) return undefined;
    const cut = (tokens: ArrayLike<number>): ArrayLike<number> => (tokens.length <= room ? tokens : Array.from(tokens).slice(0, room));
    return { ...pair, chosen: cut(pair.chosen), rejected: cut(pair.rejected) };
  };
}

/**
 * Keeps the last `maxTokens` of prompt and completion together. The two completions then follow different ends of the prompt where their
 * lengths differ, as in TRL, and cannot share it.
 *
 * A completion longer than `maxTokens` begins after its first token that is left, which is predicted by nothing.
 */
export function keepEnd({ maxTokens = 1024 }: { maxTokens?: number } = {}): Truncation {
  checkMaxTokens(maxTokens, 'keepEnd');
  return (pair) => {
    const prompt = Array.from(pair.prompt);
    const fit = (tokens: ArrayLike<number>): { prompt: ArrayLike<number>; completion: ArrayLike<number> } => {
      if (prompt.length + tokens.length <= maxTokens) return { prompt: pair.prompt, completion: tokens };
      const kept = [...prompt, ...Array.from(tokens)].slice(-maxTokens);
      const prompts = Math.max(1, maxTokens - tokens.length);
      return { prompt: kept.slice(0, prompts), completion: kept.slice(prompts) };
    };
    const chosen = fit(pair.chosen);
    const rejected = fit(pair.rejected);
    const same = chosen.prompt.length === rejected.prompt.length && Array.from(chosen.prompt).every((token, i) => token === rejected.prompt[i]);
    const { rejectedPrompt: _, ...rest } = pair;
    return { ...rest, prompt: chosen.prompt, chosen: chosen.completion, rejected: rejected.completion, ...(same ? {} : { rejectedPrompt: rejected.prompt }) } as typeof pair;
  };
}

import { localScorer } from '@llm/eval';
import type { OpenModel } from '../train/open-model.ts';
import type { AnswerCache } from './answer-cache.ts';
import { modelHash } from './answer-losses.ts';

/** How a model finds one text: exp(−(1/N) Σ ln p) over its N tokens; NaN for a text without any. */
export interface TextPerplexity {
  readonly perplexity: number;
  readonly tokens: number;
  readonly cached: boolean;
}

/**
 * A function that gives texts their perplexity under a model, some at once: every token counts, the first after the token that begins a
 * text; a text longer than the context in windows. What the cache knows is not computed again.
 */
export async function perplexityScorer(opened: OpenModel, { length, cache, signal }: { readonly length: number; readonly cache: AnswerCache; readonly signal: AbortSignal }): Promise<(texts: readonly string[]) => Promise<TextPerplexity[]>> {
  const { tokenizer } = opened;
  const scorer = localScorer(opened, { maxTokens: length, addSpecialTokens: false, signal });
  const name = await modelHash(opened);
  return async (texts) => {
    const keys = texts.map((text) => `perplexity ${name} ${length} ${text}`);
    const known = keys.map((key) => cache.get(key));
    const missing = [...texts.keys()].filter((i) => known[i] === undefined);
    const sums = await scorer.loglikelihoodRolling(missing.map((i) => texts[i]!));
    for (const [at, i] of missing.entries()) cache.set(keys[i]!, known[i] = JSON.stringify([sums[at], tokenizer.encode(texts[i]!, { allowSpecial: true }).length]));
    const fresh = new Set(missing);
    return known.map((value, i) => {
      const [sum, tokens] = JSON.parse(value!) as [number, number];
      return { perplexity: Math.exp(-sum / tokens), tokens, cached: !fresh.has(i) };
    });
  };
}

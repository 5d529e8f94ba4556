import { filter, isAcross, isFilterStep, type Recipe } from '../shards/step.ts';
import type { ReviewOverride } from './apply-review.ts';
import { overrideFilters } from './override-filters.ts';

/**
 * A recipe that obeys what people decided: `overrideFilters` for the steps of a recipe. What is to be kept passes every filter before
 * the first step across all shards; duplicates go all the same.
 *
 * @example
 * ```ts
 * import { createLedger, filter, gopherQuality, overrideSteps, runSteps, textHash, type Step } from '@llm/data-quality';
 * const document = { id: 'a', text: 'Short, and good.' };
 * const recipe = overrideSteps([filter(gopherQuality())], [{ id: 'a', hash: textHash(document.text), verdict: 'keep' }]);
 * const ledger = createLedger();
 * async function* one() { yield document; }
 * for await (const { id } of runSteps(one(), recipe as Step[], { shard: 0, shards: 1, ledger })) console.assert(id === 'a');
 * console.assert(ledger.toJSON().out.documents === 1);
 * ```
 */
export function overrideSteps(recipe: Recipe, overrides: Iterable<ReviewOverride>): Recipe {
  const across = recipe.findIndex(isAcross);
  const steps = recipe.slice(0, across < 0 ? undefined : across);
  const [first, ...wrapped] = overrideFilters(steps.filter(isFilterStep).map((step) => step.filter), overrides).map(filter);
  return [first!, ...steps.map((step) => (isFilterStep(step) ? wrapped.shift()! : step)), ...recipe.slice(steps.length)];
}

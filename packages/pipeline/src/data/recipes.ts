import { blockList, exactAcross, filter, finewebRecipe, type FinewebRecipeOptions, overrideSteps, type Recipe, type ReviewOverride } from '@llm/data-quality';
import { FILTER_SETS } from '../corpus/filters.ts';

/** What `--recipe` takes. */
export const RECIPE_NAMES: readonly string[] = ['fineweb', ...Object.keys(FILTER_SETS), 'dedup'];

export interface DataRecipeOptions extends Pick<FinewebRecipeOptions, 'languages' | 'fastMinhash'> {
  readonly recipe: string;
  /** What people decided, and what users blocked; whole, since another decision makes another run. */
  readonly overrides?: readonly ReviewOverride[];
  readonly block?: { readonly ids: readonly string[]; readonly sources: readonly string[] };
}

/** The steps of a recipe by its name. Each filter set is followed by exact deduplication over all of the data, where it has any. */
export function dataRecipe({ overrides, block, ...named }: DataRecipeOptions): Recipe {
  const steps = stepsOf(named);
  const decided = overrides === undefined ? steps : overrideSteps(steps, overrides);
  return block === undefined ? decided : [filter(blockList(block)), ...decided];
}

function stepsOf({ recipe, ...options }: DataRecipeOptions): Recipe {
  if (recipe === 'fineweb') return finewebRecipe(options);
  if (recipe === 'dedup') return [exactAcross()];
  const { rules, dedup } = FILTER_SETS[recipe]!;
  return [...rules().map(filter), ...(dedup ? [exactAcross()] : [])];
}

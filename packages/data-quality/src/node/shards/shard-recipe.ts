import type { Recipe } from '../../shards/step.ts';

interface NamedRecipe {
  /** Goes into the plan with the options: another name, or other options, are another run. */
  readonly name: string;
  /** What the function is called with, as JSON holds it. */
  readonly options?: unknown;
}

/** A recipe that workers can make too. */
export interface RecipeModule extends NamedRecipe {
  /** Address of an ES module that exports a function `name`, such as `import.meta.resolve('@llm/data-quality/shards/fineweb-recipe')`. It is called for each task. */
  readonly module: string;
}

/** A recipe for one process. */
export interface RecipeFunction extends NamedRecipe {
  /** Makes the steps anew for each task: filters may remember. */
  readonly make: (options: never) => Recipe;
}

/** Steps made anew for each task. */
export type RecipeMaker = () => Recipe;

/** Imports a recipe where it has to be. */
export async function loadRecipe(recipe: RecipeModule | RecipeFunction): Promise<RecipeMaker> {
  const { name, options } = recipe;
  if ('make' in recipe) return () => recipe.make(options as never);
  const make = ((await import(recipe.module)) as Record<string, unknown>)[name];
  if (typeof make !== 'function') throw new TypeError(`runShards: expected ${recipe.module} to export a function ${name} but found ${typeof make}. Name a function that returns the steps.`);
  return () => (make as (given: unknown) => Recipe)(options);
}

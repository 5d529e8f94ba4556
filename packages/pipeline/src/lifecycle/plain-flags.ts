import type { Flags, LifecycleRecipe } from './recipe-shape.ts';
import { resolveFlags } from './references.ts';

/** Flags of a step with values in place, and references to steps as they are written. */
export function plainFlags(id: string, recipe: LifecycleRecipe): Flags {
  const written = (step: string): string => `\${${step}}`;
  return resolveFlags(recipe.steps[id]!.with ?? {}, { values: recipe.values ?? {}, round: 1, place: written, previous: () => undefined });
}

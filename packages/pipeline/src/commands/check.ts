import { existsSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../cli/cli-error.ts';
import { command, type Command, paths } from '../cli/command.ts';
import { didYouMean } from '../cli/did-you-mean.ts';
import { checkLifecycle } from '../lifecycle/check-lifecycle.ts';
import { isLifecycle, readLifecycle } from '../lifecycle/read-lifecycle.ts';
import { checkSearch } from '../lifecycle/search.ts';
import { stepCommands } from '../lifecycle/step-commands.ts';
import { readRecipe } from '../recipe/read-recipe.ts';
import { findFolder } from '../train/open-run.ts';

/** Keys of recipes that name files or folders which must be there. */
const PLACES = ['data', 'eval-data', 'model', 'adapter', 'reward-model', 'init', 'template'];

/** Checks recipes for these commands without running them. */
export const check = (commands: readonly Command[]): Command => command({
  name: 'check',
  description: 'Check recipe files: keys, values and whether what they name is there, without running anything',
  args: { recipe: { type: 'positional', description: 'Recipe files', required: true } },
  lists: ['recipe'],
  variadic: 'recipe',
  schema: z.object({ recipe: paths, json: z.boolean().default(false) }),
  run: async ({ recipe: files, json }, io) => {
    for (const file of files) {
      if (isLifecycle(file, io.cwd)) {
        const lifecycle = await readLifecycle(file, io.cwd);
        const { order } = checkLifecycle(lifecycle, { commands: stepCommands(commands), cwd: io.cwd });
        if (lifecycle.recipe.search !== undefined) checkSearch(lifecycle.recipe, lifecycle.recipe.search, lifecycle.at);
        io.out(json ? `${JSON.stringify({ type: 'recipe', file, lifecycle: lifecycle.recipe.lifecycle, steps: order, ok: true })}\n` : `${file}: a sound recipe for llm run, of ${order.length} steps\n`);
        continue;
      }
      const recipe = readRecipe(file, io.cwd);
      const known = commands.filter(({ takesRecipe }) => takesRecipe);
      const found = known.find(({ name }) => name === recipe.stage);
      if (found === undefined) throw new UsageError(`llm check: expected stage in ${file} to be one of ${known.map(({ name }) => name).join(', ')} but found ${recipe.stage}.${didYouMean(recipe.stage, known.map(({ name }) => name))}`);
      found.check(recipe);
      for (const key of PLACES) {
        for (const place of [recipe.values[key] ?? []].flat()) {
          if (typeof place === 'string' && /[./\\]/.test(place) && !existsSync(findFolder(place, io.cwd))) throw new UsageError(`llm check: expected ${key} at ${recipe.at(key)} to be there but found nothing at ${place}.`);
        }
      }
      io.out(json ? `${JSON.stringify({ type: 'recipe', file, stage: recipe.stage, ok: true })}\n` : `${file}: a sound recipe for llm ${recipe.stage}\n`);
    }
    return 0;
  },
});

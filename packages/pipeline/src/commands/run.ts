import { resolve } from 'node:path';
import { z } from 'zod';
import { command, type Command, text } from '../cli/command.ts';
import { applySettings, parseSetting } from '../lifecycle/apply-settings.ts';
import { typed } from '../lifecycle/command-line.ts';
import { liveLifecycle } from '../lifecycle/live-lifecycle.ts';
import { readLifecycle } from '../lifecycle/read-lifecycle.ts';
import { stepCommands } from '../lifecycle/step-commands.ts';
import { priceArgs, priceFields, pricesOf } from './price-args.ts';
import { deviceArg, deviceField } from './shared-args.ts';

/** Lives a lifecycle with these commands. */
export const runCommand = (commands: readonly Command[]): Command => command({
  name: 'run',
  description: 'Do the steps of a recipe, each once its gate allows; run again, it goes on where it was and does only what changed',
  args: {
    recipe: { type: 'positional', description: 'A lifecycle: YAML, or a module that exports one (see llm init)', required: true },
    set: { type: 'string', valueHint: 'name=value…', description: 'Other values of the recipe, or flags of its steps as step.flag=value' },
    name: { type: 'string', valueHint: 'name', description: 'Name of its folder; default: that of the recipe' },
    runs: { type: 'string', valueHint: 'folder', description: 'Where runs are kept', default: 'runs' },
    again: { type: 'string', valueHint: 'step…', description: 'Steps to do again though nothing changed' },
    ...priceArgs,
    device: deviceArg,
  },
  lists: ['set', 'again'],
  stopsItself: true,
  schema: z.object({
    recipe: text('a recipe file'), set: z.array(z.string()).default([]), name: z.string().regex(/^[\w.-]+$/, { error: 'a name of letters, digits, dots and dashes' }).optional(), runs: text('a folder'),
    again: z.array(z.string()).default([]), ...priceFields, device: deviceField, json: z.boolean().default(false),
  }),
  async run({ recipe: file, set, name: given, runs, again, device, json, ...priced }, io) {
    const read = await readLifecycle(file, io.cwd);
    const recipe = applySettings(read.recipe, set.map(parseSetting));
    const name = given ?? recipe.lifecycle;
    const root = resolve(io.cwd, runs, name);
    const words = ['llm', 'run', file, ...set.flatMap((each) => ['--set', each]), ...(given === undefined ? [] : ['--name', given]), ...(runs === 'runs' ? [] : ['--runs', runs])];
    return liveLifecycle({ ...read, recipe }, { io, commands: stepCommands(commands), json, again, device, name, root, prices: pricesOf(priced), command: typed(words) });
  },
});

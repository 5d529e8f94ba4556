import { join, resolve } from 'node:path';
import { EXIT } from '../cli/cli-error.ts';
import type { Command } from '../cli/command.ts';
import type { Io } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { typed } from '../lifecycle/command-line.ts';
import { liveLifecycle } from '../lifecycle/live-lifecycle.ts';
import type { Flags, StepRecipe } from '../lifecycle/recipe-shape.ts';
import { readStep } from '../lifecycle/step-record.ts';
import { invocation } from '../train/drive-run.ts';
import { quickstartRecipe, type QuickstartRecipeOptions } from './quickstart-recipe.ts';

export interface QuickstartLifeOptions {
  readonly io: Io;
  readonly json: boolean;
  readonly runs: string;
  readonly name: string;
  readonly seed: number;
  readonly fresh: boolean;
  readonly device: string | undefined;
  /** How long pretraining was asked to take. */
  readonly minutes: number | undefined;
  readonly filters: string;
  /** What the steps may be, the quickstart itself among them: its first step is pretraining alone. */
  readonly commands: readonly Command[];
  /** Another first step, and other flags, for tests. */
  readonly base?: StepRecipe;
  readonly flags?: QuickstartRecipeOptions['flags'];
}

/** Says where a run, or a step, of the quickstart lies: the base as the quickstart itself, the others beside it. */
const folderNameOf = (name: string) => (place: string): string => (place === 'base' ? name : `${name}-${place}`);

/** Lives the quickstart: every stage from text to a model that answers, each with its gate, and goes on where it was stopped. */
export async function quickstartLife({ io, json, runs, name, seed, fresh, device, minutes, filters, commands, base, flags }: QuickstartLifeOptions): Promise<number> {
  const root = resolve(io.cwd, runs);
  const own: Flags = { stages: false, seed, filters, ...(minutes === undefined ? {} : { minutes }) };
  // A model that is there stays what it is, whatever is asked for now: only --fresh replaces it.
  const there = fresh ? undefined : await readStep(root, name);
  const kept = there === undefined ? own : Object.fromEntries(Object.entries(there.flags).filter(([key]) => !['name', 'runs', 'device'].includes(key)));
  const recipe = quickstartRecipe({
    seed, brief: minutes !== undefined || kept.minutes !== undefined, ...(flags === undefined ? {} : { flags }),
    base: base ?? { run: 'quickstart', description: 'Reading the documentation of the installed packages, training a tokenizer, and a model on it.', with: kept },
  });
  const code = await liveLifecycle({ file: 'quickstart', recipe, at: (...keys) => `quickstart (${keys.join('.')})` }, {
    io, json, commands, device, name, root, folderNameOf: folderNameOf(name), account: join(root, `${name}-life`), adopts: true, again: fresh ? Object.keys(recipe.steps) : [], prices: {},
    command: typed(['llm', 'quickstart', ...(minutes === undefined ? [] : [`--minutes=${minutes}`]), `--seed=${seed}`, `--name=${name}`]),
  });
  if (code === EXIT.ok && !json) {
    const at = (place: string, file = ''): string => shownPath(join(root, folderNameOf(name)(place), file), io.cwd);
    io.out(`\nTalk to it: ${invocation(io, `chat ${at('grpo')}`)}\nFor other programs: ${at('gguf', 'model.gguf')} (llama.cpp), ${at('onnx')} (transformers.js), ${at('student')} (Hugging Face)\n`);
  }
  return code;
}

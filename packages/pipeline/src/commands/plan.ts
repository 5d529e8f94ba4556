import { resolve } from 'node:path';
import { measurePeak } from '@llm/train';
import type { ArgsDef } from 'citty';
import { z } from 'zod';
import { UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, number, text } from '../cli/command.ts';
import { bytes, short } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { dearestSavings, keptText, planLife } from '../cost/plan.ts';
import { assumptionsText, memoryText, planText, savingsText } from '../cost/plan-text.ts';
import { together } from '../cost/savings.ts';
import { stepTimer } from '../cost/speed.ts';
import { sumOf } from '../cost/step-cost.ts';
import { askGpu } from '../device/ask-gpu.ts';
import type { Rates } from '../device/measure-rates.ts';
import { pickDevice, type PickedDevice } from '../device/pick-device.ts';
import { applySettings, parseSetting } from '../lifecycle/apply-settings.ts';
import { checkLifecycle } from '../lifecycle/check-lifecycle.ts';
import { doneBefore } from '../lifecycle/done-before.ts';
import { readLifecycle } from '../lifecycle/read-lifecycle.ts';
import type { FlagValue, LifecycleRecipe } from '../lifecycle/recipe-shape.ts';
import { stepCommands } from '../lifecycle/step-commands.ts';
import { memoryLimits } from '../train/check-memory.ts';
import { SIZES } from '../train/sizes.ts';
import { priceArgs, priceFields, pricesOf } from './price-args.ts';
import { deviceArg, deviceField, precisionField } from './shared-args.ts';

/** So long are matrix products timed. */
const SECONDS = 0.2;

const trainingArgs: ArgsDef = {
  config: { type: 'string', valueHint: `${Object.keys(SIZES).join('|')}|file.json`, description: 'Without a recipe: size of the model, or a config.json' },
  data: { type: 'string', valueHint: 'path…', description: 'Without a recipe: the text' },
  'vocab-size': { type: 'string', valueHint: 'tokens', description: 'Without a recipe: size of the tokenizer' },
  steps: { type: 'string', valueHint: 'steps', description: 'Without a recipe: optimizer steps' },
  batch: { type: 'string', valueHint: 'rows', description: 'Without a recipe: rows in a micro-batch' },
  length: { type: 'string', valueHint: 'tokens', description: 'Without a recipe: tokens in a row' },
  accumulate: { type: 'string', valueHint: 'batches', description: 'Without a recipe: micro-batches in a step' },
  checkpointed: { type: 'boolean', description: 'Without a recipe: compute activations again in the backward pass' },
  minutes: { type: 'string', valueHint: 'minutes', description: 'Without a recipe and --steps: how long to train' },
  precision: { type: 'string', valueHint: 'f32|f16', description: 'Without a recipe: what matrix products round their factors to' },
};

/** Says what a life, or one training, is going to take. */
export const planCommand = (commands: readonly Command[]): Command => command({
  name: 'plan',
  description: 'Say what a recipe, or a training with these flags, is going to need: memory by its parts, time by what this machine measures, energy and money, and what savings would give',
  args: {
    recipe: { type: 'positional', description: 'A lifecycle; default: one pretraining with the flags below', required: false },
    set: { type: 'string', valueHint: 'name=value…', description: 'Other values of the recipe, or flags of its steps as step.flag=value' },
    name: { type: 'string', valueHint: 'name', description: 'Name of its folder, to see what is done already; default: that of the recipe' },
    runs: { type: 'string', valueHint: 'folder', description: 'Where runs are kept', default: 'runs' },
    ...trainingArgs, ...priceArgs, device: deviceArg,
  },
  lists: ['set', 'data'],
  schema: z.object({
    recipe: text('a recipe file').optional(), set: z.array(z.string()).default([]), name: z.string().optional(), runs: text('a folder'), config: text('a size or a file').optional(), data: z.array(z.string()).optional(),
    'vocab-size': integer(257, 1_048_576).optional(), steps: integer(1).optional(), batch: integer(1).optional(), length: integer(2).optional(), accumulate: integer(1).optional(), checkpointed: z.boolean().optional(),
    precision: precisionField.optional(), minutes: number('a number above 0', { min: 1e-3 }).optional(), ...priceFields, device: deviceField, json: z.boolean().default(false),
  }),
  async run({ recipe: file, set, name, runs, device: choice, json, watts, 'price-per-hour': perHour, 'price-per-kwh': perKwh, ...flags }, io) {
    const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as Record<string, FlagValue>;
    if (file !== undefined && Object.keys(given).length > 0) throw new UsageError(`llm plan: expected a recipe or flags of a training but found ${file} and --${Object.keys(given)[0]!}. Set flags of a step with --set step.flag=value.`);
    const { recipe, order, done } = file === undefined
      ? { recipe: single(given), order: ['pretrain'], done: new Map() }
      : await ofRecipe(file, { set, name, runs, commands, cwd: io.cwd, device: choice });
    const device = await pickDevice(choice);
    const rates = await ratesOf(device);
    const limits = memoryLimits(device);
    const time = stepTimer({ rates, limits });
    const planned = await planLife(recipe, order, { cwd: io.cwd, time, prices: pricesOf({ watts, 'price-per-hour': perHour, 'price-per-kwh': perKwh }), done });
    const f16 = typeof rates.matmulF16Flops === 'number' ? rates.matmulF16Flops / rates.matmulFlops : undefined;
    const saved = await dearestSavings(planned, { time, text: await keptText(recipe, io.cwd), device: device.name, f16 });
    const largest = planned.reduce((most, { plan }) => Math.max(most, plan?.memory?.peak ?? 0), 0);
    const room = Number.isFinite(limits.deviceBytes) ? limits.deviceBytes : undefined;
    if (json) {
      io.out(`${JSON.stringify({ device: device.name, rates, room: room ?? null, steps: planned, total: sumOf(planned.flatMap(({ plan }) => plan?.cost ?? [])), ...(saved === undefined ? {} : { savings: { ...saved, together: together(saved.savings) } }) })}\n`);
      return 0;
    }
    const parts = planned.flatMap((each) => memoryText(each) ?? []);
    io.out(printable([
      `${device.description}: ${short(rates.matmulFlops)}FLOP/s in matrix products.`, planText(planned), ...parts,
      ...(largest === 0 ? [] : [room === undefined ? `At most ${bytes(largest)} at once; the graphics card does not say how much it has.` : `At most ${bytes(largest)} at once of ${bytes(room)}: ${largest <= room ? 'it fits' : 'it does NOT fit'}.`]),
      ...(saved === undefined ? [] : [savingsText(saved.step, saved.savings)]), ...[assumptionsText(planned)].filter((line) => line !== ''),
    ].join('\n\n')));
    io.out('\n');
    return 0;
  },
});

const single = (flags: Record<string, FlagValue>): LifecycleRecipe => ({ lifecycle: 'plan', steps: { pretrain: { run: 'pretrain', with: flags } } });

async function ofRecipe(file: string, { set, name, runs, commands, cwd, device }: { set: readonly string[]; name: string | undefined; runs: string; commands: readonly Command[]; cwd: string; device: string | undefined }): Promise<{ recipe: LifecycleRecipe; order: readonly string[]; done: ReadonlyMap<string, { seconds: number; flops?: number | undefined }> }> {
  const read = await readLifecycle(file, cwd);
  const recipe = applySettings(read.recipe, set.map(parseSetting));
  const checked = checkLifecycle({ ...read, recipe }, { commands: stepCommands(commands), cwd });
  return { recipe, order: checked.order, done: await doneBefore(checked, { root: resolve(cwd, runs, name ?? recipe.lifecycle), cwd, device }) };
}

/** A card is measured in a process of its own, with its half precision; anything else here. */
async function ratesOf(device: PickedDevice): Promise<Pick<Rates, 'matmulFlops' | 'matmulF16Flops'>> {
  const answer = device.name === 'webgpu' ? await askGpu({ measure: true }) : undefined;
  return answer?.rates ?? { matmulFlops: await measurePeak({ seconds: SECONDS }) };
}

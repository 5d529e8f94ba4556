import type { ArgsDef } from 'citty';
import { z } from 'zod';
import { command, type Command, integer, number } from '../cli/command.ts';
import { driveStage } from '../stage/drive-stage.ts';
import { PAIR_LOSSES, prepareDpo } from '../stage/prepare-dpo.ts';
import { REWARD_NAMES } from '../stage/rewards.ts';
import { STAGE_LISTS, stageArgs, stageFields } from './stage-args.ts';

const LOSSES = Object.keys(PAIR_LOSSES);
const LAYOUTS = ['shared', 'separate'] as const;

const args: ArgsDef = {
  loss: { type: 'string', valueHint: 'name', description: `One of ${LOSSES.join(', ')}`, default: 'sigmoid' },
  beta: { type: 'string', valueHint: 'number', description: 'How strongly the reference is held to; default 0.1, 2 for simpo' },
  gamma: { type: 'string', valueHint: 'number', description: 'The margin of simpo' },
  'label-smoothing': { type: 'string', valueHint: '0…0.5', description: 'Share of pairs that may be the wrong way round' },
  layout: { type: 'string', valueHint: LAYOUTS.join('|'), description: 'Run the prompt once for both completions, or each with its own', default: 'shared' },
  judge: { type: 'string', valueHint: 'name|file.mjs…', description: `How answers are compared with those of the reference, for a win rate: ${REWARD_NAMES.join(', ')}, or modules; default: not at all` },
  'max-tokens': { type: 'string', valueHint: 'tokens', description: 'Tokens of an answer that is judged, at most', default: '64' },
  'eval-questions': { type: 'string', valueHint: 'questions', description: 'Held-out prompts that are answered and judged', default: '64' },
};

/** Preference optimisation without a reward model. */
export const dpo: Command = command({
  name: 'dpo',
  description: 'Teach a model which of two answers is better: DPO, IPO, SimPO, ORPO and others',
  args: { ...stageArgs({ name: 'dpo', lr: '1e-6', epochs: '3', batch: '8', maxLength: '1024' }), ...args },
  lists: [...STAGE_LISTS, 'judge'], recipe: true, stopsItself: true,
  schema: z.object({
    ...stageFields, loss: z.enum(LOSSES as [string, ...string[]], { error: `one of ${LOSSES.join(', ')}` }), beta: number('a number above 0', { min: Number.MIN_VALUE }).optional(),
    gamma: number('a number from 0 on', { min: 0 }).optional(), 'label-smoothing': number('a number from 0 to below 0.5', { min: 0, max: 0.5 - 1e-9 }).optional(), layout: z.enum(LAYOUTS, { error: `one of ${LAYOUTS.join(', ')}` }),
    judge: z.array(z.string()).default([]), 'max-tokens': integer(1), 'eval-questions': integer(1),
  }),
  run: (options, io) => driveStage({ io, stage: 'dpo', options, prepare: prepareDpo }),
});

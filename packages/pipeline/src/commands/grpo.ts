import type { ArgsDef } from 'citty';
import { z } from 'zod';
import { command, type Command, integer, number } from '../cli/command.ts';
import { driveStage } from '../stage/drive-stage.ts';
import { OBJECTIVES, prepareGrpo, SCALES } from '../stage/prepare-grpo.ts';
import { REWARD_NAMES } from '../stage/rewards.ts';
import { STAGE_LISTS, stageArgs, stageFields } from './stage-args.ts';

const NAMES = Object.keys(OBJECTIVES);
const SCALE_NAMES = Object.keys(SCALES) as [keyof typeof SCALES, ...(keyof typeof SCALES)[]];

const args: ArgsDef = {
  reward: { type: 'string', valueHint: 'name|file.mjs…', description: `What an answer is worth: ${REWARD_NAMES.join(', ')}, or modules that export a function; several are added` },
  samples: { type: 'string', valueHint: 'answers', description: 'Answers to each question, which are compared with each other', default: '8' },
  'max-tokens': { type: 'string', valueHint: 'tokens', description: 'Tokens of an answer at most', default: '256' },
  temperature: { type: 'string', valueHint: 'number', description: 'Randomness of the answers', default: '1' },
  objective: { type: 'string', valueHint: NAMES.join('|'), description: 'How answers are averaged and clipped', default: 'dapo' },
  scale: { type: 'string', valueHint: SCALE_NAMES.join('|'), description: 'What rewards are divided by', default: 'group' },
  beta: { type: 'string', valueHint: 'number', description: 'Weight of the divergence from the model without its adapter', default: '0' },
  epsilon: { type: 'string', valueHint: 'number', description: 'How far a ratio may move; default 0.2' },
  'epsilon-high': { type: 'string', valueHint: 'number', description: 'How far upwards; default as --epsilon' },
  layout: { type: 'string', valueHint: 'shared|separate', description: 'Run a question once for all of its answers, or with each', default: 'shared' },
  'eval-questions': { type: 'string', valueHint: 'questions', description: 'Held-out questions that are answered', default: '128' },
};

/** Reinforcement learning from rewards that are computed. */
export const grpo: Command = command({
  name: 'grpo',
  description: 'Let a model find out by rewards: GRPO, DAPO, Dr. GRPO, GSPO, CISPO',
  args: { ...stageArgs({ name: 'grpo', lr: '1e-6', epochs: '1', batch: '8', maxLength: '1024' }), ...args },
  lists: [...STAGE_LISTS, 'reward'], recipe: true, stopsItself: true,
  schema: z.object({
    ...stageFields, reward: z.array(z.string()).default([]), samples: integer(2, 4096), 'max-tokens': integer(1), temperature: number('a number above 0', { min: Number.MIN_VALUE }),
    objective: z.enum(NAMES as [string, ...string[]], { error: `one of ${NAMES.join(', ')}` }), scale: z.enum(SCALE_NAMES, { error: `one of ${SCALE_NAMES.join(', ')}` }), beta: number('a number from 0 on', { min: 0 }),
    epsilon: number('a number above 0', { min: Number.MIN_VALUE }).optional(), 'epsilon-high': number('a number above 0', { min: Number.MIN_VALUE }).optional(), layout: z.enum(['shared', 'separate'], { error: 'shared or separate' }), 'eval-questions': integer(1),
  }),
  run: (options, io) => driveStage({ io, stage: 'grpo', options, prepare: prepareGrpo }),
});

import type { ArgsDef } from 'citty';
import { z } from 'zod';
import { command, type Command, integer, number, text } from '../cli/command.ts';
import { driveStage } from '../stage/drive-stage.ts';
import { preparePpo } from '../stage/prepare-ppo.ts';
import { REWARD_NAMES } from '../stage/rewards.ts';
import { STAGE_LISTS, stageArgs, stageFields } from './stage-args.ts';

const args: ArgsDef = {
  reward: { type: 'string', valueHint: 'name|file.mjs…', description: `What an answer is worth: ${REWARD_NAMES.join(', ')}, or modules that export a function; several are added` },
  'reward-model': { type: 'string', valueHint: 'folder', description: 'A reward model whose score is added, as llm reward makes it' },
  'max-tokens': { type: 'string', valueHint: 'tokens', description: 'Tokens of an answer at most', default: '53' },
  temperature: { type: 'string', valueHint: 'number', description: 'Randomness of the answers', default: '0.7' },
  'ppo-epochs': { type: 'string', valueHint: 'times', description: 'How often the answers of a round are gone through', default: '4' },
  'mini-batch': { type: 'string', valueHint: 'answers', description: 'Answers in an update', default: '8' },
  kl: { type: 'string', valueHint: 'number', description: 'What a token costs for its divergence from the model at the beginning', default: '0.05' },
  clip: { type: 'string', valueHint: 'number', description: 'How far a ratio may move', default: '0.2' },
  'value-clip': { type: 'string', valueHint: 'number', description: 'How far a value may move', default: '0.2' },
  'value-coef': { type: 'string', valueHint: 'number', description: 'Weight of the loss of the value function', default: '0.1' },
  gamma: { type: 'string', valueHint: '0…1', description: 'How much later rewards count', default: '1' },
  lambda: { type: 'string', valueHint: '0…1', description: 'Of generalised advantage estimation', default: '0.95' },
  'missing-end': { type: 'string', valueHint: 'number', description: 'Taken from the reward of an answer that does not end', default: '0' },
  'eval-questions': { type: 'string', valueHint: 'questions', description: 'Held-out questions that are answered', default: '128' },
};

const share = number('a number from 0 to 1', { min: 0, max: 1 });
const positive = number('a number above 0', { min: Number.MIN_VALUE });
const fromZero = number('a number from 0 on', { min: 0 });

/** Reinforcement learning with a value function. */
export const ppo: Command = command({
  name: 'ppo',
  description: 'Let a model find out by rewards or a reward model, with a value function: PPO',
  args: { ...stageArgs({ name: 'ppo', lr: '3e-6', epochs: '1', batch: '16', maxLength: '1024' }), ...args },
  lists: [...STAGE_LISTS, 'reward'], recipe: true, stopsItself: true,
  schema: z.object({
    ...stageFields, reward: z.array(z.string()).default([]), 'reward-model': text('a folder').optional(), 'max-tokens': integer(1), temperature: positive, 'ppo-epochs': integer(1), 'mini-batch': integer(1),
    kl: fromZero, clip: positive, 'value-clip': positive, 'value-coef': fromZero, gamma: share, lambda: share, 'missing-end': fromZero, 'eval-questions': integer(1),
  }),
  run: (options, io) => driveStage({ io, stage: 'ppo', options, prepare: preparePpo }),
});

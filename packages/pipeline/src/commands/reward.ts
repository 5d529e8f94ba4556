import { z } from 'zod';
import { command, type Command, number } from '../cli/command.ts';
import { driveStage } from '../stage/drive-stage.ts';
import { prepareReward } from '../stage/prepare-reward.ts';
import { STAGE_LISTS, stageArgs, stageFields } from './stage-args.ts';

/** A model that scores answers. */
export const reward: Command = command({
  name: 'reward',
  description: 'Train a reward model from pairs: which of two answers is better',
  args: {
    ...stageArgs({ name: 'reward', lr: '1e-4', epochs: '1', batch: '8', maxLength: '1024' }),
    centering: { type: 'string', valueHint: 'number', description: 'Holds scores around 0; 0.01 is usual', default: '0' },
  },
  lists: STAGE_LISTS, recipe: true, stopsItself: true,
  schema: z.object({ ...stageFields, centering: number('a number from 0 on', { min: 0 }) }),
  run: (options, io) => driveStage({ io, stage: 'reward', options, prepare: prepareReward }),
});

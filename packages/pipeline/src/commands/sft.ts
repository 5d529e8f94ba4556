import type { ArgsDef } from 'citty';
import { z } from 'zod';
import { command, type Command, integer, number } from '../cli/command.ts';
import { driveStage } from '../stage/drive-stage.ts';
import { prepareSft, type SftOptions } from '../stage/prepare-sft.ts';
import { STAGE_LISTS, stageArgs, stageFields } from './stage-args.ts';

const PACKINGS = ['none', 'bfd', 'bfd_split', 'wrapped'] as const;
const TRAIN_ON = ['completion', 'assistant', 'all'] as const;

const args: ArgsDef = {
  packing: { type: 'string', valueHint: PACKINGS.join('|'), description: 'Several examples in a row, apart from each other', default: 'none' },
  'train-on': { type: 'string', valueHint: TRAIN_ON.join('|'), description: 'What is learned: the completion, what the assistant says in conversations, or the prompt too', default: 'assistant' },
  loss: { type: 'string', valueHint: 'nll|dft', description: 'Negative log-likelihood, or dynamic fine-tuning', default: 'nll' },
  neftune: { type: 'string', valueHint: 'alpha', description: 'Noise on the embeddings, 5 to 15; default: none' },
  'eval-answers': { type: 'string', valueHint: 'records', description: 'Held-out questions that are answered and compared to the letter; 0 for none', default: '64' },
};

const schema: z.ZodObject = z.object({
  ...stageFields, packing: z.enum(PACKINGS, { error: `one of ${PACKINGS.join(', ')}` }), 'train-on': z.enum(TRAIN_ON, { error: `one of ${TRAIN_ON.join(', ')}` }),
  loss: z.enum(['nll', 'dft'], { error: 'nll or dft' }), neftune: number('a number above 0', { min: Number.MIN_VALUE }).optional(), 'eval-answers': integer(0),
});

/** Supervised fine-tuning. */
export const sft: Command = command({
  name: 'sft',
  description: 'Teach a model to answer, from pairs, conversations or texts',
  args: { ...stageArgs({ name: 'sft', lr: '2e-5, 2e-4 with --lora', epochs: '3', batch: '8', maxLength: '1024' }), ...args },
  lists: STAGE_LISTS, recipe: true, stopsItself: true, schema,
  run: (options, io) => driveStage({ io, stage: 'sft', options: options as unknown as SftOptions, prepare: prepareSft }),
});

const DEFAULT_RANK = 8;

/** Supervised fine-tuning of an adapter. */
export const loraCommand: Command = command({
  name: 'lora',
  description: 'As sft, but train an adapter and leave the weights as they are (--base nf4: QLoRA)',
  args: { ...stageArgs({ name: 'lora', lr: '2e-4', epochs: '3', batch: '8', maxLength: '1024' }), ...args },
  lists: STAGE_LISTS, recipe: true, stopsItself: true, schema,
  run: (options, io) => driveStage({ io, stage: 'lora', options: { lora: DEFAULT_RANK, ...options } as unknown as SftOptions, prepare: prepareSft }),
});

import type { ArgsDef } from 'citty';
import { z } from 'zod';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { LOSS_NAMES } from '../stage/distill-losses.ts';
import type { DistillOptions } from '../stage/distill-options.ts';
import { driveStage } from '../stage/drive-stage.ts';
import { prepareDistill } from '../stage/prepare-distill.ts';
import { STORED } from '../stage/stored.ts';
import { STAGE_LISTS, stageArgs, stageFields } from './stage-args.ts';

const ADAPTER_FLAGS = ['lora', 'lora-alpha', 'lora-targets', 'lora-dropout', 'lora-variant', 'base'];
const WIDTH_BY = ['svd', 'magnitude'] as const;
const without = <T extends object>(all: T): T => Object.fromEntries(Object.entries(all).filter(([name]) => !ADAPTER_FLAGS.includes(name))) as T;

const args: ArgsDef = {
  student: { type: 'string', valueHint: 'folder', description: 'A student to begin with; default: some layers of the teacher' },
  layers: { type: 'string', valueHint: 'layers', description: 'Layers of the student; default: half of the teacher\'s' },
  keep: { type: 'string', valueHint: 'spread|first|last|every|0,2,4', description: 'Which layers it begins with', default: 'spread' },
  width: { type: 'string', valueHint: 'width', description: 'Width of its states, for llama, qwen2 and qwen3; default: the teacher\'s' },
  'mlp-width': { type: 'string', valueHint: 'width', description: 'Width of its MLP, for the same; default: the teacher\'s' },
  'width-by': { type: 'string', valueHint: WIDTH_BY.join('|'), description: 'Which directions of the states stay: the principal ones, or the largest coordinates', default: 'svd' },
  loss: { type: 'string', valueHint: 'name', description: `One of ${LOSS_NAMES.join(', ')}; gkd learns from what the student says itself`, default: 'hinton' },
  temperature: { type: 'string', valueHint: 'number', description: 'Divides the logits of both; default 2 for hinton and distilbert, 0.9 for gkd, else 1' },
  alpha: { type: 'string', valueHint: '0…1', description: 'Share of what the teacher says beside the data; default 0.5 for hinton, else 1' },
  beta: { type: 'string', valueHint: '0…1', description: 'Of jsd and gkd: 0 is KL(teacher, student), 1 the other way round', default: '0.5' },
  ratio: { type: 'string', valueHint: '0…1', description: 'Of symmetric-kl: the share of KL(teacher, student)', default: '0.5' },
  lambda: { type: 'string', valueHint: '0…1', description: 'Share of batches that the student writes itself; default 0.5 for gkd, else 0' },
  'max-tokens': { type: 'string', valueHint: 'tokens', description: 'Tokens that the student writes, at most', default: '128' },
  states: { type: 'string', valueHint: 'weight', description: 'Weight of the directions of the last states, DistilBERT\'s third loss', default: '0' },
  cache: { type: 'string', valueHint: 'tokens', description: 'Ask the teacher once and keep its likeliest so many tokens of each place; default: ask it at every step' },
  'teacher-bits': { type: 'string', valueHint: STORED.join('|'), description: 'How the teacher\'s weights are kept in memory', default: 'f32' },
  text: { type: 'string', valueHint: 'run|path…', description: 'Running text to learn from: that of a run with the teacher\'s tokenizer, or files and folders' },
  'text-share': { type: 'string', valueHint: '0…1', description: 'Share of micro-batches that are text, where there are records too', default: '0.5' },
  'eval-answers': { type: 'string', valueHint: 'records', description: 'Held-out questions that are answered and compared to the letter; 0 for none', default: '64' },
  'eval-rows': { type: 'string', valueHint: 'rows', description: 'Rows of held-out text that are predicted, at most', default: '64' },
};

const share = (message: string): z.ZodType<number> => number(message, { min: 0, max: 1 });

const verb: Command = command({
  name: 'distill',
  description: 'Teach a smaller model what a larger one says: llm distill TEACHER --layers 6',
  args: { ...without(stageArgs({ name: 'distill', lr: '5e-4', epochs: '3', batch: '8', maxLength: '1024' })), ...args },
  lists: [...STAGE_LISTS.filter((name) => !ADAPTER_FLAGS.includes(name)), 'text'], recipe: true, stopsItself: true,
  schema: z.object({
    ...without(stageFields), student: text('a folder').optional(), layers: integer(1).optional(), keep: text('spread, first, last, every or numbers of layers'), width: integer(1).optional(), 'mlp-width': integer(1).optional(),
    'width-by': z.enum(WIDTH_BY, { error: `one of ${WIDTH_BY.join(', ')}` }), loss: z.enum(LOSS_NAMES as [string, ...string[]], { error: `one of ${LOSS_NAMES.join(', ')}` }),
    temperature: number('a number above 0', { min: Number.MIN_VALUE }).optional(), alpha: share('a number from 0 to 1').optional(), beta: share('a number from 0 to 1'), ratio: share('a number from 0 to 1'), lambda: share('a number from 0 to 1').optional(),
    'max-tokens': integer(1), states: number('a number from 0 on', { min: 0 }), cache: integer(1).optional(), 'teacher-bits': z.enum(STORED, { error: `one of ${STORED.join(', ')}` }),
    text: paths.optional(), 'text-share': share('a number from 0 to 1'), 'eval-answers': integer(0), 'eval-rows': integer(1),
  }),
  run: (options, io) => driveStage({ io, stage: 'distill', options: options as unknown as DistillOptions, prepare: prepareDistill }),
});

/** Distillation; its first word is the teacher, or a recipe. */
export const distill: Command = {
  ...verb,
  run: ([first, ...rest], io) => verb.run(first === undefined ? [] : first.startsWith('-') || /\.ya?ml$/i.test(first) ? [first, ...rest] : ['--model', first, ...rest], io),
};

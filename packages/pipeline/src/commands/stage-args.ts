import type { ArgsDef } from 'citty';
import { z } from 'zod';
import { integer, number, paths, text } from '../cli/command.ts';
import type { DeviceChoice } from '../device/pick-device.ts';
import { STORED } from '../stage/stored.ts';
import { deviceArg, deviceField } from './shared-args.ts';

/** Flags of every stage after pretraining; `lr` and `name` have defaults of the stage's own. */
export function stageArgs({ name, lr, epochs, batch, maxLength }: { name: string; lr: string; epochs: string; batch: string; maxLength: string }): ArgsDef {
  return {
    model: { type: 'string', valueHint: 'folder', description: 'The model to begin with: a run, or a Hugging Face folder' },
    data: { type: 'string', valueHint: 'file.jsonl…', description: 'Records to train on, one JSON object a line' },
    'eval-data': { type: 'string', valueHint: 'file.jsonl…', description: 'Records to evaluate on; default: a share of --data' },
    'eval-share': { type: 'string', valueHint: '0…1', description: 'Share of --data that is held out where there is no --eval-data', default: '0.05' },
    template: { type: 'string', valueHint: 'name|file.jinja', description: 'How conversations are written; default: that of the model, or alpaca' },
    lora: { type: 'string', valueHint: 'rank', description: 'Train an adapter of this rank instead of the weights' },
    'lora-alpha': { type: 'string', valueHint: 'number', description: 'α of the adapter; default: twice the rank' },
    'lora-targets': { type: 'string', valueHint: 'module…', description: 'Where the adapter goes: module names, or all-linear; default: by the kind of model' },
    'lora-dropout': { type: 'string', valueHint: '0…1', description: 'Dropout of the adapter\'s input', default: '0' },
    'lora-variant': { type: 'string', valueHint: 'lora|rslora|dora', description: 'Kind of adapter', default: 'lora' },
    base: { type: 'string', valueHint: STORED.join('|'), description: 'How the frozen weights under an adapter are stored; nf4 is QLoRA', default: 'f32' },
    steps: { type: 'string', valueHint: 'steps', description: 'Optimizer steps; default: by --epochs' },
    epochs: { type: 'string', valueHint: 'times', description: 'Passes over the data', default: epochs },
    batch: { type: 'string', valueHint: 'rows', description: 'Examples in a micro-batch', default: batch },
    accumulate: { type: 'string', valueHint: 'batches', description: 'Micro-batches in a step', default: '1' },
    'max-length': { type: 'string', valueHint: 'tokens', description: 'Tokens of an example at most; at most the context of the model', default: maxLength },
    lr: { type: 'string', valueHint: 'rate', description: `Highest learning rate; default: ${lr}` },
    warmup: { type: 'string', valueHint: 'steps', description: 'Steps in which the rate rises; then it falls in a line to 0', default: '0' },
    'weight-decay': { type: 'string', valueHint: 'number', description: 'Of AdamW', default: '0' },
    'clip-norm': { type: 'string', valueHint: 'number', description: 'Largest norm of a gradient', default: '1' },
    seed: { type: 'string', valueHint: 'number', description: 'The same seed gives the same model', default: '0' },
    checkpointed: { type: 'boolean', description: 'Compute activations again in the backward pass: less memory, a third more time' },
    'eval-every': { type: 'string', valueHint: 'steps', description: 'Evaluate on held-out records; default: 8 times' },
    'save-every': { type: 'string', valueHint: 'steps', description: 'Save a checkpoint; default: 4 times' },
    name: { type: 'string', valueHint: 'name', description: 'Name of the run', default: name },
    runs: { type: 'string', valueHint: 'folder', description: 'Where runs are kept', default: 'runs' },
    resume: { type: 'boolean', description: 'Go on with the run of this name; its settings are those it began with' },
    fresh: { type: 'boolean', description: 'Start anew where there is a run already' },
    device: deviceArg,
  };
}

export const STAGE_LISTS: readonly string[] = ['data', 'eval-data', 'lora-targets'];

const rate = number('a number from 0 on', { min: 0 });
const ADAPTERS = ['lora', 'rslora', 'dora'] as const;

/** What the flags of every stage say. */
export interface StageOptions {
  readonly model?: string | undefined;
  readonly data?: string[] | undefined;
  readonly 'eval-data'?: string[] | undefined;
  readonly 'eval-share': number;
  readonly template?: string | undefined;
  readonly lora?: number | undefined;
  readonly 'lora-alpha'?: number | undefined;
  readonly 'lora-targets'?: string[] | undefined;
  readonly 'lora-dropout': number;
  readonly 'lora-variant': (typeof ADAPTERS)[number];
  readonly base: (typeof STORED)[number];
  readonly steps?: number | undefined;
  readonly epochs: number;
  readonly batch: number;
  readonly accumulate: number;
  readonly 'max-length': number;
  readonly lr?: number | undefined;
  readonly warmup: number;
  readonly 'weight-decay': number;
  readonly 'clip-norm': number;
  readonly seed: number;
  readonly checkpointed: boolean;
  readonly 'eval-every'?: number | undefined;
  readonly 'save-every'?: number | undefined;
  readonly name: string;
  readonly runs: string;
  readonly resume: boolean;
  readonly fresh: boolean;
  readonly device?: DeviceChoice | undefined;
  readonly json: boolean;
}

/** Their kinds. `data` may be missing where a run goes on. */
export const stageFields: { readonly [K in keyof Required<StageOptions>]: z.ZodType<StageOptions[K]> } = {
  model: text('a folder').optional(), data: paths.optional(), 'eval-data': paths.optional(), 'eval-share': number('a number between 0 and 1', { min: 1e-9, max: 1 - 1e-9 }), template: text('a name or a file').optional(),
  lora: integer(1, 4096).optional(), 'lora-alpha': number('a number above 0', { min: Number.MIN_VALUE }).optional(), 'lora-targets': z.array(z.string()).optional(), 'lora-dropout': number('a number from 0 to below 1', { min: 0, max: 1 - 1e-9 }),
  'lora-variant': z.enum(ADAPTERS, { error: `one of ${ADAPTERS.join(', ')}` }), base: z.enum(STORED, { error: `one of ${STORED.join(', ')}` }),
  steps: integer(1).optional(), epochs: number('a number above 0', { min: 1e-3 }), batch: integer(1), accumulate: integer(1), 'max-length': integer(2), lr: number('a number above 0', { min: Number.MIN_VALUE, max: 100 }).optional(),
  warmup: integer(0), 'weight-decay': rate, 'clip-norm': number('a number above 0', { min: Number.MIN_VALUE }), seed: integer(0, 2 ** 32 - 1), checkpointed: z.boolean().default(false),
  'eval-every': integer(1).optional(), 'save-every': integer(1).optional(),
  name: z.string().regex(/^[\w.-]+$/, { error: 'a name of letters, digits, dots and dashes' }), runs: text('a folder'), resume: z.boolean().default(false), fresh: z.boolean().default(false),
  device: deviceField, json: z.boolean().default(false),
};

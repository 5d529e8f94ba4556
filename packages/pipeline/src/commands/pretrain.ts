import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readRun } from '../run/run-record.ts';
import { createRun, SPLITS } from '../train/create-run.ts';
import { driveRun, invocation, shownPath } from '../train/drive-run.ts';
import { SIZES } from '../train/sizes.ts';
import { filterArgs, filterFields, splitField } from './shared-args.ts';

const positive = number('a number above 0', { min: Number.MIN_VALUE, max: 100 });

/** Pretrains a model, or goes on with a run. */
export const pretrain: Command = command({
  name: 'pretrain',
  description: 'Pretrain a model on your text, or go on with a run that was stopped (--resume)',
  args: {
    data: { type: 'string', valueHint: 'path…', description: 'Files and folders of text' },
    resume: { type: 'boolean', description: 'Go on with the run of this name; its settings are those it began with' },
    name: { type: 'string', valueHint: 'name', description: 'Name of the run', default: 'pretrain' },
    runs: { type: 'string', valueHint: 'folder', description: 'Where runs are kept', default: 'runs' },
    fresh: { type: 'boolean', description: 'Start anew where there is a run already' },
    config: { type: 'string', valueHint: `${Object.keys(SIZES).join('|')}|file.json`, description: 'Size of the model, or a config.json; default: by the length of the text' },
    tokenizer: { type: 'string', valueHint: 'file.json', description: 'Use this tokenizer.json; default: train one on the text' },
    'vocab-size': { type: 'string', valueHint: 'tokens', description: 'Size of the tokenizer that is trained; default: 512 to 4096 by the length of the text' },
    split: { type: 'string', valueHint: Object.keys(SPLITS).join('|'), description: 'How the tokenizer cuts text into pieces', default: 'llama3' },
    steps: { type: 'string', valueHint: 'steps', description: 'Optimizer steps; default: as many as fit into --minutes' },
    minutes: { type: 'string', valueHint: 'minutes', description: 'How long to train', default: '2' },
    epochs: { type: 'string', valueHint: 'times', description: 'Passes over the text at most, where --steps is not given', default: '12' },
    batch: { type: 'string', valueHint: 'rows', description: 'Rows in a micro-batch; default: by --config' },
    length: { type: 'string', valueHint: 'tokens', description: 'Tokens in a row; default: by --config' },
    accumulate: { type: 'string', valueHint: 'batches', description: 'Micro-batches in a step', default: '1' },
    lr: { type: 'string', valueHint: 'rate', description: 'Highest learning rate; default: by --config' },
    seed: { type: 'string', valueHint: 'number', description: 'The same seed gives the same model', default: '0' },
    checkpointed: { type: 'boolean', description: 'Compute activations again in the backward pass: less memory, a third more time' },
    'eval-every': { type: 'string', valueHint: 'steps', description: 'Evaluate on held-out text; default: 8 times' },
    'sample-every': { type: 'string', valueHint: 'steps', description: 'Write samples; default: 4 times' },
    'save-every': { type: 'string', valueHint: 'steps', description: 'Save a checkpoint; default: about every 30 seconds' },
    prompt: { type: 'string', valueHint: 'text…', description: 'How samples begin; default: as held-out texts do' },
    ...filterArgs,
  },
  lists: ['data', 'prompt'],
  variadic: 'data',
  stopsItself: true,
  schema: z.object({
    data: paths.optional(), resume: z.boolean().default(false), name: z.string().regex(/^[\w.-]+$/, { error: 'a name of letters, digits, dots and dashes' }), runs: text('a folder'), fresh: z.boolean().default(false),
    config: text('a size or a file').optional(), tokenizer: text('a file').optional(), 'vocab-size': integer(257, 1_048_576).optional(), split: splitField,
    steps: integer(1).optional(), minutes: number('a number of minutes above 0', { min: 1e-3 }), epochs: number('a number above 0', { min: 1e-3 }),
    batch: integer(1).optional(), length: integer(2).optional(), accumulate: integer(1), lr: positive.optional(), seed: integer(0, 2 ** 32 - 1), checkpointed: z.boolean().default(false),
    'eval-every': integer(1).optional(), 'sample-every': integer(1).optional(), 'save-every': integer(1).optional(), prompt: z.array(z.string()).optional(), ...filterFields,
  }),
  async run(options, io) {
    const { data, resume, name, runs, fresh, json } = options;
    const folder = resolve(io.cwd, runs, name);
    const shown = shownPath(folder, io.cwd);
    const existing = await readRun(folder);
    if (resume && fresh) throw new UsageError('llm pretrain: expected --resume or --fresh but found both. Leave one out.');
    if (resume && existing === undefined) throw new CliError('E_NO_RUN', `llm pretrain: expected a run to go on with but found none in ${shown}. Name one with --name, or leave --resume out and give --data.`);
    if (existing?.result !== undefined && resume) {
      if (json) io.out(`${JSON.stringify({ type: 'finished', folder, ...existing.result })}\n`);
      else io.out(`${shown} is finished: ${existing.result.steps} steps, ${existing.result.evaluation.bitsPerByte.toFixed(3)} bits per byte. Try: ${invocation(io, `chat ${shown}`)}\n`);
      return 0;
    }
    if (existing !== undefined && !resume && !fresh) throw new CliError('E_RUN_EXISTS', `llm pretrain: expected a new run but found one in ${shown}. Use --resume to go on with it, --fresh to replace it, or --name for another.`);
    if (!resume && data === undefined) throw new UsageError('llm pretrain: expected --data with files or folders of text but found nothing. See llm pretrain --help.');
    const { size, config } = await sizeOf(options.config, io.cwd);
    checkOutput(folder, { inputs: data ?? [], cwd: io.cwd, remedy: 'Keep the runs elsewhere with --runs, or name the folders of text one by one.' });
    return driveRun({
      io, json, folder, fresh,
      create: (onNotice) => createRun({
        folder, name, cwd: io.cwd, signal: io.stop, onNotice, paths: data, filters: FILTER_SETS[options.filters]!, split: options.split,
        tokenizerFile: options.tokenizer, vocabSize: options['vocab-size'], size, config, steps: options.steps, minutes: options.minutes, maxEpochs: options.epochs,
        batch: options.batch, length: options.length, accumulate: options.accumulate, lr: options.lr, seed: options.seed, checkpointed: options.checkpointed,
        evalEvery: options['eval-every'], sampleEvery: options['sample-every'], saveEvery: options['save-every'], prompts: options.prompt,
      }),
    });
  },
});

async function sizeOf(typed: string | undefined, cwd: string): Promise<{ size?: (typeof SIZES)[string]; config?: Record<string, unknown> }> {
  if (typed === undefined) return {};
  const size = SIZES[typed];
  if (size !== undefined) return { size };
  if (!typed.endsWith('.json')) throw new UsageError(`llm pretrain: expected --config to be one of ${Object.keys(SIZES).join(', ')} or a .json file but found ${typed}.`);
  const path = resolve(cwd, typed);
  const read = await readFile(path, 'utf8').catch((cause: unknown) => { throw new CliError('E_NOT_FOUND', `llm pretrain: expected a config.json at ${path} but found none.`, { cause }); });
  try {
    return { config: JSON.parse(read) as Record<string, unknown> };
  } catch (cause) {
    throw new CliError('E_JSON', `llm pretrain: expected JSON in ${path} but found something else.`, { cause });
  }
}

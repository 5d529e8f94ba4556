import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isWithin } from '@llm/data-quality/node';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { shownPath } from '../cli/shown-path.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readRun } from '../run/run-record.ts';
import { createRun } from '../train/create-run.ts';
import { driveRun, invocation } from '../train/drive-run.ts';
import type { GivenOptions } from '../train/given-weights.ts';
import { findFolder } from '../train/open-run.ts';
import { SPLITS } from '../train/run-tokenizer.ts';
import { SIZES } from '../train/sizes.ts';
import { deviceArg, deviceField, filterArgs, filterFields, precisionArg, precisionField, splitField } from './shared-args.ts';

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
    init: { type: 'string', valueHint: 'folder', description: 'Begin with the weights, the config.json and the tokenizer.json of this Hugging Face folder; default: random weights' },
    'allow-nonfinite': { type: 'boolean', description: 'Take weights of --init that hold NaN or infinities' },
    tokenizer: { type: 'string', valueHint: 'file.json', description: 'Use this tokenizer.json; default: that of --init, otherwise train one on the text' },
    'vocab-size': { type: 'string', valueHint: 'tokens', description: 'Size of the tokenizer that is trained; default: 512 to 4096 by the length of the text' },
    split: { type: 'string', valueHint: Object.keys(SPLITS).join('|'), description: 'How the tokenizer cuts text into pieces', default: 'llama3' },
    steps: { type: 'string', valueHint: 'steps', description: 'Optimizer steps; default: as many as fit into --minutes' },
    minutes: { type: 'string', valueHint: 'minutes', description: 'How long to train', default: '2' },
    epochs: { type: 'string', valueHint: 'times', description: 'Passes over the text at most, where --steps is not given', default: '12' },
    batch: { type: 'string', valueHint: 'rows', description: 'Rows in a micro-batch; default: by --config' },
    length: { type: 'string', valueHint: 'tokens', description: 'Tokens in a row; default: by --config' },
    accumulate: { type: 'string', valueHint: 'batches', description: 'Micro-batches in a step', default: '1' },
    lr: { type: 'string', valueHint: 'rate', description: 'Highest learning rate; default: by --config, 5e-4 with --init' },
    seed: { type: 'string', valueHint: 'number', description: 'The same seed gives the same model', default: '0' },
    checkpointed: { type: 'boolean', description: 'Compute activations again in the backward pass: less memory, a third more time' },
    precision: precisionArg,
    'eval-every': { type: 'string', valueHint: 'steps', description: 'Evaluate on held-out text; default: 8 times' },
    'sample-every': { type: 'string', valueHint: 'steps', description: 'Write samples; default: 4 times' },
    'save-every': { type: 'string', valueHint: 'steps', description: 'Save a checkpoint; default: about every 30 seconds' },
    prompt: { type: 'string', valueHint: 'text…', description: 'How samples begin; default: as held-out texts do' },
    device: deviceArg,
    ...filterArgs,
  },
  lists: ['data', 'prompt'],
  variadic: 'data',
  stopsItself: true,
  schema: z.object({
    data: paths.optional(), resume: z.boolean().default(false), name: z.string().regex(/^[\w.-]+$/, { error: 'a name of letters, digits, dots and dashes' }), runs: text('a folder'), fresh: z.boolean().default(false),
    config: text('a size or a file').optional(), init: text('a folder').optional(), 'allow-nonfinite': z.boolean().default(false), tokenizer: text('a file').optional(), 'vocab-size': integer(257, 1_048_576).optional(), split: splitField,
    steps: integer(1).optional(), minutes: number('a number of minutes above 0', { min: 1e-3 }), epochs: number('a number above 0', { min: 1e-3 }),
    batch: integer(1).optional(), length: integer(2).optional(), accumulate: integer(1), lr: positive.optional(), seed: integer(0, 2 ** 32 - 1), checkpointed: z.boolean().default(false), precision: precisionField,
    'eval-every': integer(1).optional(), 'sample-every': integer(1).optional(), 'save-every': integer(1).optional(), prompt: z.array(z.string()).optional(), device: deviceField, ...filterFields,
  }),
  async run(options, io) {
    const { data, resume, name, runs, fresh, json } = options;
    const folder = resolve(io.cwd, runs, name);
    const shown = shownPath(folder, io.cwd);
    const existing = await readRun(folder);
    if (resume && fresh) throw new UsageError('llm pretrain: expected --resume or --fresh but found both. Leave one out.');
    checkFlags(options);
    if (resume && existing === undefined) throw new CliError('E_NO_RUN', `llm pretrain: expected a run to go on with but found none in ${shown}. Name one with --name, or leave --resume out and give --data.`);
    if (existing?.result !== undefined && resume) {
      if (json) io.out(`${JSON.stringify({ type: 'finished', folder, ...existing.result })}\n`);
      else io.out(`${shown} is finished: ${existing.result.steps} steps, ${existing.result.evaluation.bitsPerByte.toFixed(3)} bits per byte. Try: ${invocation(io, `chat ${shown}`)}\n`);
      return 0;
    }
    if (existing !== undefined && !resume && !fresh) throw new CliError('E_RUN_EXISTS', `llm pretrain: expected a new run but found one in ${shown}. Use --resume to go on with it, --fresh to replace it, or --name for another.`);
    if (!resume && data === undefined) throw new UsageError('llm pretrain: expected --data with files or folders of text but found nothing. See llm pretrain --help.');
    const { size, config } = await sizeOf(options.config, io.cwd);
    const init = options.init === undefined ? undefined : givenOf(options.init, { cwd: io.cwd, folder, allowNonFinite: options['allow-nonfinite'] });
    await checkOutput(folder, { inputs: data ?? [], cwd: io.cwd, remedy: 'Keep the runs elsewhere with --runs, or name the folders of text one by one.' });
    return driveRun({
      io, json, folder, fresh, device: options.device,
      create: (onNotice, device) => createRun({
        folder, name, cwd: io.cwd, signal: io.stop, onNotice, device, paths: data, filters: FILTER_SETS[options.filters]!, split: options.split,
        tokenizerFile: options.tokenizer, vocabSize: options['vocab-size'], size, config, init, steps: options.steps, minutes: options.minutes, maxEpochs: options.epochs,
        batch: options.batch, length: options.length, accumulate: options.accumulate, lr: options.lr, seed: options.seed, checkpointed: options.checkpointed, precision: options.precision,
        evalEvery: options['eval-every'], sampleEvery: options['sample-every'], saveEvery: options['save-every'], prompts: options.prompt,
      }),
    });
  },
});

/** Flags that contradict each other. */
function checkFlags({ resume, init, config, 'vocab-size': vocabSize, 'allow-nonfinite': allowNonFinite }: {
  resume: boolean; init?: string | undefined; config?: string | undefined; 'vocab-size'?: number | undefined; 'allow-nonfinite': boolean;
}): void {
  if (init === undefined) {
    if (allowNonFinite) throw new UsageError('llm pretrain: expected --init with --allow-nonfinite but found none. Name the folder of the weights, or leave it out.');
    return;
  }
  if (resume) throw new UsageError('llm pretrain: expected --resume or --init but found both. A run goes on from its checkpoints: leave --init out, or begin another run with --name.');
  if (config !== undefined) throw new UsageError('llm pretrain: expected --init or --config but found both. The folder of the weights has a config.json: leave --config out.');
  if (vocabSize !== undefined) throw new UsageError('llm pretrain: expected --init or --vocab-size but found both. The weights have as many tokens as their config.json says: leave --vocab-size out.');
}

/** The folder of the first weights: one that is there, and that the run does not overwrite. */
function givenOf(typed: string, { cwd, folder, allowNonFinite }: { cwd: string; folder: string; allowNonFinite: boolean }): GivenOptions {
  const path = findFolder(typed, cwd);
  if (!existsSync(path) || !statSync(path).isDirectory()) throw new CliError('E_NOT_FOUND', `llm pretrain: expected --init to be the folder of a model but found ${existsSync(path) ? 'a file' : 'nothing'} at ${path}. Give a folder with config.json, model.safetensors and tokenizer.json.`);
  if (isWithin(path, folder)) throw new CliError('E_OUTPUT', `llm pretrain: expected the run outside of the folder of its first weights but found both in ${shownPath(folder, cwd)}. Choose another --name.`);
  return { folder: path, shown: shownPath(path, cwd), allowNonFinite };
}

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

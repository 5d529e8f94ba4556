import { resolve } from 'node:path';
import { z } from 'zod';
import { CliError, EXIT } from '../cli/cli-error.ts';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import type { Io } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readRun, type RunRecord } from '../run/run-record.ts';
import { createRun } from '../train/create-run.ts';
import { driveRun, invocation, nextCommands, summary } from '../train/drive-run.ts';
import { quickstartLife } from '../quickstart/quickstart-life.ts';
import { FEWEST_DECLARATIONS, installedDeclarations } from './questions.ts';
import { deviceArg, deviceField, filterArgs, filterFields } from './shared-args.ts';

/** A machine that is slow, or busy, still gets to where samples can be read. */
const PATIENCE = { steps: 900, seconds: 210 };

/** From text to a trained, saved, generating model with one command; these are what its life consists of beside itself. */
export function quickstartCommand(commands: readonly Command[]): Command {
  const self: Command = command({
    name: 'quickstart',
    description: 'Train a small language model in minutes on the documentation of the installed packages, or on your own text',
    args: {
      data: { type: 'string', valueHint: 'path…', description: 'Files and folders of your own text; default: every *.md and *.d.ts under node_modules' },
      minutes: { type: 'string', valueHint: 'minutes', description: 'How long to train; default: 2, on a slow machine up to 3.5' },
      seed: { type: 'string', valueHint: 'number', description: 'The same seed gives the same model', default: '0' },
      name: { type: 'string', valueHint: 'name', description: 'Name of the run; default: quickstart, or quickstart- and the first path' },
      runs: { type: 'string', valueHint: 'folder', description: 'Where runs are kept', default: 'runs' },
      fresh: { type: 'boolean', description: 'Start anew where there is a run already' },
      stages: { type: 'boolean', description: 'Go on after pretraining, through the whole life, each stage with its gate (--no-stages: only pretrain); only without --data', default: true },
      device: deviceArg,
      ...filterArgs,
    },
    lists: ['data'],
    variadic: 'data',
    stopsItself: true,
    schema: z.object({
      data: paths.optional(), minutes: number('a number of minutes above 0', { min: 1e-3, max: 1e6 }).optional(), seed: integer(0, 2 ** 32 - 1), name: z.string().regex(/^[\w.-]+$/, { error: 'a name of letters, digits, dots and dashes' }).optional(),
      runs: text('a folder'), fresh: z.boolean().default(false), stages: z.boolean(), device: deviceField, ...filterFields,
    }),
    async run({ data, minutes, seed, name: given, runs, fresh, stages, device, filters, json }, io) {
      const name = given ?? (data === undefined ? 'quickstart' : `quickstart-${slug(data[0]!)}`);
      // Instruction tuning is on questions about the documentation that the default text is.
      if (data === undefined && stages) {
        if ((await installedDeclarations(io.cwd)).length >= FEWEST_DECLARATIONS) return quickstartLife({ io, json, runs, name, seed, fresh, device, minutes, filters, commands: [self, ...commands] });
        if (!json) io.err(`No instruction tuning: fewer than ${FEWEST_DECLARATIONS} documented declarations were found under node_modules.\n`);
      }
      const folder = resolve(io.cwd, runs, name);
      const existing = fresh ? undefined : await readRun(folder);
      let anew = fresh;
      if (existing !== undefined) {
        const there = await greet(existing, { io, folder, json, data });
        if (there === 'done') return EXIT.ok;
        anew = there === 'anew';
      }
      await checkOutput(folder, { inputs: data ?? [], cwd: io.cwd, remedy: 'Keep the runs elsewhere with --runs, or name the folders of text one by one.' });
      return driveRun({
        io, json, folder, fresh: anew, device,
        create: (onNotice, picked) => createRun({ folder, name, cwd: io.cwd, signal: io.stop, onNotice, device: picked, paths: data, filters: FILTER_SETS[filters]!, split: 'llama3', minutes, patience: minutes === undefined ? PATIENCE : undefined, seed }),
      });
    },
  });
  return self;
}

/** Says what is there already, and asks what to do where somebody can answer. */
async function greet(record: RunRecord, { io, folder, json, data }: { io: Io; folder: string; json: boolean; data: readonly string[] | undefined }): Promise<'done' | 'resume' | 'anew'> {
  const shown = shownPath(folder, io.cwd);
  if (JSON.stringify(record.settings.data.paths) !== JSON.stringify(data ?? null)) {
    throw new CliError('E_RUN_EXISTS', `llm quickstart: expected ${shown} to hold a run on the same text but found one on ${record.settings.data.paths?.join(' ') ?? 'the documentation of the installed packages'}. Use --name for another run, or --fresh to replace it.`);
  }
  if (record.result !== undefined) {
    if (json) io.out(`${JSON.stringify({ type: 'finished', folder, ...record.result })}\n`);
    else io.out(`${shown} holds a finished run:\n\n${summary(record)}\n\n${nextCommands(io, shown)}\n  ${invocation(io, `quickstart --fresh${record.settings.data.paths === null ? '' : ` --data ${record.settings.data.paths.join(' ')}`}`)}   (to train anew)\n`);
    return 'done';
  }
  if (!json) io.err(`${shown} holds a run that is not finished; its plan of ${record.settings.training.steps} steps stays.\n`);
  if (!io.isInteractive || json) return 'resume';
  io.err('Resume it? [Y/n] ');
  for await (const line of io.lines()) return /^\s*n/i.test(line) ? 'anew' : 'resume';
  return 'resume';
}

function slug(path: string): string {
  const base = path.split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..').at(-1) ?? 'text';
  return base.toLowerCase().replace(/\.[a-z0-9]+$/, '').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'text';
}

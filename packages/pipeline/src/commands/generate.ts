import { z } from 'zod';
import { command, type Command } from '../cli/command.ts';
import { printable } from '../cli/io.ts';
import { openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import { complete } from './complete.ts';
import { deviceArg, deviceField, runArg, runField, samplingArgs, samplingFields } from './shared-args.ts';

/** Continues a prompt. */
export const generateCommand: Command = command({
  name: 'generate',
  description: 'Continue a text with a model',
  args: {
    run: runArg('Folder of a model or a run, or the name of a run in runs/'),
    prompt: { type: 'string', valueHint: 'text', description: 'How the text begins; default: nothing, the model begins a document' },
    device: deviceArg,
    ...samplingArgs,
  },
  schema: z.object({ run: runField, prompt: z.string().default(''), device: deviceField, ...samplingFields }),
  async run({ run, prompt, device, json, ...sampling }, io) {
    const opened = await openModel(findFolder(run, io.cwd), device);
    if (opened.note !== undefined && !json) io.err(`${opened.note}\n`);
    if (!json) io.out(printable(prompt));
    const found = await complete(opened, prompt, { ...sampling, signal: io.stop, onText: (text) => { if (!json) io.out(printable(text)); } });
    if (json) io.out(`${JSON.stringify({ prompt, ...found, seed: sampling.seed })}\n`);
    else io.out('\n');
    if (found.dropped > 0 && !json) io.err(`Note: the first ${found.dropped} tokens of the prompt did not fit the context of ${opened.model.shape.maxPositions}.\n`);
    return 0;
  },
});

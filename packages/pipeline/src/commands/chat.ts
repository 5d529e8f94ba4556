import { z } from 'zod';
import { command, type Command } from '../cli/command.ts';
import { printable } from '../cli/io.ts';
import { openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import { complete } from './complete.ts';
import { deviceArg, deviceField, runArg, runField, samplingArgs, samplingFields } from './shared-args.ts';

/** Continues one line after the other. */
export const chat: Command = command({
  name: 'chat',
  description: 'Type beginnings and let a model continue them',
  args: { run: runArg('Folder of a model or a run, or the name of a run in runs/'), device: deviceArg, ...samplingArgs },
  schema: z.object({ run: runField, device: deviceField, ...samplingFields }),
  async run({ run, device, json, ...sampling }, io) {
    const opened = await openModel(findFolder(run, io.cwd), device);
    if (!json) {
      if (opened.note !== undefined) io.err(`${opened.note}\n`);
      io.err(`${opened.hasChatTemplate ? 'This model has a chat template, which this version does not use:' : 'This is a base model: it was not taught to answer.'} It continues what you type, each line on its own.\nCtrl-D ends; \\n in a line is a line break.\n\n> `);
    }
    let turn = 0;
    for await (const line of io.lines()) {
      const prompt = line.replaceAll('\\n', '\n');
      if (prompt.trim() !== '') {
        // Another seed each time: the same line twice is a wish for something else.
        const seed = (sampling.seed + turn++) >>> 0;
        if (!json) io.out(printable(prompt));
        const found = await complete(opened, prompt, { ...sampling, seed, signal: io.stop, onText: (text) => { if (!json) io.out(printable(text)); } });
        if (json) io.out(`${JSON.stringify({ prompt, ...found, seed })}\n`);
        else io.out('\n');
      }
      if (!json) io.err('\n> ');
    }
    if (!json) io.err('\n');
    return 0;
  },
});

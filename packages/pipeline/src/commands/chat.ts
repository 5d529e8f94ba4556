import { type ChatMessage, encodeChat } from '@llm/tokenizer';
import { z } from 'zod';
import { command, type Command } from '../cli/command.ts';
import { printable } from '../cli/io.ts';
import { openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import { complete } from './complete.ts';
import { deviceArg, deviceField, runArg, runField, samplingArgs, samplingFields } from './shared-args.ts';

/** Answers one line after the other, or continues them. */
export const chat: Command = command({
  name: 'chat',
  description: 'Talk to a model; a base model continues what is typed',
  args: { run: runArg('Folder of a model or a run, or the name of a run in runs/'), device: deviceArg, ...samplingArgs },
  schema: z.object({ run: runField, device: deviceField, ...samplingFields }),
  async run({ run, device, json, ...sampling }, io) {
    const opened = await openModel(findFolder(run, io.cwd), device);
    const { template, tokenizer } = opened;
    if (!json) {
      if (opened.note !== undefined) io.err(`${opened.note}\n`);
      io.err(`${template === undefined ? 'This is a base model: it was not taught to answer. It continues what you type, each line on its own.' : 'Each line is your turn of one conversation; an empty line begins a new one.'}\nCtrl-D ends; \\n in a line is a line break.\n\n> `);
    }
    let turn = 0;
    let messages: ChatMessage[] = [];
    for await (const line of io.lines()) {
      const prompt = line.replaceAll('\\n', '\n');
      if (prompt.trim() === '') messages = [];
      else {
        // Another seed each time: the same line twice is a wish for something else.
        const seed = (sampling.seed + turn++) >>> 0;
        messages.push({ role: 'user', content: prompt });
        if (!json && template === undefined) io.out(printable(prompt));
        const asked = template === undefined ? prompt : encodeChat(tokenizer, template, messages, { addGenerationPrompt: true }).ids;
        const found = await complete(opened, asked, { ...sampling, seed, signal: io.stop, onText: (text) => { if (!json) io.out(printable(text)); } });
        messages.push({ role: 'assistant', content: found.text });
        if (json) io.out(`${JSON.stringify({ prompt, ...found, seed })}\n`);
        else io.out('\n');
      }
      if (!json) io.err('\n> ');
    }
    if (!json) io.err('\n');
    return 0;
  },
});

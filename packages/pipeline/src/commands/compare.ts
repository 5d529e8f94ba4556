import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { redactData } from '@llm/safety';
import { z } from 'zod';
import { UsageError } from '../cli/cli-error.ts';
import { command, type Command, paths, text } from '../cli/command.ts';
import { printable } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { comparisonHtml, comparisonOf, comparisonText } from '../compare/comparison.ts';
import { readCompared } from '../compare/read-compared.ts';
import { scoresIn, significanceOf } from '../compare/significance.ts';
import { replaceText } from '../run/replace-text.ts';
import { findFolder } from '../train/open-run.ts';

/** Lays runs side by side. */
export const compare: Command = command({
  name: 'compare',
  description: 'Compare runs, steps or whole lives: what was set otherwise, what they came to, and what differences mean',
  args: {
    run: { type: 'positional', description: 'Folders of runs, of steps of a life or of lives, or names of runs in runs/; two or more', required: true },
    html: { type: 'string', valueHint: 'file.html', description: 'Write the comparison as a page too' },
  },
  lists: ['run'],
  variadic: 'run',
  schema: z.object({ run: paths, html: text('a file').optional(), json: z.boolean().default(false) }),
  async run({ run: names, html, json }, io) {
    if (names.length < 2) throw new UsageError(`llm compare: expected two runs or more but found ${names.length}. Name another.`);
    const runs = await Promise.all(names.map((name) => readCompared(findFolder(name, io.cwd), name)));
    const scored = await Promise.all(runs.map(async ({ name, folder }) => ({ name, scores: await scoresIn(folder) })));
    const comparison = redactData(comparisonOf(runs, significanceOf(scored)), { env: io.env });
    if (html !== undefined) {
      const path = resolve(io.cwd, html);
      await mkdir(dirname(path), { recursive: true });
      await replaceText(path, comparisonHtml(comparison));
    }
    if (json) io.out(`${JSON.stringify(comparison)}\n`);
    else io.out(`${printable(comparisonText(comparison))}\n${html === undefined ? '' : `\nPage: ${shownPath(resolve(io.cwd, html), io.cwd)}\n`}`);
    return 0;
  },
});

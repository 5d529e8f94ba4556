import { constants, copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, text } from '../cli/command.ts';
import { didYouMean } from '../cli/did-you-mean.ts';

/** Copies recipes into the user's project. */
export const init: Command = command({
  name: 'init',
  description: 'Copy recipes to edit: the flags of a command as YAML, and the same trainer as one readable script',
  args: {
    name: { type: 'positional', description: 'Recipes to copy, such as sft; without one, lists them', required: false },
    to: { type: 'string', valueHint: 'folder', description: 'Where to copy them', default: '.' },
  },
  lists: ['name'],
  variadic: 'name',
  schema: z.object({ name: z.array(z.string()).optional(), to: text('a folder'), json: z.boolean().default(false) }),
  run: ({ name: names = [], to, json }, io) => {
    const from = recipesFolder();
    const files = readdirSync(from).filter((file) => /\.(?:ya?ml|mjs)$/.test(file)).toSorted();
    const known = [...new Set(files.map((file) => parse(file).name))];
    for (const name of names) if (!known.includes(name)) throw new UsageError(`llm init: expected one of ${known.join(', ')} but found ${name}.${didYouMean(name, known)}`);
    if (names.length === 0) {
      io.out(json ? `${JSON.stringify({ type: 'recipes', names: known })}\n` : `Recipes: ${known.join(', ')}. Copy one with llm init ${known[0]!}\n`);
      return Promise.resolve(0);
    }
    const chosen = files.filter((file) => names.includes(parse(file).name));
    const there = chosen.filter((file) => existsSync(resolve(io.cwd, to, file)));
    if (there.length > 0) throw new CliError('E_EXISTS', `llm init: expected no ${there.join(', ')} in ${to} yet but found ${there.length === 1 ? 'it' : 'them'}. Move ${there.length === 1 ? 'it' : 'them'}, or name another folder with --to.`);
    if (!existsSync(resolve(io.cwd, to))) throw new UsageError(`llm init: expected --to to be a folder but found nothing at ${to}.`);
    for (const file of chosen) {
      copyFileSync(join(from, file), resolve(io.cwd, to, file), constants.COPYFILE_EXCL);
      io.out(json ? `${JSON.stringify({ type: 'copied', file: join(to, file) })}\n` : `${join(to, file)}\n`);
    }
    return Promise.resolve(0);
  },
});

/** Beside the built package, or at the top of the repository. */
function recipesFolder(): string {
  const found = ['../recipes/', '../../../../recipes/'].map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path));
  if (found === undefined) throw new CliError('E_NOT_FOUND', 'llm init: expected the recipes of this package but found none. Install @llm/pipeline again.');
  return found;
}

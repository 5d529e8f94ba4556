import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, text } from '../cli/command.ts';
import { shownPath } from '../cli/shown-path.ts';
import { ancestryOf } from '../card/ancestry.ts';
import { CARD_MARK, type CardInput, modelCard } from '../card/model-card.ts';
import { hashResult } from '../lifecycle/content-hash.ts';
import { readJson } from '../lifecycle/figures.ts';
import { type LifeFile, readLife } from '../lifecycle/life-file.ts';
import { weightBytes } from '../lifecycle/weight-bytes.ts';
import { replaceText } from '../run/replace-text.ts';
import { findFolder } from '../train/open-run.ts';
import { runArg, runField } from './shared-args.ts';

/** Writes the card of a model. */
export const card: Command = command({
  name: 'card',
  description: 'Write the model card of a run, a step or a life: data, recipe, evaluation, limits, hashes and the command that makes it again',
  args: {
    run: runArg('Folder of a run, a step or a life, or the name of a run in runs/'),
    out: { type: 'string', valueHint: 'file.md', description: 'Where to write; default: README.md in the folder of the model' },
    name: { type: 'string', valueHint: 'name', description: 'What the model is called; default: as its folder' },
    license: { type: 'string', valueHint: 'id', description: 'Its licence, such as apache-2.0; default: none is named' },
    language: { type: 'string', valueHint: 'code…', description: 'Its languages, such as en' },
  },
  lists: ['language'],
  schema: z.object({
    run: runField, out: text('a file').optional(), name: text('a name').optional(), license: z.string().regex(/^[\w.-]+$/, { error: 'the id of a licence' }).optional(),
    language: z.array(z.string().regex(/^[\w-]+$/, { error: 'codes of languages' })).optional(), json: z.boolean().default(false),
  }),
  async run({ run, out, name, license, language, json }, io) {
    const found = findFolder(run, io.cwd);
    const own = await readLife(found);
    const folder = own === undefined ? found : modelOf(found, own);
    const life = own ?? await readLife(join(folder, '..'));
    const ancestry = await ancestryOf(folder, io.cwd);
    if (ancestry.length === 0) throw new CliError('E_NOT_FOUND', `llm card: expected a run, a step of a life or a life but found none in ${run}. Name a folder with run.json, stage.json or life.json.`);
    const path = out === undefined ? join(folder, 'README.md') : resolve(io.cwd, out);
    if (existsSync(path) && !readFileSync(path, 'utf8').includes(CARD_MARK)) throw new UsageError(`llm card: expected no other ${shownPath(path, io.cwd)} but found one. Name another file with --out.`);
    const files = Object.fromEntries(Object.entries(await hashResult(folder)).filter(([file]) => !file.startsWith('data/')));
    const input: CardInput = {
      name: name ?? (own === undefined ? basename(folder) : own.name), ancestry, config: await readJson(folder, 'config.json') as CardInput['config'], files, bytes: await weightBytes(folder), license, language, env: io.env,
      life: life === undefined ? undefined : { command: life.command, recipe: life.recipe, verdicts: life.steps.flatMap(({ place, verdicts }) => verdicts.map((verdict) => ({ place, verdict }))) },
    };
    await replaceText(path, modelCard(input));
    io.out(json ? `${JSON.stringify({ type: 'card', path })}\n` : `Wrote ${shownPath(path, io.cwd)}\n`);
    return 0;
  },
});

/** The files of which a folder is a model that others begin with. */
const MODELS = ['model.safetensors', 'model.safetensors.index.json', 'adapter_model.safetensors'];

/** The last step of a life that left a model, rather than a file for other programs. */
function modelOf(folder: string, { steps }: LifeFile): string {
  for (const step of steps.toReversed()) {
    const place = join(folder, step.folder);
    if (MODELS.some((file) => existsSync(join(place, file)))) return place;
  }
  throw new CliError('E_NOT_FOUND', `llm card: expected a step with a model in ${folder} but found none. Run the life first.`);
}

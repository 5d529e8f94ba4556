import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { tensorBytes, toFloat32 } from '@llm/tensor';
import { readSafetensorsFile } from '@llm/tensor/node';
import { tokenizerFromJson } from '@llm/tokenizer';
import { latestCheckpoint } from '@llm/train/node';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import { command, type Command, text } from '../cli/command.ts';
import { bytes, count, table } from '../cli/format.ts';
import { type Io, printable } from '../cli/io.ts';
import { readRun } from '../run/run-record.ts';
import { findFolder } from '../train/open-run.ts';

interface TensorFacts { readonly name: string; readonly dtype: string; readonly shape: readonly number[]; readonly bytes: number; readonly nan: number; readonly infinite: number }

/** Shows what a file or a folder holds. */
export const inspect: Command = command({
  name: 'inspect',
  description: 'Show what a file or folder holds: tensors with their NaN and infinity counts, tokenizers, checkpoints, runs',
  args: { path: { type: 'positional', description: 'A .safetensors file, a tokenizer.json, a checkpoint, a model folder or a run', required: true } },
  schema: z.object({ path: text('a file or a folder'), json: z.boolean().default(false) }),
  async run({ path: typed, json }, io) {
    const path = findFolder(typed, io.cwd);
    if (!existsSync(path)) throw new CliError('E_NOT_FOUND', `llm inspect: expected a file or a folder but found nothing at ${path}.`);
    if (statSync(path).isDirectory()) await inspectFolder(path, { io, json });
    else await inspectFile(path, { io, json });
    return 0;
  },
});

async function inspectFile(path: string, { io, json }: { io: Io; json: boolean }): Promise<void> {
  if (path.endsWith('.json')) return inspectTokenizer(path, { io, json });
  const file = await readSafetensorsFile(path);
  const facts: TensorFacts[] = [];
  try {
    for (const [name, { dtype, shape }] of file.tensors) {
      let [nan, infinite] = [0, 0];
      if (/^B?F(16|32|64)$/.test(dtype)) {
        for (const value of toFloat32(await file.read(name))) {
          if (Number.isNaN(value)) nan++;
          else if (!Number.isFinite(value)) infinite++;
        }
      }
      facts.push({ name, dtype, shape, bytes: tensorBytes(dtype, shape, { name }), nan, infinite });
    }
  } finally {
    await file.close();
  }
  const total = facts.reduce((sum, each) => sum + each.bytes, 0);
  const bad = facts.filter(({ nan, infinite }) => nan + infinite > 0).length;
  if (json) io.out(`${JSON.stringify({ path, kind: 'safetensors', bytes: total, metadata: Object.fromEntries(file.metadata), tensors: facts })}\n`);
  else {
    io.out(`${table(['tensor', 'type', 'shape', 'size', 'NaN', 'infinite'], facts.map(({ name, dtype, shape, bytes: size, nan, infinite }) => [printable(name), dtype, `[${shape.join(', ')}]`, bytes(size), count(nan), count(infinite)]))}\n\n`
      + `${printable(basename(path))}: ${count(facts.length)} tensors, ${bytes(total)}${bad === 0 ? ', all finite' : `, ${bad} with values that are not finite`}\n`);
  }
}

async function inspectTokenizer(path: string, { io, json }: { io: Io; json: boolean }): Promise<void> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new CliError('E_JSON', `llm inspect: expected JSON in ${path} but found something else.`, { cause });
  }
  const tokenizer = tokenizerFromJson(parsed);
  const { model } = tokenizer.toJSON();
  const special = Object.fromEntries(tokenizer.specialTokens);
  if (json) io.out(`${JSON.stringify({ path, kind: 'tokenizer', model: model.type, size: tokenizer.size, ...('merges' in model ? { merges: model.merges.length } : {}), special })}\n`);
  else io.out(`${printable(basename(path))}: ${model.type}, ${count(tokenizer.size)} tokens${'merges' in model ? `, ${count(model.merges.length)} merges` : ''}\nspecial: ${printable(Object.entries(special).map(([token, id]) => `${token} ${id}`).join(', ')) || 'none'}\n`);
}

async function inspectFolder(folder: string, { io, json }: { io: Io; json: boolean }): Promise<void> {
  const names = await readdir(folder);
  const record = await readRun(folder);
  if (record !== undefined) {
    const steps = names.filter((name) => /^step-\d+$/.test(name)).sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
    const latest = steps.length === 0 ? undefined : await latestCheckpoint(folder);
    if (json) io.out(`${JSON.stringify({ path: folder, kind: 'run', record, checkpoints: steps, newest: latest?.manifest, skipped: latest?.skipped ?? [] })}\n`);
    else {
      io.out(`run ${printable(record.name)}: ${record.result === undefined ? 'not finished' : `finished, ${record.result.evaluation.bitsPerByte.toFixed(3)} bits per byte`}, planned ${count(record.settings.training.steps)} steps\n`
        + `checkpoints: ${steps.join(', ') || 'none'}${latest === undefined ? '' : `; newest whole one at step ${latest.step}, ${latest.manifest.finite ? 'finite' : 'NOT finite'}, every byte as in its manifest`}\n`);
      for (const { path, why } of latest?.skipped ?? []) io.out(`passed over ${printable(path)}: ${printable(why)}\n`);
      io.out('\n');
    }
  }
  const files = names.filter((name) => name.endsWith('.safetensors') || name === 'tokenizer.json').sort();
  if (files.length === 0 && record === undefined) throw new CliError('E_NOT_FOUND', `llm inspect: expected a model, a checkpoint or a run but found none of their files in ${folder}.`);
  for (const name of files) await inspectFile(join(folder, name), { io, json });
}

import { basename, resolve } from 'node:path';
import { type Divergence, divergence, importanceOf, type TargetBatch } from '@llm/quantize';
import { disposeTree } from '@llm/tensor';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, text } from '../cli/command.ts';
import { bytes, count, digits, duration, table } from '../cli/format.ts';
import { none } from '../corpus/filters.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import type { ExportFormat } from '../export/format.ts';
import { FORMATS } from '../export/formats.ts';
import { batchOf, ownWords } from '../export/own-words.ts';
import { type OpenModel, openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import type { Io } from '../cli/io.ts';
import { deviceArg, deviceField, runArg, runField } from './shared-args.ts';

const NAMES = Object.keys(FORMATS);

/** Above this, in nats, a type that rounds next to nothing was written wrongly. */
const EXACT_KLD = 0.01;
/** Rows of its own words that the model and what was written are compared on, and how long they are. */
const CHECK = { rows: 4, tokens: 64 };

/** Writes a model as a file or a folder for other programs, reads it back, and compares the two. */
export const exportCommand: Command = command({
  name: 'export',
  description: `Write a model for other programs, and check what was written: ${NAMES.map((name) => `${name}, ${FORMATS[name]!.description}`).join('; ')}`,
  args: {
    format: { type: 'positional', description: `One of ${NAMES.join(', ')}`, required: true },
    run: runArg('Folder of a model or a run, the name of a run in runs/, or a .gguf file'),
    out: { type: 'string', valueHint: 'path', description: 'What to write; default: named after the model, here' },
    type: { type: 'string', valueHint: 'name', description: `How numbers are stored; ${NAMES.map((name) => `${name}: ${FORMATS[name]!.types.join(', ')}`).join('; ')}. The first is the default` },
    imatrix: { type: 'string', valueHint: 'path…', description: 'Files of text like those that the model will see: errors go where its states are small there (gguf)' },
    'imatrix-tokens': { type: 'string', valueHint: 'tokens', description: 'How much of that text is used at most', default: '32768' },
    device: deviceArg,
  },
  lists: ['imatrix'],
  schema: z.object({
    format: z.enum(NAMES as [string, ...string[]], { error: `one of ${NAMES.join(', ')}` }), run: runField, out: text('a path').optional(), type: text('a type').optional(),
    imatrix: z.array(z.string()).optional(), 'imatrix-tokens': integer(16), device: deviceField, json: z.boolean().default(false),
  }),
  async run({ format: formatName, run, out: typed, type: asked, imatrix, 'imatrix-tokens': most, device, json }, io) {
    const format = FORMATS[formatName]!;
    const type = (asked ?? format.types[0]!).toLowerCase();
    if (!format.types.includes(type)) throw new UsageError(`llm export ${formatName}: expected --type to be one of ${format.types.join(', ')} but found ${type}. See llm export --help.`);
    if (imatrix !== undefined && !format.takesImportance) throw new UsageError(`llm export ${formatName}: expected no --imatrix but found ${imatrix[0]}. It is of use for gguf.`);
    const path = findFolder(run, io.cwd);
    const name = basename(path).replace(/\.gguf$/, '');
    const out = resolve(io.cwd, typed ?? format.outOf(name, type));
    const opened = await openModel(path, device);
    if (opened.note !== undefined && !json) io.err(`${opened.note}\n`);
    const calibration = imatrix === undefined ? undefined : await rowsOf(opened, { paths: imatrix, most, io });
    if (calibration !== undefined && !json) io.err(`measuring importance on ${count(calibration.reduce((sum, { length }) => sum + length, 0))} tokens\n`);
    const importance = calibration === undefined ? undefined : await importanceOf(opened.model, opened.params, { batches: calibration });
    const started = performance.now();
    const shown = progress(io, json);
    const written = await format.write(opened, { from: path, out, type, name, calibration, importance, onPart: shown.part });
    shown.end();
    const seconds = (performance.now() - started) / 1000;
    const check = written.reopen === undefined ? undefined : await selfCheck(opened, { reopen: written.reopen, rows: calibration?.slice(0, CHECK.rows), format, type, formatName });
    const total = written.files.reduce((sum, file) => sum + file.bytes, 0);
    if (json) {
      io.out(`${JSON.stringify({ format: formatName, type, out, bytes: total, seconds, files: written.files, kinds: written.kinds, ...(check === undefined ? {} : { check }) })}\n`);
      return 0;
    }
    const values = written.kinds.reduce((sum, kind) => sum + kind.values, 0);
    io.out(`${table(['type', 'tensors', 'values', 'bits each', 'size'], written.kinds.map((kind) => [kind.type, count(kind.tensors), count(kind.values), ((8 * kind.bytes) / kind.values).toFixed(2), bytes(kind.bytes)]))}\n\n`
      + `${out}: ${bytes(total)}, ${((8 * total) / values).toFixed(2)} bits for each of ${count(values)} values, in ${duration(seconds)}\n`);
    if (check !== undefined) io.out(`read back and compared on ${count(check.tokens)} tokens: the likeliest token is the same for ${(100 * check.sameTop).toFixed(1)} %, KL ${digits(Math.max(0, check.kld.mean))} nats\n`);
    return 0;
  },
});

/** A line for the part that is being written, redrawn on a terminal and left out elsewhere. */
function progress(io: Io, json: boolean): { part: (done: number, total: number, name: string) => void; end: () => void } {
  const on = io.isTTY && !json;
  return {
    part: (done, total, name) => { if (on) io.err(`\r\u001b[K${done + 1}/${total} ${name}`); },
    end: () => { if (on) io.err('\r\u001b[K'); },
  };
}

/** The first tokens of some files, in rows as long as the model was trained on. */
async function rowsOf({ tokenizer, bosId, length }: OpenModel, { paths, most, io }: { paths: readonly string[]; most: number; io: Io }): Promise<TargetBatch[]> {
  const rows: TargetBatch[] = [];
  let left = most;
  for await (const { text: document } of readCorpus({ paths: [...paths], filters: none, cwd: io.cwd, signal: io.stop }).documents) {
    const ids = [...(bosId === undefined ? [] : [bosId]), ...tokenizer.encode(document)];
    for (let at = 0; at < ids.length && left > 1; at += length) {
      const row = ids.slice(at, at + Math.min(length, left));
      if (row.length < 2) continue;
      rows.push(batchOf(row));
      left -= row.length;
    }
    if (left <= 1) break;
  }
  if (rows.length === 0) throw new CliError('E_DATA', `llm export: expected text in ${paths.join(', ')} but found none. Give files of text like those that the model will see.`);
  return rows;
}

/** Reads what was written and compares its answers with the model's. */
async function selfCheck(
  opened: OpenModel, { reopen, rows, format, type, formatName }: { reopen: () => Promise<Pick<OpenModel, 'model' | 'params'>>; rows: readonly TargetBatch[] | undefined; format: ExportFormat; type: string; formatName: string },
): Promise<Divergence> {
  const batches = rows ?? await ownWords(opened, CHECK);
  const again = await reopen();
  try {
    const found = await divergence(opened, again, { batches });
    if (!(found.kld.mean <= (format.exact.includes(type) ? EXACT_KLD : Infinity))) {
      throw new CliError('E_EXPORT', `llm export ${formatName}: expected what was written to answer as the model does but found a KL divergence of ${digits(found.kld.mean)} nats a token. Look for numbers that ${type} cannot hold with llm inspect, or choose another type.`);
    }
    return found;
  } finally {
    disposeTree(again.params);
  }
}

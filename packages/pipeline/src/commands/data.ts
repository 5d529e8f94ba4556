import { availableParallelism, tmpdir } from 'node:os';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createLedger } from '@llm/data-quality';
import { runShards, type RecipeFunction, type RecipeModule, type ShardRun } from '@llm/data-quality/node';
import { z } from 'zod';
import { EXIT } from '../cli/cli-error.ts';
import { command, type Command, integer, paths, text } from '../cli/command.ts';
import { count } from '../cli/format.ts';
import { type Io, printable } from '../cli/io.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { inputPath } from '../corpus/input-path.ts';
import { joinShards } from '../data/join-shards.ts';
import { dataProgress } from '../data/progress.ts';
import { rankOf } from '../data/rank.ts';
import { dataRecipe } from '../data/recipes.ts';
import { DATA_LISTS, dataArgs, dataFields } from '../data/data-args.ts';
import { readOverrides } from '../data-report/overrides.ts';
import { readFeedback } from '../data-report/read-feedback.ts';

// As built, wherever this file is: workers are processes of their own, and Node does not run the sources.
const RECIPES = new URL('../../dist/data/recipes.js', import.meta.url).href;
const SHOWN = 5;

/** Where the result goes: a folder of shards, one file with the decisions beside it, or nowhere. */
interface Place {
  readonly kind: 'folder' | 'file' | 'none';
  /** The folder of the run; '' for `none`, which has a temporary one. */
  readonly folder: string;
  readonly file: string;
  readonly decisions: string;
}

function placeOf(out: string | undefined, cwd: string): Place {
  if (out === undefined) return { kind: 'none', folder: '', file: '', decisions: '' };
  const path = resolve(cwd, out);
  const ending = /\.(?:jsonl|ndjson)(?:\.gz)?$/i.exec(path)?.[0];
  if (ending === undefined) return { kind: 'folder', folder: path, file: '', decisions: join(path, 'decisions') };
  return { kind: 'file', folder: `${path}.run`, file: path, decisions: `${path.slice(0, -ending.length)}.decisions${ending}` };
}

/** What was counted, for people. */
function tell(io: Io, { ledger, examples }: NonNullable<ShardRun['result']>, { kind, folder, file, decisions }: Place): void {
  const report = createLedger();
  report.merge(ledger);
  io.out(`${report.table()}\n`);
  const reasons = new Set<string | undefined>();
  const first = examples.filter(({ reason }) => !reasons.has(reason) && reasons.add(reason));
  for (const { id, reason, text: beginning } of first.slice(0, SHOWN)) io.out(`\n${reason}, ${printable(id)}:\n  ${printable(beginning.slice(0, 160)).replaceAll('\n', '\n  ')}\n`);
  if (kind !== 'none') io.out(`\nWrote ${count(ledger.out.documents)} documents to ${kind === 'file' ? file : folder}\nand the decision on each of ${count(ledger.in.documents)} to ${decisions}\n`);
}

function tellFailures(io: Io, failed: ShardRun['failed'], json: boolean): void {
  if (json) io.out(`${JSON.stringify({ failed })}\n`);
  for (const { name, code, error, document, inputs } of failed.slice(0, SHOWN)) {
    io.err(printable(`error: ${code === undefined ? '' : `${code}: `}${error}\n`).replaceAll('\n', ' ').trimEnd());
    io.err(`\n  in task ${name}${document === undefined ? '' : `, at document ${printable(document)}`}${inputs.length === 0 ? '' : `, of ${printable(inputs.slice(0, 3).join(', '))}${inputs.length > 3 ? ', …' : ''}`}\n`);
  }
  if (failed.length > SHOWN) io.err(`and ${failed.length - SHOWN} more\n`);
}

/** Reads, filters, writes clean JSON Lines and the decision on every document. */
export const data: Command = command({
  name: 'data',
  description: 'Read text, filter and deduplicate it, and show what was dropped and why; killed and run again, it goes on where it was',
  args: {
    paths: { type: 'positional', description: 'Files, folders, patterns and hf://datasets/owner/name: text, Markdown, source code, JSON Lines, each also gzipped, and Parquet', required: true },
    out: { type: 'string', valueHint: 'folder|file.jsonl', description: 'A folder for shards, decisions, ledger and manifest; or one file, and beside it file.decisions.jsonl' },
    'dry-run': { type: 'boolean', description: 'Write no result' },
    rank: { type: 'string', valueHint: 'number', description: 'This process does every world-size-th task from this one on; default: that of a Slurm array or of a Kubernetes job' },
    'world-size': { type: 'string', valueHint: 'processes', description: 'How many processes share the folder' },
    stage: { type: 'string', valueHint: 'pass-0|across-0|…', description: 'Only this stage, without waiting for other ranks' },
    overrides: { type: 'string', valueHint: 'overrides.jsonl', description: 'What people decided of single documents (llm data review apply)' },
    feedback: { type: 'string', valueHint: 'file.jsonl', description: 'What users said of documents: what enough of them call bad is left out' },
    ...dataArgs,
  },
  lists: DATA_LISTS,
  variadic: 'paths',
  stopsItself: true,
  schema: z.object({ paths, out: text('a folder or a file').optional(), 'dry-run': z.boolean().default(false), rank: integer(0).optional(), 'world-size': integer(1).optional(), stage: z.string().optional(), overrides: text('a file').optional(), feedback: text('a file').optional(), ...dataFields, json: z.boolean().default(false) }),
  async run({ paths: from, out, 'dry-run': dry, rank, 'world-size': worldSize, stage, ...options }, io) {
    const { json, recipe: named, filters } = options;
    const recipe = named ?? filters ?? 'documentation';
    const place = placeOf(dry ? undefined : out, io.cwd);
    for (const path of place.kind === 'none' ? [] : place.kind === 'file' ? [place.file, place.decisions] : [place.folder]) await checkOutput(path, { inputs: from, cwd: io.cwd, remedy: 'Choose another --out.' });
    io.stop.throwIfAborted();
    const workers = options.workers ?? (place.kind === 'folder' ? availableParallelism() : 0);
    const asked = {
      ...(recipe === 'fineweb' ? { languages: options.languages, fastMinhash: options['fast-minhash'] } : {}),
      ...(options.overrides === undefined ? {} : { overrides: await readOverrides(resolve(io.cwd, options.overrides)) }),
      ...(options.feedback === undefined ? {} : { block: (await readFeedback(resolve(io.cwd, options.feedback))).block }),
    };
    const spec = { name: 'dataRecipe', options: { recipe, ...asked } };
    const share = place.kind === 'folder' ? { ...rankOf({ rank, worldSize }, io.env), ...(stage === undefined ? {} : { stage }) } : {};
    const progress = dataProgress(io, { quiet: json });
    // Made last: whatever was wrong before, nothing is left behind.
    const folder = place.kind === 'none' ? await mkdtemp(join(tmpdir(), 'llm-data-')) : place.folder;
    let isComplete = false;
    try {
      const run = await runShards(from.map((path) => inputPath(path, io.cwd)), {
        out: folder, workers, signal: io.stop, onProgress: progress.show,
        recipe: workers === 0 ? ({ ...spec, make: dataRecipe } satisfies RecipeFunction) : ({ ...spec, module: RECIPES } satisfies RecipeModule),
        gzip: place.kind === 'folder' ? options.gzip : place.file.endsWith('.gz'),
        measure: options.measure, shardBytes: options['shard-mib'] * 2 ** 20, read: { skipBad: options['skip-bad'], textField: options['text-field'] },
        ...(options['max-heap-mib'] === undefined ? {} : { maxHeapMib: options['max-heap-mib'] }),
        ...share,
      });
      progress.end();
      if (run.failed.length > 0) {
        tellFailures(io, run.failed, json);
        if (place.kind !== 'none') io.err(`${count(run.tasksSkipped + run.tasksDone)} tasks are done. Once it is mended, run the same command again: it does only what is missing.\n`);
        return EXIT.failure;
      }
      if (run.result === undefined) {
        if (!json) io.out(`Done with the tasks of this process: ${count(run.tasksDone)}, and ${count(run.tasksSkipped)} before. The rest is for other processes or stages.\n`);
        return EXIT.ok;
      }
      if (place.kind === 'file') {
        await joinShards(place.folder, run.result.manifest.files.map(({ name }) => name), place.file);
        await joinShards(place.folder, run.result.manifest.decisions.map(({ name }) => name), place.decisions);
      }
      isComplete = true;
      if (json) {
        const { ledger, manifest } = run.result;
        io.out(`${JSON.stringify({ ...ledger, kept: ledger.out, filters: recipe, ...(place.kind === 'none' ? {} : { out: place.kind === 'file' ? place.file : place.folder, decisions: place.decisions, version: manifest.version }) })}\n`);
      } else tell(io, run.result, place);
      return EXIT.ok;
    } catch (error) {
      progress.end();
      if (io.stop.aborted && place.kind !== 'none' && existsSync(join(place.folder, 'run'))) io.err('Stopped. Run the same command again to go on.\n');
      throw error;
    } finally {
      if (place.kind === 'none' || (place.kind === 'file' && isComplete)) await rm(folder, { recursive: true, force: true });
    }
  },
});

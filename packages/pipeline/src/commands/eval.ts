import { resultsTable, STARTER_TASKS } from '@llm/eval';
import { bitsPerByte } from '@llm/pretrain';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { bytes, count, digits, table } from '../cli/format.ts';
import type { Io } from '../cli/io.ts';
import { compressions } from '../corpus/compression.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { growingStore } from '../corpus/token-store.ts';
import { type OpenModel, openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import { tokenBytes } from '../train/token-bytes.ts';
import { packStore, validationBatches } from '../train/training-batches.ts';
import { evaluateTasks } from './eval-tasks.ts';
import { deviceArg, deviceField, filterFields, runArg, runField } from './shared-args.ts';

const flag = z.boolean().default(false) as z.ZodType<boolean>;
const BUILT_IN = STARTER_TASKS.filter((name) => !name.startsWith('mmlu_'));

/** Bits per byte and perplexity on a text; or the tasks of lm-evaluation-harness. */
export const evaluate: Command = command({
  name: 'eval',
  description: 'Measure how well a model predicts a text (--data: bits per byte, perplexity, and general compressors beside it), or how it does at tasks (--tasks: as lm-evaluation-harness measures them)',
  args: {
    run: runArg('Folder of a model or a run, or the name of a run in runs/'),
    data: { type: 'string', valueHint: 'path…', description: 'Files and folders of text that the model has not seen' },
    length: { type: 'string', valueHint: 'tokens', description: 'With --data: tokens that the model sees at once; default: as in its training, otherwise 512' },
    batch: { type: 'string', valueHint: 'rows', description: 'With --data: rows at a time', default: '8' },
    filters: { type: 'string', valueHint: Object.keys(FILTER_SETS).join('|'), description: 'With --data: what to leave out', default: 'none' },
    tasks: { type: 'string', valueHint: 'name…', description: `Tasks to measure: ${BUILT_IN.join(', ')}, a subject of mmlu, or those of --task-files` },
    'task-data': { type: 'string', valueHint: 'folder', description: 'Where the documents of tasks are, <task>/<split>.jsonl; hub fetches them from the Hugging Face Hub' },
    'task-files': { type: 'string', valueHint: 'folder', description: "YAML files that define tasks, as lm-evaluation-harness's do" },
    limit: { type: 'string', valueHint: 'documents', description: 'The first so many documents of each task; below 1, that part of them' },
    'num-fewshot': { type: 'string', valueHint: 'examples', description: 'Examples before each question; default: as the task says' },
    'apply-chat-template': { type: 'boolean', description: "Ask as a conversation, by the model's chat template" },
    'fewshot-as-multiturn': { type: 'boolean', description: 'With a chat template: examples as turns of their own' },
    'system-instruction': { type: 'string', valueHint: 'text', description: 'What stands before everything else' },
    'bootstrap-iters': { type: 'string', valueHint: 'resamples', description: 'Behind standard errors; 0 leaves them out', default: '100000' },
    output: { type: 'string', valueHint: 'path', description: 'Write results_*.json and samples_*.jsonl to this folder, or results to this .json file' },
    device: deviceArg,
  },
  lists: ['data', 'tasks'],
  schema: z.object({
    run: runField, data: paths.optional(), length: integer(2).optional(), batch: integer(1, 4096), device: deviceField, ...filterFields,
    tasks: (z.array(text('the name of a task'), { error: 'the names of tasks' }) as unknown as z.ZodType<string[]>).optional(), 'task-data': text('a folder, or hub').optional(), 'task-files': text('a folder').optional(),
    limit: number('a number above 0', { min: Number.MIN_VALUE }).optional(), 'num-fewshot': integer(0, 1000).optional(), 'apply-chat-template': flag, 'fewshot-as-multiturn': flag, 'system-instruction': text('a text').optional(),
    'bootstrap-iters': integer(0, 10_000_000), output: text('a path').optional(),
  }),
  async run(options, io) {
    const { run, data, tasks, device, json } = options;
    if ((data === undefined) === (tasks === undefined)) throw new UsageError(`llm eval: expected either --data or --tasks but found ${data === undefined ? 'neither' : 'both'}. Give a text to predict, or tasks to do.`);
    const folder = findFolder(run, io.cwd);
    const opened = await openModel(folder, device);
    const say = (text: string): void => { if (!json) io.err(`${text}\n`); };
    if (opened.note !== undefined) say(opened.note);
    if (tasks === undefined) return measureText({ ...options, data: data! }, { opened, io });
    const { results: { samples: _, ...results }, written } = await evaluateTasks({ ...options, tasks }, { opened, name: run, io, say });
    if (json) io.out(`${JSON.stringify({ ...results, written })}\n`);
    else io.out(`${resultsTable(results)}${results.groups === undefined ? '' : `\n${resultsTable(results, { of: 'groups' })}`}${written.map((path) => `Wrote ${path}.\n`).join('')}`);
    return 0;
  },
});

/** Bits per byte of files, beside general compressors. */
async function measureText({ data, length: asked, batch, filters, json }: { data: readonly string[]; length?: number | undefined; batch: number; filters: string; json: boolean }, { opened, io }: { opened: OpenModel; io: Io }): Promise<number> {
  const { model, params, tokenizer, bosId, length: usual } = opened;
  const length = Math.min(asked ?? usual, model.shape.maxPositions);
  const endId = model.config.eosIds?.[0] ?? bosId;
  if (endId === undefined) throw new CliError('E_TOKENIZER', `llm eval: expected a model with a token that ends a text but found none in its config.json. Add eos_token_id.`);
  const store = growingStore();
  const texts: string[] = [];
  for await (const { text } of readCorpus({ paths: data, filters: FILTER_SETS[filters]!, cwd: io.cwd, signal: io.stop }).documents) {
    store.add(tokenizer.encode(text));
    texts.push(text);
  }
  const rows = packStore(store.finish(), { length, bosId: bosId ?? endId, endId });
  const found = await bitsPerByte(model, params, { batches: validationBatches(rows, { batch }), tokenBytes: tokenBytes(tokenizer) });
  const others = compressions(texts.join(''));
  if (json) {
    io.out(`${JSON.stringify({ ...found, documents: texts.length, length, compressions: others })}\n`);
    return 0;
  }
  io.out(`${table(['', 'bits per byte', 'size'], [
    ['model', found.bitsPerByte.toFixed(3), bytes(Math.round((found.bitsPerByte * found.bytes) / 8))],
    ...others.map((each) => [each.name, each.bitsPerByte.toFixed(3), bytes(each.bytes)]),
  ])}\n\nloss ${found.loss.toFixed(4)} nats per token, perplexity ${digits(found.perplexity)}, ${count(found.targets)} tokens, ${bytes(found.bytes)} of text in ${count(texts.length)} documents, rows of ${length} tokens\n`);
  return 0;
}

import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { applyReview, createReviewQueue, type Document, readReview, type ReviewedItem, reviewCsv, reviewerAgreement, reviewJsonl, type ReviewOverride, ruleAgreement } from '@llm/data-quality';
import { z } from 'zod';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { count, percent, table } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { nearestTo } from '../data-report/collect.ts';
import { dataArgs, dataFields, openData, runFolderOf } from '../data-report/open-data.ts';
import { readFeedback } from '../data-report/read-feedback.ts';
import { asRead, inputsMissing, withTexts } from '../data-report/with-texts.ts';
import { replaceText } from '../run/replace-text.ts';

const inputsArg = { type: 'string', valueHint: 'path', description: 'Where PATHS is a folder of llm data: the files that went into it, which hold the texts that were dropped' } as const;
const isCsv = (path: string): boolean => path.toLowerCase().endsWith('.csv');

async function read(path: string, cwd: string): Promise<ReviewedItem[]> {
  const items: ReviewedItem[] = [];
  for await (const item of readReview(createReadStream(resolve(cwd, path)), { csv: isCsv(path), source: path })) items.push(item);
  return items;
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceText(path, content);
}

/** Chooses documents for people to judge. */
export const dataReviewExport: Command = command({
  name: 'data review export',
  description: 'Choose documents for people to judge, kept and dropped ones, and write them as JSON Lines or, for a spreadsheet, CSV',
  args: {
    ...dataArgs,
    inputs: inputsArg,
    out: { type: 'string', valueHint: 'queue.jsonl', description: 'Where to write them; a name that ends in .csv gives CSV', default: 'queue.jsonl' },
    size: { type: 'string', valueHint: 'documents', description: 'How many', default: '100' },
    'kept-share': { type: 'string', valueHint: '0…1', description: 'Share of kept documents', default: '0.5' },
    'borderline-share': { type: 'string', valueHint: '0…1', description: 'Share of those nearest to a threshold; the rest is drawn at random', default: '0.5' },
    seed: { type: 'string', valueHint: 'number', description: 'The same seed draws the same documents', default: '0' },
    exclude: { type: 'string', valueHint: 'queue.jsonl', description: 'Queues that were judged before: their documents do not come again' },
    feedback: { type: 'string', valueHint: 'file.jsonl', description: 'What users said of documents: those they call bad come first' },
  },
  lists: ['exclude', 'inputs'],
  variadic: 'paths',
  schema: z.object({
    ...dataFields, inputs: paths.optional(), out: text('a file'), size: integer(1, 1_000_000), 'kept-share': number('a number from 0 to 1', { min: 0, max: 1 }), 'borderline-share': number('a number from 0 to 1', { min: 0, max: 1 }),
    seed: integer(0, 2 ** 32 - 1), exclude: paths.optional(), feedback: text('a file').optional(),
  }),
  async run({ inputs, out, size, 'kept-share': keptShare, 'borderline-share': borderlineShare, seed, exclude = [], feedback, json, ...given }, io) {
    const before = new Set<string>();
    for (const path of exclude) for (const { id } of await read(path, io.cwd)) before.add(id);
    const reported = new Set(feedback === undefined ? [] : (await readFeedback(resolve(io.cwd, feedback))).review);
    const data = await openData(given.paths, given, io);
    const path = resolve(io.cwd, out);
    await checkOutput(path, { inputs: [...(data.kept ? inputs ?? [] : given.paths), ...exclude], cwd: io.cwd, onlyRead: true, remedy: 'Choose another --out.' });
    const rules = data.rules.filter(({ measured }) => measured);
    const queue = createReviewQueue({ size, keptShare, borderlineShare, seed, exclude: before, reported });
    for await (const decided of withTexts(data, { inputs, given, io })) queue.add({ ...(decided.kept ? nearestTo(decided, rules) : decided), document: decided.document!, kept: decided.kept });
    const items = queue.items();
    await write(path, isCsv(path) ? reviewCsv(items) : reviewJsonl(items));
    const kept = items.filter(({ automatic }) => automatic === 'keep').length;
    const near = items.filter(({ picked }) => picked === 'borderline').length;
    if (json) io.out(`${JSON.stringify({ out: path, documents: items.length, kept, borderline: near })}\n`);
    else io.out(`Wrote ${count(items.length)} documents to judge, ${count(kept)} kept and ${count(items.length - kept)} dropped ones, ${count(near)} of them borderline, to ${shownPath(path, io.cwd)}\nPut keep, drop or edit into the verdict of each, then: llm data review apply ${shownPath(path, io.cwd)} --data ${given.paths.join(' ')}${inputs === undefined ? '' : ` --inputs ${inputs.join(' ')}`}\n`);
    return 0;
  },
});

/** Checks what people judged and writes what the next run is to do. */
export const dataReviewApply: Command = command({
  name: 'data review apply',
  description: 'Check what people judged, say how far they agree with the rules and with each other, and write the overrides for the next run',
  args: {
    queue: { type: 'positional', description: 'The queue that came back; two of them, judged by two people, to compare them', required: true },
    data: { type: 'string', valueHint: 'path', description: 'The files or the folder that the queue was taken from' },
    ...Object.fromEntries(Object.entries(dataArgs).filter(([key]) => key !== 'paths')),
    overrides: { type: 'string', valueHint: 'overrides.jsonl', description: 'Not needed: verdicts are checked against the texts as they came in, whatever was decided on them' },
    filters: { type: 'string', valueHint: Object.keys(FILTER_SETS).join('|'), description: 'Not needed, as --overrides', default: 'documentation' },
    inputs: inputsArg,
    out: { type: 'string', valueHint: 'overrides.jsonl', description: 'Where to write the overrides', default: 'overrides.jsonl' },
  },
  lists: ['data', 'inputs'],
  variadic: 'queue',
  schema: z.object({ ...dataFields, paths: paths.optional(), queue: z.array(z.string(), { error: 'one queue or two' }).min(1, { error: 'one queue or two' }).max(2, { error: 'one queue or two' }), data: paths, inputs: paths.optional(), out: text('a file') }),
  async run({ queue, data: from, inputs, out, json, ...given }, io) {
    const folder = runFolderOf(from, io.cwd);
    if (folder !== undefined && inputs === undefined) throw inputsMissing(basename(folder));
    const texts = folder === undefined ? from : inputs!;
    const path = resolve(io.cwd, out);
    await checkOutput(path, { inputs: [...queue, ...texts], cwd: io.cwd, onlyRead: true, remedy: 'Choose another --out.' });
    const reviews: { source: string; items: ReviewedItem[] }[] = [];
    for (const source of queue) reviews.push({ source, items: await read(source, io.cwd) });
    const wanted = new Set(reviews.flatMap(({ items }) => items.map(({ id }) => id)));
    const documents = new Map<string, Document>();
    for await (const document of asRead(texts, { given, io })) if (wanted.has(document.id) && !documents.has(document.id)) documents.set(document.id, document);
    const judged: { items: ReviewedItem[]; overrides: ReviewOverride[] }[] = [];
    for (const { source, items } of reviews) judged.push({ items, overrides: await applyReview(items, { documents: documents.values(), source }) });
    const [first, second] = judged;
    const between = second && reviewerAgreement(first!.items, second.items);
    const disputed = new Set(between?.disputed);
    // Two who differ have decided nothing; where one judged alone, that one did.
    const byId = new Map([...second?.overrides ?? [], ...first!.overrides].map((override) => [override.id, override]));
    const overrides = [...byId.values()].filter(({ id }) => !disputed.has(id));
    const rules = ruleAgreement(judged.flatMap(({ items }) => items));
    await write(path, overrides.map((override) => `${JSON.stringify(override)}\n`).join(''));
    if (json) io.out(`${JSON.stringify({ out: path, overrides: overrides.length, rules, reviewers: between ?? null })}\n`);
    else {
      io.out(`${table(['rule', 'judged', 'agreed', 'drawn at random', 'agreed', 'precision', '95 % interval'], rules.map(({ reason, judged: n, agreed, random, precision }) => [printable(reason), count(n), count(agreed), count(random.judged), count(random.agreed), precision === null ? '-' : percent(precision.value, 0), precision === null ? '-' : `${percent(precision.low, 0)} to ${percent(precision.high, 0)}`]))}\n`);
      if (between !== undefined) io.out(`\nBoth judged ${count(between.both)} documents and agree on ${count(between.agreed)}; kappa ${between.kappa === null ? 'is not defined' : between.kappa.toFixed(2)}. ${between.disputed.length === 0 ? '' : `Left out, because they differ: ${between.disputed.slice(0, 10).map(printable).join(', ')}${between.disputed.length > 10 ? ', …' : ''}\n`}`);
      io.out(`\nWrote ${count(overrides.length)} overrides to ${shownPath(path, io.cwd)}\n`);
    }
    return 0;
  },
});

import { mkdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DataError, readTextClassifier, readTextRater, type TextClassifier, type TextRater, trainTextClassifier, type TrainTextOptions, trainTextRater } from '@llm/data-quality';
import { readDocuments } from '@llm/data-quality/node';
import { z } from 'zod';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { bytes, count, percent, table } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { inputPath } from '../corpus/input-path.ts';
import { classFigures, classFiguresText, ratingFigures } from '../data-score/fit-figures.ts';
import { lineFile } from '../data-score/line-file.ts';
import { heldOut, readLabelled } from '../data-score/read-labelled.ts';
import { spreadText } from '../data-score/spread-text.ts';
import { replaceText } from '../run/replace-text.ts';

const readArgs = {
  'skip-bad': { type: 'string', valueHint: 'records', description: 'Bad records to pass over in each file', default: '0' },
  'text-field': { type: 'string', valueHint: 'name', description: 'Field of records that holds the text', default: 'text' },
} as const;
const readFields = { 'skip-bad': integer(0), 'text-field': text('a name'), json: z.boolean().default(false) as z.ZodType<boolean> };

const labelOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined);
const ratingOf = (value: unknown): number | undefined => {
  const rating = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof rating === 'number' && Number.isFinite(rating) ? rating : undefined;
};

/** Learns labels or ratings of texts, and says how well on texts that it has not seen. */
export const dataClassifierTrain: Command = command({
  name: 'data classifier train',
  description: 'Train a small classifier of texts (quality, safety, subject) on labelled ones, or a rater on rated ones, and measure it on held-out ones',
  args: {
    paths: { type: 'positional', description: 'Files of records with text and label', required: true },
    out: { type: 'string', valueHint: 'model.bin', description: 'Where to write it' },
    'label-field': { type: 'string', valueHint: 'name', description: 'Field that holds the label; default: label' },
    'rating-field': { type: 'string', valueHint: 'name', description: 'Field that holds a number instead, such as an educational value from 0 to 5' },
    'held-out': { type: 'string', valueHint: '0…0.9', description: 'Share of the examples that it does not learn from and is measured on', default: '0.1' },
    epochs: { type: 'string', valueHint: 'times', description: 'Passes over the examples', default: '5' },
    lr: { type: 'string', valueHint: 'rate', description: 'Learning rate of AdaGrad', default: '0.5' },
    ngrams: { type: 'string', valueHint: 'words', description: 'Runs of up to so many words are what it goes by', default: '2' },
    bits: { type: 'string', valueHint: '8…24', description: 'Two to the power of this many weights for each label', default: '18' },
    seed: { type: 'string', valueHint: 'number', description: 'The same seed gives the same model', default: '0' },
    ...readArgs,
  },
  variadic: 'paths',
  schema: z.object({
    paths, out: text('a file'), 'label-field': text('a name').optional(), 'rating-field': text('a name').optional(), 'held-out': number('a number from 0 to 0.9', { min: 0, max: 0.9 }),
    epochs: integer(1, 10_000), lr: number('a number above 0', { min: Number.MIN_VALUE }), ngrams: integer(1, 8), bits: integer(8, 24), seed: integer(0, 2 ** 32 - 1), ...readFields,
  }),
  async run({ paths: inputs, out, 'label-field': label, 'rating-field': rating, 'held-out': share, epochs, lr, ngrams, bits, seed, 'skip-bad': skipBad, 'text-field': textField, json }, io) {
    if (label !== undefined && rating !== undefined) throw new UsageError('llm data classifier train: expected --label-field or --rating-field but found both. Leave one out.');
    const path = resolve(io.cwd, out);
    await checkOutput(path, { inputs, cwd: io.cwd, remedy: 'Choose another --out.' });
    const reading = { cwd: io.cwd, textField, skipBad, signal: io.stop };
    const options: TrainTextOptions = { epochs, learningRate: lr, ngrams, bits, seed };
    const { model, learned, figures, shown } = rating === undefined ? labelled(await readLabelled(inputs, { ...reading, field: label ?? 'label', read: labelOf, expected: 'a label' }), options, share)
      : rated(await readLabelled(inputs, { ...reading, field: rating, read: ratingOf, expected: 'a number' }), options, share);
    const encoded = model.encode();
    await mkdir(dirname(path), { recursive: true });
    await replaceText(path, encoded);
    if (json) io.out(`${JSON.stringify({ type: 'result', learned, ...(figures === undefined ? {} : { heldOut: figures }), out: path, bytes: encoded.length })}\n`);
    else io.out(`Learned from ${count(learned)} examples\n\n${shown}\n\nWrote ${shownPath(path, io.cwd)} (${bytes(encoded.length)})\n`);
    return 0;
  },
});

interface Fitted {
  readonly model: Pick<TextClassifier, 'encode'>;
  readonly learned: number;
  readonly figures: object | undefined;
  readonly shown: string;
}

const UNMEASURED = 'Nothing was held out, so how good it is is not known.';

function labelled(examples: readonly { text: string; value: string }[], options: TrainTextOptions, share: number): Fitted {
  const { learned, held } = heldOut(examples, { share, seed: options.seed ?? 0 });
  const model = trainTextClassifier(learned.map(({ text: each, value }) => ({ text: each, label: value })), options);
  const figures = held.length === 0 ? undefined : classFigures(held.map(({ text: each, value }) => ({ truth: value, said: likeliest(model.probabilities(each)).label })));
  return { model, learned: learned.length, figures, shown: figures === undefined ? UNMEASURED : classFiguresText(figures) };
}

function rated(examples: readonly { text: string; value: number }[], options: TrainTextOptions, share: number): Fitted {
  const { learned, held } = heldOut(examples, { share, seed: options.seed ?? 0 });
  const model = trainTextRater(learned.map(({ text: each, value }) => ({ text: each, rating: value })), options);
  const figures = held.length === 0 ? undefined : ratingFigures(held.map(({ text: each, value }) => ({ truth: value, said: model.rate(each) })));
  return { model, learned: learned.length, figures, shown: figures === undefined ? UNMEASURED : `R² ${figures.r2.toFixed(3)} (always the mean: 0), mean absolute error ${figures.meanAbsoluteError.toFixed(3)}, Spearman ${figures.spearman.toFixed(3)}, on ${figures.examples} held-out examples` };
}

function likeliest(probabilities: Readonly<Record<string, number>>): { label: string; probability: number } {
  return Object.entries(probabilities).reduce((best, [label, probability]) => (probability > best.probability ? { label, probability } : best), { label: '', probability: -1 });
}

/** Gives every document what a classifier or rater says of it. */
export const dataClassifierApply: Command = command({
  name: 'data classifier apply',
  description: 'Write what a trained classifier or rater says of each document, and how that is spread',
  args: {
    paths: { type: 'positional', description: 'Files, folders and patterns, as of llm data', required: true },
    model: { type: 'string', valueHint: 'model.bin', description: 'What llm data classifier train wrote' },
    out: { type: 'string', valueHint: 'scores.jsonl', description: 'Where to write a line for each document: id and label with probability, or rating' },
    ...readArgs,
  },
  variadic: 'paths',
  stopsItself: true,
  schema: z.object({ paths, model: text('a file'), out: text('a file'), ...readFields }),
  async run({ paths: inputs, model: file, out, 'skip-bad': skipBad, 'text-field': textField, json }, io) {
    const path = resolve(io.cwd, out);
    await checkOutput(path, { inputs, cwd: io.cwd, remedy: 'Choose another --out.' });
    const model = await readModel(resolve(io.cwd, file), file);
    const labels = new Map<string, number>();
    const ratings: number[] = [];
    let documents = 0;
    const lines = lineFile(path);
    try {
      for await (const { id, text: each } of readDocuments(inputs.map((input) => inputPath(input, io.cwd)), { skipBad, textField, signal: io.stop })) {
        documents++;
        if ('rate' in model) {
          const rating = model.rate(each);
          ratings.push(rating);
          lines.write(JSON.stringify({ id, rating }));
        } else {
          const probabilities = model.probabilities(each);
          const said = likeliest(probabilities);
          labels.set(said.label, (labels.get(said.label) ?? 0) + 1);
          lines.write(JSON.stringify({ id, ...said, probabilities }));
        }
      }
      await lines.finish();
    } finally {
      await lines.discard();
    }
    const counts = [...labels].sort(([, a], [, b]) => b - a);
    if (json) io.out(`${JSON.stringify({ type: 'result', documents, ...('rate' in model ? { mean: ratings.reduce((sum, rating) => sum + rating / documents, 0) } : { labels: Object.fromEntries(counts) }), out: path })}\n`);
    else io.out(`${'rate' in model ? spreadText(ratings) : table(['label', 'documents', 'share'], counts.map(([label, times]) => [printable(label), count(times), percent(times / documents)]))}\n\nWrote ${shownPath(path, io.cwd)}, a line for each of ${count(documents)} documents\n`);
    return 0;
  },
});

/** The classifier or the rater that is in a file. */
async function readModel(path: string, shown: string): Promise<TextClassifier | TextRater> {
  const encoded = await readFile(path).catch((cause: unknown) => { throw new CliError('E_NOT_FOUND', `llm data classifier apply: expected a model but could not read ${shown}. Train one with llm data classifier train.`, { cause }); });
  try {
    return readTextClassifier(encoded);
  } catch (error) {
    if (!(error instanceof DataError && error.message.includes('one for number'))) throw error;
    return readTextRater(encoded);
  }
}

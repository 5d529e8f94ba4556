import { resolve } from 'node:path';
import { type Document, type ReviewOverride, textHash } from '@llm/data-quality';
import { readDocuments } from '@llm/data-quality/node';
import { disposeTree } from '@llm/tensor';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { count, digits } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { shownPath } from '../cli/shown-path.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { inputPath } from '../corpus/input-path.ts';
import { answerCache } from '../data-score/answer-cache.ts';
import { lineFile } from '../data-score/line-file.ts';
import { perplexityScorer } from '../data-score/perplexities.ts';
import { scoreProgress } from '../data-score/score-progress.ts';
import { spreadText } from '../data-score/spread-text.ts';
import { streamInBatches } from '../stage/in-batches.ts';
import { openModel } from '../train/open-model.ts';
import { findFolder } from '../train/open-run.ts';
import { deviceArg, deviceField } from './shared-args.ts';

/** How surprised a model is by each document of a text. */
export const dataPerplexity: Command = command({
  name: 'data perplexity',
  description: 'The perplexity of each document under a model, a histogram, and those above a threshold, to find what is unlike what the model learned',
  args: {
    paths: { type: 'positional', description: 'Files, folders and patterns, as of llm data', required: true },
    model: { type: 'string', valueHint: 'run', description: 'The model: a small one, trained on text as it should be' },
    max: { type: 'string', valueHint: 'perplexity', description: 'Documents above are dropped; it depends on tokenizer and model', default: '1500' },
    out: { type: 'string', valueHint: 'file.jsonl', description: 'Write id, tokens and perplexity of each document; beside it file.above.jsonl, those above --max as overrides that drop them (llm data --overrides), and file.cache.jsonl, by which a run that was stopped goes on' },
    length: { type: 'string', valueHint: 'tokens', description: 'Tokens that the model sees at once; default: as in its training, otherwise 512' },
    batch: { type: 'string', valueHint: 'documents', description: 'Documents at a time', default: '32' },
    'skip-bad': { type: 'string', valueHint: 'records', description: 'Bad records to pass over in each file', default: '0' },
    'text-field': { type: 'string', valueHint: 'name', description: 'Field of records that holds the text', default: 'text' },
    device: deviceArg,
  },
  variadic: 'paths',
  stopsItself: true,
  schema: z.object({
    paths, model: text('the folder of a run or of a model'), max: number('a number from 1 on', { min: 1 }), out: text('a file').optional(), length: integer(2).optional(), batch: integer(1, 4096),
    'skip-bad': integer(0), 'text-field': text('a name'), device: deviceField, json: z.boolean().default(false),
  }),
  async run({ paths: inputs, model: run, max, out, length: asked, batch, 'skip-bad': skipBad, 'text-field': textField, device, json }, io) {
    const path = out === undefined ? undefined : resolve(io.cwd, out);
    const beside = (name: string): string | undefined => (path === undefined ? undefined : `${path.replace(/\.(?:jsonl|ndjson)$/i, '')}.${name}`);
    const places = { out: path, above: beside('above.jsonl'), cache: beside('cache.jsonl') };
    for (const each of Object.values(places)) if (each !== undefined) await checkOutput(each, { inputs, cwd: io.cwd, remedy: 'Choose another --out.' });
    const read = (): AsyncGenerator<Document> => readDocuments(inputs.map((each) => inputPath(each, io.cwd)), { skipBad, textField, signal: io.stop });
    // Reading takes next to nothing beside the model, finds what is wrong before it begins, and tells how long it will take.
    let total = 0;
    for await (const _ of read()) total++;
    const opened = await openModel(findFolder(run, io.cwd), device);
    if (opened.note !== undefined && !json) io.err(`${opened.note}\n`);
    const cache = answerCache(places.cache);
    const [lines, above] = [places.out, places.above].map((each) => (each === undefined ? undefined : lineFile(each)));
    const progress = scoreProgress(io, { name: 'perplexity', unit: 'documents', total, quiet: json });
    const values: number[] = [];
    let [tokens, kept] = [0, 0];
    let worst: { readonly id: string; readonly perplexity: number; readonly text: string } | undefined;
    try {
      const perplexities = await perplexityScorer(opened, { length: Math.min(asked ?? opened.length, opened.model.shape.maxPositions), cache, signal: io.stop });
      for await (const some of streamInBatches(read(), batch)) {
        io.stop.throwIfAborted();
        for (const [i, { perplexity, tokens: own, cached }] of (await perplexities(some.map(({ text: each }) => each))).entries()) {
          const { id, text: content } = some[i]!;
          if (own > 0 && !Number.isFinite(perplexity)) throw new CliError('E_LOSS', `llm data perplexity: expected a finite perplexity but found ${perplexity} for ${id}. Check the model: its training may have diverged.`);
          // That of a text without tokens is no number, and must not pass.
          const isAbove = !(perplexity <= max);
          lines?.write(JSON.stringify({ id, tokens: own, perplexity: Number.isNaN(perplexity) ? null : perplexity, ...(isAbove ? { above: true } : {}) }));
          if (isAbove) above?.write(JSON.stringify({ id, hash: textHash(content), verdict: 'drop', note: `perplexity ${digits(perplexity)}, above ${digits(max)}` } satisfies ReviewOverride));
          if (perplexity > (worst?.perplexity ?? 0)) worst = { id, perplexity, text: content.slice(0, 160) };
          values.push(perplexity);
          tokens += own;
          if (!isAbove) kept++;
          progress.add(1, cached ? { cached: 1 } : { tokens: own });
        }
      }
      await lines?.finish();
      await above?.finish();
      progress.end();
      if (json) io.out(`${JSON.stringify({ type: 'result', documents: total, kept, above: total - kept, max, tokens, ...(path === undefined ? {} : { out: path, aboveFile: places.above }) })}\n`);
      else {
        io.out(`${spreadText(values, { mark: max })}\n\n${count(total - kept)} of ${count(total)} documents are above ${max}, ${count(tokens)} tokens in all\n`);
        if (worst !== undefined) io.out(`Highest: ${digits(worst.perplexity)}, ${printable(worst.id)}:\n  ${printable(worst.text).replaceAll('\n', '\n  ')}\n`);
        if (path !== undefined) io.out(`Perplexities: ${shownPath(path, io.cwd)}; those above, for llm data --overrides: ${shownPath(places.above!, io.cwd)}\n`);
      }
      return 0;
    } catch (error) {
      progress.end();
      if (io.stop.aborted && path !== undefined) io.err('Stopped. Run the same command again to go on: what was found is kept.\n');
      throw error;
    } finally {
      cache.close();
      await lines?.discard();
      await above?.discard();
      disposeTree(opened.params);
    }
  },
});

import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { once } from 'node:events';
import { z } from 'zod';
import { command, type Command, integer, paths, text } from '../cli/command.ts';
import { count } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { checkOutput } from '../corpus/check-output.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { filterArgs, filterFields } from './shared-args.ts';

/** A file that appears under its name only once it is whole. */
async function output(path: string): Promise<{ write(line: string): Promise<void>; finish(): Promise<void>; discard(): Promise<void> }> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.tmp-${process.pid}`;
  const stream = createWriteStream(temporary);
  let failure: Error | undefined;
  stream.on('error', (error) => { failure = error; });
  await once(stream, 'open');
  return {
    async write(line) {
      if (failure !== undefined) throw failure;
      if (!stream.write(line)) await once(stream, 'drain');
    },
    async finish() {
      await new Promise<void>((done, fail) => { stream.end(() => done()).once('error', fail); });
      await rename(temporary, path);
    },
    async discard() {
      stream.destroy();
      await rm(temporary, { force: true });
    },
  };
}

/** Reads, filters, writes clean JSON Lines and the decision on every document. */
export const data: Command = command({
  name: 'data',
  description: 'Read text, filter and deduplicate it, and show what was dropped and why',
  args: {
    paths: { type: 'positional', description: 'Files and folders: text, Markdown, source code, JSON Lines, each also gzipped', required: true },
    out: { type: 'string', valueHint: 'file.jsonl', description: 'Write the documents that were kept, and beside them file.decisions.jsonl with the decision on each' },
    'dry-run': { type: 'boolean', description: 'Write no file' },
    'skip-bad': { type: 'string', valueHint: 'lines', description: 'Bad lines of JSON Lines to pass over in each file', default: '0' },
    'text-field': { type: 'string', valueHint: 'name', description: 'Field of JSON Lines that holds the text', default: 'text' },
    ...filterArgs,
  },
  variadic: 'paths',
  schema: z.object({ paths, out: text('a file').optional(), 'dry-run': z.boolean().default(false), 'skip-bad': integer(0), 'text-field': text('a name'), ...filterFields }),
  async run({ paths: from, out, 'dry-run': dry, filters, json, 'skip-bad': skipBad, 'text-field': textField }, io) {
    const clean = out === undefined || dry ? undefined : resolve(io.cwd, out);
    const log = clean?.replace(/(\.jsonl)?$/, '.decisions.jsonl');
    if (clean !== undefined) checkOutput(clean, { inputs: from, cwd: io.cwd, remedy: 'Choose another --out.' });
    const decisions: string[] = [];
    const corpus = readCorpus({ paths: from, filters: FILTER_SETS[filters]!, cwd: io.cwd, signal: io.stop, onDecision: (decision) => decisions.push(`${JSON.stringify(decision)}\n`), skipBad, textField });
    const [kept, decided] = clean === undefined ? [] : [await output(clean), await output(log!)];
    try {
      for await (const document of corpus.documents) {
        await kept?.write(`${JSON.stringify(document)}\n`);
        for (const line of decisions.splice(0)) await decided?.write(line);
      }
      for (const line of decisions.splice(0)) await decided?.write(line);
      await kept?.finish();
      await decided?.finish();
    } catch (error) {
      await kept?.discard();
      await decided?.discard();
      throw error;
    }
    const ledger = corpus.ledger.toJSON();
    if (json) io.out(`${JSON.stringify({ ...ledger, filters, ...(clean === undefined ? {} : { out: clean, decisions: log }) })}\n`);
    else {
      io.out(`${corpus.ledger.table()}\n`);
      for (const { id, reason, text: beginning } of corpus.examples.slice(0, 5)) io.out(`\n${reason}, ${printable(id)}:\n  ${printable(beginning.slice(0, 160)).replaceAll('\n', '\n  ')}\n`);
      if (clean !== undefined) io.out(`\nWrote ${count(ledger.out.documents)} documents to ${clean}\nand the decision on each of ${count(ledger.in.documents)} to ${log}\n`);
    }
    return 0;
  },
});

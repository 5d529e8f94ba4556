import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Document } from '@llm/data-quality';
import { tokenizerToText } from '@llm/tokenizer';
import { z } from 'zod';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { count, digits } from '../cli/format.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { tokenizerFacts, trainTokenizer } from '../corpus/prepare-data.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { replaceText } from '../run/replace-text.ts';
import { SPLITS } from '../train/run-tokenizer.ts';
import { filterArgs, filterFields, splitField } from './shared-args.ts';

/** Trains a byte-level BPE tokenizer and writes tokenizer.json. */
export const tokenizerTrain: Command = command({
  name: 'tokenizer train',
  description: 'Train a byte-level BPE tokenizer and write the tokenizer.json that Hugging Face tokenizers loads',
  args: {
    paths: { type: 'positional', description: 'Files and folders of text', required: true },
    'vocab-size': { type: 'string', valueHint: 'tokens', description: 'Tokens in all: 256 bytes, 1 end of text, and one for each merge', default: '4096' },
    split: { type: 'string', valueHint: Object.keys(SPLITS).join('|'), description: 'How text is cut into pieces that merges never cross', default: 'llama3' },
    'max-megabytes': { type: 'string', valueHint: 'MB', description: 'Train on an even sample of at most so many million characters', default: '64' },
    out: { type: 'string', valueHint: 'file.json', description: 'Where to write', default: 'tokenizer.json' },
    ...filterArgs,
  },
  variadic: 'paths',
  schema: z.object({ paths, 'vocab-size': integer(257, 1_048_576), split: splitField, 'max-megabytes': number('a number above 0', { min: 1e-6 }), out: text('a file'), ...filterFields }),
  async run({ paths: from, 'vocab-size': vocabSize, split, 'max-megabytes': megabytes, out, filters, json }, io) {
    const documents: Document[] = [];
    const corpus = readCorpus({ paths: from, filters: FILTER_SETS[filters]!, cwd: io.cwd, signal: io.stop });
    for await (const document of corpus.documents) documents.push(document);
    if (!json) io.err(`${corpus.ledger.table()}\n\n`);
    const { tokenizer, bytes: trainedOn } = await trainTokenizer(documents, { vocabSize, pattern: SPLITS[split]!, maxBytes: megabytes * 1e6, signal: io.stop });
    const path = resolve(io.cwd, out);
    await mkdir(dirname(path), { recursive: true });
    await replaceText(path, tokenizerToText(tokenizer));
    const sample = documents.slice(0, 200).map(({ text: each }) => each).join('\n').slice(0, 1_000_000);
    const bytesPerToken = sample.length / Math.max(1, tokenizer.encode(sample).length);
    const facts = tokenizerFacts(tokenizer, { trainedOnBytes: trainedOn, bytesPerToken });
    if (json) io.out(`${JSON.stringify({ ...facts, out: path })}\n`);
    else io.out(`Wrote ${path}: ${count(tokenizer.size)} tokens${tokenizer.size < vocabSize ? ' (the text has no more pairs to merge)' : ''}, ${digits(bytesPerToken)} characters a token.\nLongest: ${facts.longest.slice(0, 12).map((token) => JSON.stringify(token)).join(' ')}\n`);
    return 0;
  },
});

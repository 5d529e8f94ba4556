import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Document } from '@llm/data-quality';
import { tokenizerToText, writeSentencePiece } from '@llm/tokenizer';
import { z } from 'zod';
import { UsageError } from '../cli/cli-error.ts';
import { command, type Command, integer, number, paths, text } from '../cli/command.ts';
import { count, digits } from '../cli/format.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { tokenizerFacts, trainTokenizer } from '../corpus/prepare-data.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { TOKENIZER_KINDS, type TokenizerKind } from '../corpus/tokenizer-kinds.ts';
import { replaceText } from '../run/replace-text.ts';
import { SPLITS } from '../train/run-tokenizer.ts';
import { filterArgs, filterFields, splitField } from './shared-args.ts';

const KINDS = Object.keys(TOKENIZER_KINDS) as [TokenizerKind, ...TokenizerKind[]];

/** Trains a tokenizer and writes tokenizer.json, or a SentencePiece model. */
export const tokenizerTrain: Command = command({
  name: 'tokenizer train',
  description: 'Train a tokenizer and write the tokenizer.json that Hugging Face tokenizers loads',
  args: {
    paths: { type: 'positional', description: 'Files and folders of text', required: true },
    model: { type: 'string', valueHint: KINDS.join('|'), description: 'bpe over bytes takes any text; unigram works as SentencePiece does, with bytes for what has no piece; wordpiece as BERT does', default: 'bpe' },
    'vocab-size': { type: 'string', valueHint: 'tokens', description: 'Tokens in all; with bpe 256 bytes, 1 end of text, and one for each merge', default: '4096' },
    split: { type: 'string', valueHint: Object.keys(SPLITS).join('|'), description: 'How bpe cuts text into pieces that merges never cross', default: 'llama3' },
    'max-megabytes': { type: 'string', valueHint: 'MB', description: 'Train on an even sample of at most so many million characters', default: '64' },
    out: { type: 'string', valueHint: 'file.json', description: 'Where to write; with .model at its end as SentencePiece does, which unigram can', default: 'tokenizer.json' },
    ...filterArgs,
  },
  variadic: 'paths',
  schema: z.object({ paths, model: z.enum(KINDS, { error: `one of ${KINDS.join(', ')}` }), 'vocab-size': integer(257, 1_048_576), split: splitField, 'max-megabytes': number('a number above 0', { min: 1e-6 }), out: text('a file'), ...filterFields }),
  async run({ paths: from, model, 'vocab-size': vocabSize, split, 'max-megabytes': megabytes, out, filters, json }, io) {
    const isSentencePiece = out.endsWith('.model');
    if (isSentencePiece && model !== 'unigram') throw new UsageError(`llm tokenizer train: expected --model unigram for a SentencePiece file but found ${model}. Write ${out.slice(0, -6)}.json, or train with --model unigram.`);
    const documents: Document[] = [];
    const corpus = readCorpus({ paths: from, filters: FILTER_SETS[filters]!, cwd: io.cwd, signal: io.stop });
    for await (const document of corpus.documents) documents.push(document);
    if (!json) io.err(`${corpus.ledger.table()}\n\n`);
    const { tokenizer, bytes: trainedOn } = await trainTokenizer(documents, { kind: model, vocabSize, pattern: SPLITS[split]!, maxBytes: megabytes * 1e6, signal: io.stop });
    const path = resolve(io.cwd, out);
    await mkdir(dirname(path), { recursive: true });
    await replaceText(path, isSentencePiece ? writeSentencePiece(tokenizer) : tokenizerToText(tokenizer));
    const sample = documents.slice(0, 200).map(({ text: each }) => each).join('\n').slice(0, 1_000_000);
    const bytesPerToken = sample.length / Math.max(1, tokenizer.encode(sample).length);
    const facts = tokenizerFacts(tokenizer, { trainedOnBytes: trainedOn, bytesPerToken });
    if (json) io.out(`${JSON.stringify({ ...facts, out: path })}\n`);
    else io.out(`Wrote ${path}: ${count(tokenizer.size)} tokens${tokenizer.size < vocabSize ? ' (the text has no more to learn)' : ''}, ${digits(bytesPerToken)} characters a token.\nLongest: ${facts.longest.slice(0, 12).map((token) => JSON.stringify(token)).join(' ')}\n`);
    return 0;
  },
});

import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSentencePiece, readTiktoken, type Tokenizer, type TokenizerFigures, tokenizerReport } from '@llm/tokenizer';
import { z } from 'zod';
import { CliError } from '../cli/cli-error.ts';
import { command, type Command, paths } from '../cli/command.ts';
import { bytes, count, digits, table } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { findFolder } from '../train/open-run.ts';
import { parseTokenizer, SPLITS } from '../train/run-tokenizer.ts';
import { splitField } from './shared-args.ts';

/** Measures how tokenizers fit texts, by domain and by script. */
export const tokenizerReportCommand: Command = command({
  name: 'tokenizer report',
  description: 'Measure how well tokenizers fit texts, by domain and by script: bytes per token, tokens per word, what is unknown, what is covered',
  args: {
    tokenizers: { type: 'positional', description: 'Files tokenizer.json, .model (SentencePiece) or .tiktoken, models or runs; several are compared', required: true },
    data: { type: 'string', valueHint: 'path…', description: 'Files and folders of text, each a domain; nothing is left out' },
    split: { type: 'string', valueHint: Object.keys(SPLITS).join('|'), description: 'How a .tiktoken file cuts text, which it does not say', default: 'cl100k' },
  },
  lists: ['data'],
  variadic: 'tokenizers',
  schema: z.object({ tokenizers: paths, data: paths, split: splitField, json: z.boolean().default(false) }),
  async run({ tokenizers: typed, data, split, json }, io) {
    const opened: { path: string; tokenizer: Tokenizer }[] = [];
    for (const path of typed) opened.push({ path, tokenizer: await openTokenizer(findFolder(path, io.cwd), split) });
    const rows: { tokenizer: string; of: string; figures: TokenizerFigures }[] = [];
    for (const { path, tokenizer } of opened) {
      const domains = Object.fromEntries(data.map((each) => [each, textsOf(each, { cwd: io.cwd, signal: io.stop })]));
      const { total, domains: byDomain, scripts } = await tokenizerReport(tokenizer, domains);
      if (json) io.out(`${JSON.stringify({ tokenizer: path, model: tokenizer.toJSON().model.type, size: tokenizer.size, total, domains: byDomain, scripts })}\n`);
      rows.push(...[...Object.entries(byDomain), ...Object.entries(scripts).sort((a, b) => b[1].bytes - a[1].bytes), ['all', total] as const].map(([of, figures]) => ({ tokenizer: path, of, figures })));
    }
    if (json) return 0;
    // What is measured by several tokenizers stands together.
    const names = [...new Set(rows.map(({ of }) => of))];
    const several = typed.length > 1;
    const ordered = names.flatMap((name) => rows.filter(({ of }) => of === name));
    io.out(`${opened.map(({ path, tokenizer }) => `${printable(path)}: ${tokenizer.toJSON().model.type}, ${count(tokenizer.size)} tokens\n`).join('')}\n`
      + `${table(['text', ...(several ? ['tokenizer'] : []), 'documents', 'size', 'tokens', 'bytes/token', 'tokens/word', 'unknown', 'covered'], ordered.map(({ tokenizer, of, figures }) => [
        printable(of), ...(several ? [printable(tokenizer)] : []), count(figures.documents), bytes(figures.bytes), count(figures.tokens), ratio(figures.bytesPerToken), ratio(figures.tokensPerWord), percent(figures.unknownRate), percent(figures.coveredShare),
      ]))}\n`);
    return 0;
  },
});

async function openTokenizer(found: string, split: string): Promise<Tokenizer> {
  const path = existsSync(found) && statSync(found).isDirectory() ? join(found, 'tokenizer.json') : found;
  const file = await readFile(path).catch((cause: unknown) => { throw new CliError('E_NOT_FOUND', `llm tokenizer report: expected a tokenizer at ${path} but found none. Train one with llm tokenizer train.`, { cause }); });
  if (path.endsWith('.model')) return readSentencePiece(file);
  if (path.endsWith('.tiktoken')) return readTiktoken(file.toString('utf8'), { pattern: SPLITS[split]! });
  return parseTokenizer(file.toString('utf8'), path);
}

async function* textsOf(path: string, { cwd, signal }: { cwd: string; signal: AbortSignal }): AsyncGenerator<string> {
  for await (const { text: each } of readCorpus({ paths: [path], filters: FILTER_SETS.none!, cwd, signal }).documents) yield each;
}

// Where there is nothing to count there is no figure.
function ratio(value: number): string {
  return Number.isFinite(value) ? digits(value) : '-';
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${digits(100 * share)} %` : '-';
}

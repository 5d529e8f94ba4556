import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Document } from '@llm/data-quality';
import { cl100kSplit, gpt2Split, llama3Split, type Split, type Tokenizer, tokenizerFromJson } from '@llm/tokenizer';
import { CliError } from '../cli/cli-error.ts';
import { trainTokenizer } from '../corpus/prepare-data.ts';
import { END_OF_TEXT } from '../corpus/tokenizer-kinds.ts';

/** Ways of cutting text into pieces, by the name that is typed. */
export const SPLITS: Readonly<Record<string, Split>> = { gpt2: gpt2Split, llama3: llama3Split, cl100k: cl100kSplit };

export interface MakeTokenizerOptions {
  /** Read instead of trained. */
  readonly tokenizerFile?: string | undefined;
  readonly cwd: string;
  readonly vocabSize: number;
  readonly split: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** The tokenizer of a run: read from its file, or trained on `documents`; `trainedOn` is 0 for one that was read. */
export async function makeTokenizer(documents: readonly Document[], { tokenizerFile, cwd, vocabSize, split, maxBytes, signal }: MakeTokenizerOptions): Promise<{ tokenizer: Tokenizer; trainedOn: number }> {
  if (tokenizerFile !== undefined) return { tokenizer: await readTokenizer(tokenizerFile, cwd), trainedOn: 0 };
  const { tokenizer, bytes: trainedOn } = await trainTokenizer(documents, { vocabSize, pattern: SPLITS[split]!, maxBytes, signal });
  return { tokenizer, trainedOn };
}

/** The tokenizer of a file that the user named. */
export async function readTokenizer(file: string, cwd: string): Promise<Tokenizer> {
  const path = resolve(cwd, file);
  const json = await readFile(path, 'utf8').catch((cause: unknown) => { throw new CliError('E_NOT_FOUND', `llm pretrain: expected a tokenizer.json at ${path} but found none. Train one with llm tokenizer train.`, { cause }); });
  return parseTokenizer(json, file);
}

/** The tokenizer of the text of `file`. */
export function parseTokenizer(json: string, file: string): Tokenizer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new CliError('E_JSON', `llm pretrain: expected JSON in ${file} but found something else. Use a whole tokenizer.json.`, { cause });
  }
  return tokenizerFromJson(parsed);
}

/** The token that ends a text: `<|endoftext|>`, or the first special one. */
export function endOf(tokenizer: Tokenizer, file: string | undefined): number {
  const endId = tokenizer.specialTokens.get(END_OF_TEXT) ?? [...tokenizer.specialTokens.values()][0];
  if (endId === undefined) throw new CliError('E_TOKENIZER', `llm: expected a tokenizer with a special token that ends a text, such as ${END_OF_TEXT}, but found none in ${file}. Train one with llm tokenizer train.`);
  return endId;
}

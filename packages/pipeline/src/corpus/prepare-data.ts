import { createHash } from 'node:crypto';
import type { Document, LedgerReport } from '@llm/data-quality';
import { isValidation } from '@llm/pretrain';
import type { Tokenizer } from '@llm/tokenizer';
import { CliError } from '../cli/cli-error.ts';
import { count, short } from '../cli/format.ts';
import type { RunData, RunSettings } from '../run/run-record.ts';
import type { Compression } from './compression.ts';
import type { FilterSet } from './filters.ts';
import type { Corpus, DropExample } from './read-corpus.ts';
import { sections } from './sections.ts';
import { growingStore, type TokenStore } from './token-store.ts';
import { END_OF_TEXT, type KindOptions, TOKENIZER_KINDS, type TokenizerKind } from './tokenizer-kinds.ts';

/** What is known of the text once it has been read. */
export interface ReadText {
  readonly train: readonly Document[];
  readonly validation: readonly Document[];
  readonly trainCharacters: number;
  readonly ledger: LedgerReport;
  readonly ledgerTable: string;
  readonly examples: readonly DropExample[];
  readonly sha256: string;
}

/** The account of a run's data, for the report: data/report.json. */
export interface DataReport {
  readonly filters: { readonly name: string; readonly description: string; readonly relaxed: FilterSet['relaxed'] };
  readonly ledger: LedgerReport;
  readonly examples: readonly DropExample[];
  readonly compressions: readonly Compression[];
  readonly tokenizer: { readonly size: number; readonly trainedOnBytes: number; readonly bytesPerToken: number; readonly longest: readonly string[] };
}

/** Fewer documents than this are cut into sections, or chance would decide whether any is held out. */
const FEW_DOCUMENTS = 50;
const SECTIONS = { wanted: 60, least: 300, most: 1500 };
/** A model can learn something from this much, and half of it cannot even fill a batch. */
export const LEAST_CHARACTERS = 4000;

/** Reads and filters everything, and puts some documents aside for validation by a hash of their names. */
export async function readText(corpus: Corpus, { validationShare, seed }: { validationShare: number; seed: number }): Promise<ReadText> {
  let documents: Document[] = [];
  for await (const document of corpus.documents) documents.push(document);
  const ledger = corpus.ledger.toJSON();
  const characters = documents.reduce((sum, { text }) => sum + text.length, 0);
  if (characters < LEAST_CHARACTERS) {
    const dropped = ledger.dropped.map(({ reason, documents: n }) => `${n} × ${reason}`).join(', ');
    throw new CliError('E_TOO_LITTLE_TEXT', `llm: expected at least ${count(LEAST_CHARACTERS)} characters of text after filtering but found ${count(characters)} in ${count(documents.length)} of ${count(ledger.in.documents)} documents${dropped === '' ? '' : ` (dropped: ${dropped})`}. Add text; some 100,000 characters give first words, 2,000,000 and more give sentences. Use --filters none to keep everything.`);
  }
  if (documents.length < FEW_DOCUMENTS) {
    const size = Math.min(SECTIONS.most, Math.max(SECTIONS.least, Math.floor(characters / SECTIONS.wanted)));
    documents = documents.flatMap((document) => sections(document, { characters: size }));
  }
  const hash = createHash('sha256');
  for (const { id, text } of documents) hash.update(JSON.stringify([id, text]));
  const train: Document[] = [];
  const validation: Document[] = [];
  for (const document of documents) (isValidation(document.id, { validationFraction: validationShare, seed }) ? validation : train).push(document);
  if (validation.length === 0 && train.length > 1) validation.push(train.pop()!);
  if (train.length === 0 || validation.length === 0) {
    throw new CliError('E_TOO_LITTLE_TEXT', `llm: expected text that can be divided into training and validation but found ${documents.length} piece${documents.length === 1 ? '' : 's'}. Add documents, or blank lines between paragraphs.`);
  }
  return {
    train, validation, trainCharacters: train.reduce((sum, { text }) => sum + text.length, 0),
    ledger, ledgerTable: corpus.ledger.table(), examples: corpus.examples, sha256: hash.digest('hex'),
  };
}

/** Trains a tokenizer on documents of about `maxBytes` characters in all, evenly taken from the whole. */
export async function trainTokenizer(
  documents: readonly Document[], { kind = 'bpe', maxBytes, ...options }: KindOptions & { kind?: TokenizerKind; maxBytes: number },
): Promise<{ tokenizer: Tokenizer; bytes: number }> {
  const total = documents.reduce((sum, { text }) => sum + text.length, 0);
  const share = Math.min(1, maxBytes / total);
  let bytes = 0;
  function* chosen(): Generator<string> {
    let passed = 0;
    for (const { text } of documents) {
      // Taken whenever less than its share has been so far: spread evenly, whatever the lengths.
      if (bytes <= passed * share) {
        bytes += text.length;
        yield text;
      }
      passed += text.length;
    }
  }
  const tokenizer = await TOKENIZER_KINDS[kind](chosen(), options);
  return { tokenizer, bytes };
}

/** The ids of all documents; of the validation documents as many as `validationBytes` allow. */
export function tokenize(
  { train, validation, sha256, ledger }: ReadText, tokenizer: Tokenizer, { validationBytes }: Pick<RunSettings['data'], 'validationBytes'>,
): { train: TokenStore; validation: TokenStore; data: RunData; heldOut: string } {
  const learned = growingStore();
  for (const { text } of train) learned.add(tokenizer.encode(text));
  const scored = growingStore();
  const parts: string[] = [];
  let bytes = 0;
  for (const { text } of validation) {
    const size = new TextEncoder().encode(text).length;
    if (bytes > 0 && bytes + size > validationBytes) continue;
    bytes += size;
    parts.push(text);
    scored.add(tokenizer.encode(text));
  }
  return {
    train: learned.finish(),
    validation: scored.finish(),
    heldOut: parts.join(''),
    data: {
      sha256, documents: ledger.out.documents, bytes: ledger.out.bytes, trainDocuments: train.length, trainTokens: learned.tokens,
      validationDocuments: parts.length, validationTokens: scored.tokens, validationBytes: bytes,
    },
  };
}

/** The longest tokens show at a glance what a tokenizer has seen. */
export function tokenizerFacts(tokenizer: Tokenizer, { trainedOnBytes, bytesPerToken }: { trainedOnBytes: number; bytesPerToken: number }): DataReport['tokenizer'] {
  const tokens = Array.from({ length: tokenizer.size }, (_, id) => tokenizer.decode([id])).filter((token) => /\p{L}/u.test(token) && token !== END_OF_TEXT);
  return { size: tokenizer.size, trainedOnBytes, bytesPerToken, longest: tokens.sort((a, b) => b.length - a.length).slice(0, 24) };
}

/** One line about the text, for the terminal. */
export function textSummary({ trainDocuments, trainTokens, validationDocuments, validationBytes }: RunData): string {
  return `${count(trainDocuments)} documents to train on (${short(trainTokens)} tokens), ${count(validationDocuments)} held out (${short(validationBytes)} bytes)`;
}


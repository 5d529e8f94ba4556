import { resolve } from 'node:path';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { CausalBatch, PackedRows } from '@llm/pretrain';
import { encodeExample, type Example, messagesOf, padded, type RawExample, readExamples, type Row, splitExamples } from '@llm/sft';
import { count } from '../cli/format.ts';
import { UsageError } from '../cli/cli-error.ts';
import { FILTER_SETS } from '../corpus/filters.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { growingStore, readTokens, type TokenStore } from '../corpus/token-store.ts';
import { findFolder } from '../train/open-run.ts';
import { runPaths } from '../train/run-paths.ts';
import { packStore, textEnds, validationBatches } from '../train/training-batches.ts';
import type { DistillOptions } from './distill-options.ts';
import { heldOut } from './held-out.ts';
import { readRecords } from './read-records.ts';
import type { StageContext } from './stage.ts';
import type { StageModel } from './stage-model.ts';

/** Records to learn from. */
export interface DistillRecords {
  /** Cut to their length, with their numbers, by which the teacher's cache knows them. */
  readonly examples: readonly Example[];
  readonly validation: readonly Row[];
  readonly asked: readonly RawExample[];
}

/** Running text to learn from. */
export interface DistillText {
  readonly rows: PackedRows;
  readonly validation: readonly CausalBatch[];
}

export interface DistillData {
  readonly records: DistillRecords | undefined;
  readonly text: DistillText | undefined;
  readonly hashes: Readonly<Record<string, string>>;
}

/** What the flags name: records, text, or both. */
export async function distillData(options: DistillOptions, stage: StageModel, context: StageContext): Promise<DistillData> {
  const { data, text } = options;
  if (data === undefined && text === undefined) throw new UsageError('llm distill: expected --data with files of records, --text with a run or with texts, or both, but found neither. See llm distill --help.');
  const records = data === undefined ? undefined : await recordsOf(options, stage, context);
  const running = text === undefined ? undefined : await textOf(options, stage, context);
  return { records: records?.records, text: running?.text, hashes: { ...records?.hashes, ...running?.hashes } };
}

async function recordsOf({ data, 'eval-data': evalData, 'eval-share': share, 'eval-answers': answers, 'max-length': wanted, seed }: DistillOptions, { model, tokenizer, template, eosId, bosId }: StageModel, { io, say }: StageContext): Promise<{ records: DistillRecords; hashes: Record<string, string> }> {
  const train = await readRecords(data!, io.cwd);
  const held = evalData === undefined ? undefined : await readRecords(evalData, io.cwd);
  const raw = readExamples(train.records);
  const split = held === undefined ? splitExamples(raw, { validationFraction: share, seed }) : { train: raw, validation: readExamples(held.records) };
  const maxLength = Math.min(wanted, model.shape.maxPositions);
  const encode = (example: RawExample): Example => {
    const talk = messagesOf(example).length > 0;
    const encoded = encodeExample(example, { tokenizer, template, eosId, ...(talk ? { assistantOnlyLoss: true } : {}) });
    if (talk || bosId === undefined || encoded.ids[0] === bosId) return encoded;
    return { ...encoded, ids: Int32Array.of(bosId, ...encoded.ids), weights: Float32Array.of(0, ...encoded.weights) };
  };
  const { rows, truncated, dropped } = padded(split.train.map(encode), { maxLength });
  if (truncated + dropped.length > 0) say(`Note: ${count(truncated)} examples are longer than ${maxLength} tokens and were cut; of ${count(dropped.length)} nothing to learn was left.`);
  return {
    records: { examples: rows.map(([example], index) => ({ ...example!, index })), validation: padded(split.validation.map(encode), { maxLength }).rows, asked: split.validation.slice(0, answers) },
    hashes: { data: train.sha256, ...(held === undefined ? {} : { 'eval-data': held.sha256 }) },
  };
}

async function textOf({ text, 'max-length': wanted, 'eval-share': share, 'eval-rows': most, batch, seed }: DistillOptions, { model, tokenizer, tokenizerJson }: StageModel, { io }: StageContext): Promise<{ text: DistillText; hashes: Record<string, string> }> {
  const ends = textEnds(model.config as { bosId?: number; eosIds?: readonly number[] });
  const length = Math.min(wanted, model.shape.maxPositions);
  const hash = createHash('sha256');
  const stores: { train: TokenStore; validation: TokenStore }[] = [];
  const files: string[] = [];
  for (const path of text!) {
    const { tokens, tokenizer: own } = runPaths(findFolder(path, io.cwd));
    if (!existsSync(tokens)) {
      files.push(path);
      continue;
    }
    if (readFileSync(own, 'utf8') !== tokenizerJson) throw new UsageError(`llm distill: expected --text to be a run with the teacher's tokenizer but found another in ${path}. Name the texts themselves.`);
    const { train, validation } = await readTokens(tokens, ['train', 'validation']);
    hash.update(new Uint8Array(train!.ids.buffer)).update(new Uint8Array(validation!.ids.buffer));
    stores.push({ train: train!, validation: validation! });
  }
  if (files.length > 0) {
    const documents: string[] = [];
    for await (const { text: each } of readCorpus({ paths: files.map((file) => resolve(io.cwd, file)), filters: FILTER_SETS['none']!, cwd: io.cwd, signal: io.stop }).documents) documents.push(each);
    for (const each of documents) hash.update(each);
    const { train, validation } = heldOut(documents, { share, seed });
    const storeOf = (some: readonly string[]): TokenStore => {
      const store = growingStore();
      for (const each of some) store.add(tokenizer.encode(each));
      return store.finish();
    };
    stores.push({ train: storeOf(train), validation: storeOf(validation) });
  }
  const [first, ...others] = stores;
  const join = (side: 'train' | 'validation'): TokenStore => others.reduce((all, each) => joined(all, each[side]), first![side]);
  const rows = packStore(join('train'), { length, ...ends });
  const validation = [...validationBatches(packStore(join('validation'), { length, ...ends }), { batch: Math.min(batch, 8), most })];
  if (rows.count < batch || validation.length === 0) throw new UsageError(`llm distill: expected --text with at least ${batch} rows of ${length} tokens, and some to hold out, but found ${rows.count}. Name more text, or lower --max-length or --batch.`);
  return { text: { rows, validation }, hashes: { text: hash.digest('hex') } };
}

function joined(a: TokenStore, b: TokenStore): TokenStore {
  const ids = new Int32Array(a.ids.length + b.ids.length);
  ids.set(a.ids);
  ids.set(b.ids, a.ids.length);
  return { ids, offsets: Uint32Array.from([...a.offsets, ...b.offsets.slice(1).map((offset) => offset + a.ids.length)]) };
}

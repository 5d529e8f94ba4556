import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createModel } from '@llm/model';
import type { Precision } from '@llm/tensor';
import { measurePeak } from '@llm/train';
import { type Tokenizer, tokenizerToText } from '@llm/tokenizer';
import { CliError, UsageError } from '../cli/cli-error.ts';
import { bytes, count, digits, duration, short } from '../cli/format.ts';
import { compressions } from '../corpus/compression.ts';
import type { FilterSet } from '../corpus/filters.ts';
import { type DataReport, readText, textSummary, tokenize, tokenizerFacts } from '../corpus/prepare-data.ts';
import { type Decision, readCorpus } from '../corpus/read-corpus.ts';
import { type TokenStore, writeTokens } from '../corpus/token-store.ts';
import type { PickedDevice } from '../device/pick-device.ts';
import { environment } from '../run/environment.ts';
import { replaceText } from '../run/replace-text.ts';
import { type RunRecord, type RunSettings, sha256, writeRun } from '../run/run-record.ts';
import { checkGiven, saveGiven } from './begin-with.ts';
import { calibrate } from './calibrate.ts';
import { checkMemory, memoryLimits } from './check-memory.ts';
import type { GivenOptions } from './given-weights.ts';
import { planSteps, type PlanStepsOptions } from './plan-steps.ts';
import { choosePrompts } from './prompts.ts';
import { runPaths } from './run-paths.ts';
import { endOf, makeTokenizer } from './run-tokenizer.ts';
import { configOf, type SizePreset, sizesForText } from './sizes.ts';
import { batchesFrom, packStore, textEnds } from './training-batches.ts';

/** What was asked for; what is left out depends on the text and the machine. */
export interface CreateRunOptions {
  readonly folder: string;
  readonly name: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly onNotice: (text: string) => void;
  /** The device in use. */
  readonly device: PickedDevice;
  /** Default: the documentation of the installed packages. */
  readonly paths?: readonly string[] | undefined;
  readonly filters: FilterSet;
  readonly split: string;
  readonly tokenizerFile?: string | undefined;
  readonly vocabSize?: number | undefined;
  readonly size?: SizePreset | undefined;
  /** A parsed config.json; its vocabulary and end token become those of the tokenizer. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Weights to begin with: configuration and tokenizer are theirs. */
  readonly init?: GivenOptions | undefined;
  readonly steps?: number | undefined;
  readonly minutes?: number | undefined;
  readonly patience?: PlanStepsOptions['patience'];
  readonly batch?: number | undefined;
  readonly length?: number | undefined;
  readonly accumulate?: number | undefined;
  readonly lr?: number | undefined;
  readonly seed?: number | undefined;
  readonly evalEvery?: number | undefined;
  readonly sampleEvery?: number | undefined;
  readonly saveEvery?: number | undefined;
  readonly prompts?: readonly string[] | undefined;
  readonly checkpointed?: boolean | undefined;
  readonly precision?: Precision | undefined;
  readonly maxEpochs?: number | undefined;
}

export interface CreatedRun {
  readonly record: RunRecord;
  readonly tokenizer: Tokenizer;
  readonly stores: { readonly train: TokenStore; readonly validation: TokenStore };
}

const VALIDATION_SHARE = 0.04;
/** Of a small text more is held out, or chance would decide the figures. */
const SMALL_SHARE = 0.1;
const VALIDATION_BYTES = 200_000;
const TOKENIZER_BYTES = 4_000_000;
/** Given weights were trained already: rates that suit random ones would undo that. */
const GIVEN_LR = 5e-4;

/** Reads the text, trains or reads the tokenizer, decides every setting, and writes it all down; `run.json` comes last. */
export async function createRun(options: CreateRunOptions): Promise<CreatedRun> {
  const { folder, name, cwd, signal, onNotice, device, paths: dataPaths, filters, seed = 0, accumulate = 1, checkpointed = false, precision = 'f32' } = options;
  const paths = runPaths(folder);
  const given = options.init === undefined ? undefined : await checkGiven(options.init, options);
  await mkdir(dirname(paths.tokens), { recursive: true });
  const validationShare = dataPaths === undefined ? VALIDATION_SHARE : SMALL_SHARE;
  const decisions: Decision[] = [];
  const text = await readText(readCorpus({ paths: dataPaths, filters, cwd, signal, onDecision: (decision) => decisions.push(decision) }), { validationShare, seed });
  onNotice(`\nRead ${count(text.ledger.in.documents)} documents, filters "${filters.name}":\n\n${text.ledgerTable}\n`);

  const fitting = sizesForText(text.trainCharacters);
  const size = options.size ?? fitting.size;
  const { tokenizer, trainedOn } = given === undefined ? await makeTokenizer(text.train, { ...options, vocabSize: options.vocabSize ?? fitting.vocabSize, maxBytes: TOKENIZER_BYTES }) : { tokenizer: given.tokenizer, trainedOn: 0 };
  const { train, validation, data, heldOut } = tokenize(text, tokenizer, { validationBytes: VALIDATION_BYTES });
  const bytesPerToken = text.trainCharacters / data.trainTokens;
  onNotice(`Tokenizer: ${count(tokenizer.size)} tokens${trainedOn === 0 ? '' : `, trained on ${short(trainedOn)} characters`}; ${digits(bytesPerToken)} characters a token.`);
  onNotice(`Text: ${textSummary(data)}.`);

  const config = given?.config ?? configFor(tokenizer, { base: options.config, size, file: options.tokenizerFile });
  const model = createModel(config);
  const length = options.length ?? Math.min(size.length, model.shape.maxPositions);
  if (length > model.shape.maxPositions) throw new UsageError(`llm: expected --length of at most ${model.shape.maxPositions}, the context of the model, but found ${length}.`);
  const rows = packStore(train, { length, ...textEnds(model.config) });
  const batch = options.batch ?? Math.max(1, Math.min(size.batch, Math.floor(rows.count / 4)));
  if (rows.count < batch * accumulate) {
    throw new CliError('E_TOO_LITTLE_TEXT', `llm: expected text for at least one step of ${batch} × ${accumulate} rows of ${length} tokens, about ${count(batch * accumulate * length * bytesPerToken)} characters, but found ${rows.count} rows. Add text, or use a smaller --batch or --length.`);
  }
  checkMemory(model, { batch, length, checkpointed, accumulate }, memoryLimits(device));

  for (const note of device.notes) onNotice(`Note: ${note}`);
  onNotice(`Device: ${device.description}.`);
  const source = batchesFrom(rows, { batch, seed, drawn: 0 });
  const peakFlops = await measurePeak();
  const { secondsPerStep } = await calibrate(model, source, { accumulate, checkpointed, precision });
  signal.throwIfAborted();
  const plan = planSteps({
    steps: options.steps, patience: options.patience, ...(options.minutes === undefined ? {} : { seconds: 60 * options.minutes }), secondsPerStep,
    batchesPerEpoch: source.batchesPerEpoch / accumulate, maxEpochs: options.maxEpochs ?? 12,
    looksSeldom: device.name === 'webgpu', evalEvery: options.evalEvery, sampleEvery: options.sampleEvery, saveEvery: options.saveEvery,
  });

  const settings: RunSettings = {
    data: { paths: dataPaths === undefined ? null : [...dataPaths], filters: filters.name, validationShare, tokenizerBytes: TOKENIZER_BYTES, validationBytes: VALIDATION_BYTES },
    tokenizer: { vocabSize: tokenizer.size, split: options.split, file: given?.tokenizerFile ?? options.tokenizerFile ?? null },
    model: config,
    training: {
      steps: plan.steps, batch, length, accumulate, lr: options.lr ?? (given === undefined ? size.lr : GIVEN_LR), minRatio: 0.05, warmupSteps: plan.warmupSteps,
      beta1: 0.9, beta2: 0.95, weightDecay: 0.1, clipNorm: 1, seed, checkpointed, ...(precision === 'f32' ? {} : { precision }),
      evalEvery: plan.evalEvery, evalRows: 64, sampleEvery: plan.sampleEvery, saveEvery: plan.saveEvery,
    },
    samples: { prompts: [...(options.prompts ?? choosePrompts(dataPaths === undefined, text.validation))], maxTokens: 64, temperature: 0.7 },
  };
  const tokenizerText = tokenizerToText(tokenizer);
  const unsaved: RunRecord = {
    formatVersion: 1, name, createdAt: new Date().toISOString(), settings, data, tokenizerSha256: sha256(tokenizerText), tokenizerSize: tokenizer.size,
    environment: { ...environment() }, device: { name: device.name, description: device.description, threads: device.threads, peakFlops, ...(plan.readEvery === 1 ? {} : { readEvery: plan.readEvery }) },
  };
  const report: DataReport = {
    filters: { name: filters.name, description: filters.description, relaxed: filters.relaxed },
    ledger: text.ledger, examples: text.examples, compressions: compressions(heldOut),
    tokenizer: tokenizerFacts(tokenizer, { trainedOnBytes: trainedOn, bytesPerToken }),
  };
  await writeTokens(paths.tokens, { train, validation });
  await writeFile(paths.decisions, decisions.map((decision) => `${JSON.stringify(decision)}\n`).join(''));
  await replaceText(paths.dataReport, `${JSON.stringify(report, null, 1)}\n`);
  await replaceText(paths.tokenizer, tokenizerText);
  const record = options.init === undefined ? unsaved : await saveGiven(folder, unsaved, options.init);
  await writeRun(folder, record);

  const parameters = model.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  onNotice(`Model: ${model.config.modelType}, ${short(parameters)} parameters (${model.shape.layers} layers, ${model.shape.width} wide, ${bytes(4 * parameters)})${record.init === undefined ? '' : `, with the weights of ${record.init.folder}`}.`);
  const tokens = plan.steps * batch * accumulate * length;
  onNotice(`Plan: ${count(plan.steps)} steps of ${batch * accumulate} × ${length} tokens, ${short(tokens)} tokens (${digits(tokens / data.trainTokens)} times the text), about ${duration(plan.steps * secondsPerStep)}${plan.limitedBy === 'text' ? '; limited by the text, which more passes would only teach by heart' : ''}.`);
  return { record, tokenizer, stores: { train, validation } };
}

/** A configuration whose vocabulary and ends of text are those of the tokenizer. */
function configFor(tokenizer: Tokenizer, { base, size, file }: { base: CreateRunOptions['config']; size: SizePreset; file: string | undefined }): Record<string, unknown> {
  const endId = endOf(tokenizer, file);
  return { ...(base ?? configOf(size, { vocabSize: tokenizer.size, endId })), vocab_size: tokenizer.size, bos_token_id: endId, eos_token_id: endId };
}

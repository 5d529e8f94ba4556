import { mkdirSync } from 'node:fs';
import { createModel, flopsPerToken, type Model, type ModelConfig } from '@llm/model';
import { bitsPerByte, causalLoss, type Evaluation } from '@llm/pretrain';
import { deviceInUse, disposeTree, type Tree } from '@llm/tensor';
import { adamw, cosine, type Json, NonFiniteError, type Optimizer, type Progress, progressOf, startTraining, train, type TrainingState } from '@llm/train';
import { type FileSystem, resumeTraining, saveTraining } from '@llm/train/node';
import type { Tokenizer } from '@llm/tokenizer';
import { CliError } from '../cli/cli-error.ts';
import type { TokenStore } from '../corpus/token-store.ts';
import { finite, type MetricsLine, openMetrics } from '../run/metrics-log.ts';
import type { RunRecord, RunSettings } from '../run/run-record.ts';
import { openEventFile } from '../tensorboard/event-file.ts';
import { watchBatches } from './bad-batches.ts';
import { boardEvent } from './board-event.ts';
import { lossBehind, lostError, unlessLost } from './lost-device.ts';
import { memoryError, ranOutOfMemory } from './out-of-memory.ts';
import { runPaths } from './run-paths.ts';
import { runSamples } from './run-samples.ts';
import { tokenBytes } from './token-bytes.ts';
import { batchesFrom, packStore, textEnds, validationBatches } from './training-batches.ts';

/** What is told of a run while it goes on. */
export interface RunEvents {
  /** After every step. */
  readonly onStep?: (line: MetricsLine, progress: Progress) => void;
  /** Whatever a person should know: a resume, a save that failed, a step left out. */
  readonly onNotice?: (text: string) => void;
  /** After samples were written. */
  readonly onSamples?: (line: MetricsLine) => void;
}

export interface TrainRunOptions extends RunEvents {
  readonly folder: string;
  readonly record: RunRecord;
  readonly tokenizer: Tokenizer;
  readonly stores: { readonly train: TokenStore; readonly validation: TokenStore };
  /** Ends the run after the step under way, with a checkpoint. */
  readonly signal: AbortSignal;
  readonly fs?: FileSystem;
}

export interface TrainedRun {
  readonly finished: boolean;
  readonly model: Model<ModelConfig>;
  readonly params: Tree;
  readonly state: TrainingState;
  readonly lines: readonly MetricsLine[];
  /** On all held-out text, where the run is finished. */
  readonly evaluation: Evaluation | undefined;
}

/** What must be the same for a run to go on; paths are left out, since the same text from elsewhere is the same run. */
export function runConfig({ settings: { model, training }, data: { sha256: data }, tokenizerSha256: tokenizer, init }: RunRecord): Json {
  return { model: model as Json, training, data, tokenizer, ...(init === undefined ? {} : { init: init.sha256 }) };
}

/** The optimizer that the settings describe. */
export function optimizerOf({ lr, warmupSteps, steps, minRatio, beta1, beta2, weightDecay }: RunSettings['training']): Optimizer {
  return adamw({ lr: cosine(lr, { warmupSteps, steps, minRatio }), beta1, beta2, weightDecay });
}

/**
 * Trains a run from its newest checkpoint, or from the beginning, to its last step or to the signal. Everything that decides
 * the result is in `record`, so a run that was killed anywhere ends with the same bits as one that was not.
 */
export async function trainRun({ folder, record, tokenizer, stores, signal, fs, onStep, onNotice, onSamples }: TrainRunOptions): Promise<TrainedRun> {
  const paths = runPaths(folder);
  const { training, samples } = record.settings;
  const model = createModel(record.settings.model);
  const ends = textEnds(model.config);
  const rows = packStore(stores.train, { length: training.length, ...ends });
  const held = packStore(stores.validation, { length: training.length, ...ends });
  const bytes = tokenBytes(tokenizer);
  const optimizer = optimizerOf(training);

  const config = runConfig(record);
  const params = model.init(training.seed);
  const restored = await resumeTraining(folder, { params, optimizer, config, ...(fs === undefined ? {} : { fs }) });
  for (const { path, why } of restored?.skipped ?? []) onNotice?.(`Passed over ${path}: ${why}`);
  if (restored === undefined && record.init !== undefined) {
    disposeTree(params);
    throw new CliError('E_NO_CHECKPOINT', `llm: expected a checkpoint of a run that began with the weights of ${record.init.folder} but found none in ${folder}. Begin again with --fresh --init.`);
  }
  if (restored !== undefined && restored.step > 0) onNotice?.(`Resuming at step ${restored.step} of ${training.steps}.`);
  const state = restored?.state ?? startTraining(params, optimizer);
  const progress = progressOf({
    steps: training.steps, flopsPerToken: flopsPerToken(model, { length: training.length }).training,
    ...(record.device.peakFlops === null ? {} : { peakFlops: record.device.peakFlops }),
  });

  mkdirSync(folder, { recursive: true });
  const metrics = openMetrics(paths.metrics, { from: state.step });
  const board = openEventFile(paths.tensorboard, { events: metrics.kept.map(boardEvent) });
  const lines: MetricsLine[] = [...metrics.kept];
  const drawn = state.step * training.accumulate;
  const watch = watchBatches(batchesFrom(rows, { batch: training.batch, seed: training.seed, drawn }), { path: paths.badBatch, accumulate: training.accumulate, drawn });
  const evaluate = (most?: number): Promise<Evaluation> =>
    bitsPerByte(model, params, { batches: validationBatches(held, { batch: training.batch, ...(most === undefined ? {} : { most }) }), tokenBytes: bytes });

  /** `must`: the process ends after this, so a failure is tried again at once until it is an error. */
  const save = async ({ must }: { must: boolean }): Promise<void> => {
    for (;;) {
      const { path, problems } = await saveTraining(folder, { params, state, config, ...(fs === undefined ? {} : { fs }) });
      for (const problem of problems) onNotice?.(`Checkpoint: ${problem}`);
      if (path !== undefined || !must) return;
    }
  };

  // Several steps between two looks, where the run goes on at the beginning of such a round.
  const { readEvery: round = 1 } = record.device;
  const readEvery = deviceInUse() === 'webgpu' && state.step % round === 0 ? round : 1;

  try {
    // After a round of several steps it would be too late for a look at the first.
    const beginning = state.step === 0 && readEvery > 1 ? await evaluate(training.evalRows) : undefined;
    const steps = train({
      params, loss: causalLoss(model, { checkpointed: training.checkpointed }), batches: watch.batches, optimizer, state,
      steps: training.steps, accumulate: training.accumulate, clipNorm: training.clipNorm, seed: training.seed, compile: true, readEvery, precision: training.precision ?? 'f32',
    });
    for await (const step of steps) {
      watch.stepDone(step.index, step.skipped);
      if (step.skipped !== undefined) onNotice?.(`Step ${step.index + 1}: ${step.skipped}; its update was left out.`);
      const done = step.index + 1;
      const last = done === training.steps;
      // Parameters are those after the last step of a round.
      const between = done === state.step;
      const looks = between && (last || done === 1 || done % training.evalEvery === 0);
      const speaks = Number.isFinite(step.loss);
      const onLost = (): void => onNotice?.(`Step ${done}: the graphics card was lost after it, so the figures or samples that were due are missing.`);
      const found = done === 1 && beginning !== undefined ? beginning : looks && speaks ? await unlessLost(() => evaluate(training.evalRows), onLost) : undefined;
      const written = between && speaks && (last || done % training.sampleEvery === 0) ? await unlessLost(() => runSamples({ model, params, tokenizer, bosId: ends.bosId }, samples), onLost) ?? [] : [];
      const line: MetricsLine = {
        step: step.index, time: Math.max(Date.now() / 1000, lines.at(-1)?.time ?? 0), loss: finite(step.loss), lr: step.lr, grad_norm: finite(step.gradNorm),
        tokens: step.tokens, seconds: step.seconds, tokens_per_second: step.tokensPerSecond,
        ...(step.skipped === undefined ? {} : { skipped: step.skipped }),
        ...(found === undefined ? {} : { val_loss: found.loss, val_bits_per_byte: found.bitsPerByte }),
        ...(written.length === 0 ? {} : { samples: written }),
      };
      lines.push(line);
      metrics.write(line);
      board.write(boardEvent(line));
      onStep?.(line, progress(step));
      if (written.length > 0) onSamples?.(line);
      // Signals are heard between steps only.
      await new Promise((resolve) => setImmediate(resolve));
      const stopping = between && signal.aborted && !last;
      const good = step.skipped === undefined;
      if (good && between && (stopping || last || done % training.saveEvery === 0)) await save({ must: stopping || last });
      if (stopping) return { finished: false, model, params, state, lines, evaluation: undefined };
    }
    return { finished: true, model, params, state, lines, evaluation: await evaluate() };
  } catch (error) {
    disposeTree(params);
    disposeTree(state.optimizer);
    if (error instanceof NonFiniteError) {
      throw new CliError(error.code, `${error.message} The tokens of these steps are in ${paths.badBatch}; the last good checkpoints are kept.`, { cause: error });
    }
    if (ranOutOfMemory(error)) throw memoryError(error, { step: state.step });
    const loss = lossBehind(error);
    if (loss !== undefined) throw lostError(loss, { step: state.step });
    throw error;
  } finally {
    for (const [name, file] of [['metrics.jsonl', metrics], ['TensorBoard events', board]] as const) {
      file.close();
      if (file.problem !== undefined) onNotice?.(`Not everything could be written to ${name}: ${file.problem}.`);
    }
  }
}

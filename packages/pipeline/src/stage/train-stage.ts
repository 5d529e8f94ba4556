import { countParameters } from '@llm/tensor';
import { type Counted, type Json, NonFiniteError, type Progress, progressOf, startTraining, train } from '@llm/train';
import { type FileSystem, resumeTraining, saveTraining } from '@llm/train/node';
import { CliError } from '../cli/cli-error.ts';
import { finite, type MetricsLine, openMetrics } from '../run/metrics-log.ts';
import { openEventFile } from '../tensorboard/event-file.ts';
import { boardEvent } from '../train/board-event.ts';
import { lossBehind, lostError } from '../train/lost-device.ts';
import { memoryError, ranOutOfMemory } from '../train/out-of-memory.ts';
import { runPaths } from '../train/run-paths.ts';
import type { Stage } from './stage.ts';
import { type Figures, type StageRecord, writeStage } from './stage-record.ts';
import { trainedTree } from './trained-tree.ts';

export interface TrainStageOptions<B extends Counted> {
  readonly folder: string;
  readonly record: StageRecord;
  readonly stage: Stage<B>;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  readonly onStep: (line: MetricsLine, progress: Progress) => void;
  readonly fs?: FileSystem;
}

export interface TrainedStage {
  readonly finished: boolean;
  readonly step: number;
  /** With the figures before the first step. */
  readonly record: StageRecord;
  readonly lines: readonly MetricsLine[];
  /** On held-out items after the last step, where the stage is finished. */
  readonly after: Figures | undefined;
  readonly trained: number;
}

/**
 * Trains a stage from its newest checkpoint, or from the beginning, to its last step or to the signal. Checkpoints hold what is
 * trained and nothing else; a stage that was killed anywhere ends with the same bits as one that was not.
 */
export async function trainStage<B extends Counted>({ folder, record: given, stage, signal, say, onStep, fs }: TrainStageOptions<B>): Promise<TrainedStage> {
  const { params, optimizer, trainable = () => true, steps, accumulate, round = 1 } = stage;
  const paths = runPaths(folder);
  const trained = trainedTree(params, trainable);
  const disk = fs === undefined ? {} : { fs };
  const config = { stage: given.stage, inputs: given.inputs, options: given.options } as Json;
  const restored = await resumeTraining(folder, { params: trained, optimizer, config, ...disk });
  for (const { path, why } of restored?.skipped ?? []) say(`Passed over ${path}: ${why}`);
  if (restored !== undefined && restored.step > 0) say(`Resuming at step ${restored.step} of ${steps}.`);
  const state = restored?.state ?? startTraining(params, optimizer, { trainable });
  const progress = progressOf({ steps });
  const metrics = openMetrics(paths.metrics, { from: state.step });
  const board = openEventFile(paths.tensorboard, { events: metrics.kept.map(boardEvent) });
  const lines: MetricsLine[] = [...metrics.kept];
  const save = async ({ must }: { must: boolean }): Promise<void> => {
    for (;;) {
      const { path, problems } = await saveTraining(folder, { params: trained, state, config, ...disk });
      for (const problem of problems) say(`Checkpoint: ${problem}`);
      if (path !== undefined || !must) return;
    }
  };
  let record = given;
  const end = (finished: boolean, after?: Figures): TrainedStage => ({ finished, step: state.step, record, lines, after, trained: countParameters(trained) });
  try {
    if (record.before === undefined) {
      record = { ...record, before: await stage.evaluate() };
      await writeStage(folder, record);
    }
    let stopped: string | undefined;
    for await (const step of train({
      params, loss: stage.loss, batches: stage.batches(state.step * accumulate), optimizer, state, trainable, steps, accumulate, clipNorm: stage.clipNorm, seed: stage.seed,
    })) {
      if (step.skipped !== undefined) say(`Step ${step.index + 1}: ${step.skipped}; its update was left out.`);
      const done = step.index + 1;
      const last = done === steps;
      const looks = last || done % stage.evalEvery === 0;
      const found = looks ? await stage.evaluate() : undefined;
      const figures = { ...await stage.stepFigures?.(), ...found };
      const samples = looks ? await stage.samples?.() ?? [] : [];
      const line: MetricsLine = {
        step: step.index, time: Math.max(Date.now() / 1000, lines.at(-1)?.time ?? 0), loss: finite(step.loss), lr: step.lr, grad_norm: finite(step.gradNorm),
        tokens: step.tokens, seconds: step.seconds, tokens_per_second: step.tokensPerSecond,
        ...(step.skipped === undefined ? {} : { skipped: step.skipped }),
        ...(Object.keys(figures).length === 0 ? {} : { figures: Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, finite(value)])) }),
        ...(samples.length === 0 ? {} : { samples }),
      };
      lines.push(line);
      metrics.write(line);
      board.write(boardEvent(line));
      onStep(line, progress(step));
      stopped = found === undefined || last || done % round !== 0 ? undefined : stage.stop?.(found, done);
      // Signals are heard between steps only.
      await new Promise((resolve) => setImmediate(resolve));
      const between = done % round === 0;
      const stopping = signal.aborted && !last && between;
      const ends = last || stopped !== undefined;
      if (step.skipped === undefined && (stopping || ends || (between && done % stage.saveEvery === 0))) await save({ must: stopping || ends });
      if (stopped !== undefined) say(`Stopped after step ${done} of ${steps}: ${stopped}.`);
      if (stopping) return end(false);
      if (ends) break;
    }
    // Sampling was interrupted before there was a batch.
    if (stopped === undefined && state.step < steps && signal.aborted) {
      await save({ must: true });
      return end(false);
    }
    return end(true, await stage.evaluate());
  } catch (error) {
    if (error instanceof NonFiniteError) throw new CliError(error.code, `${error.message} The last good checkpoints are kept.`, { cause: error });
    if (ranOutOfMemory(error)) throw memoryError(error, { step: state.step });
    const loss = lossBehind(error);
    if (loss !== undefined) throw lostError(loss, { step: state.step });
    throw error;
  } finally {
    for (const tensor of Object.values(state.optimizer)) tensor.dispose();
    for (const [name, file] of [['metrics.jsonl', metrics], ['TensorBoard events', board]] as const) {
      file.close();
      if (file.problem !== undefined) say(`Not everything could be written to ${name}: ${file.problem}.`);
    }
  }
}

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeTree, flatten, memory, overwrite, useDevice } from '@llm/tensor';
import { type FileSystem, latestCheckpoint, nodeFs, saveTraining } from '@llm/train/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Stopped } from '../cli/stopped.ts';
import { createTinyRun } from '../fixtures/tiny-run.ts';
import { type MetricsLine, readMetrics } from '../run/metrics-log.ts';
import { readRun } from '../run/run-record.ts';
import { readTfRecords } from '../tensorboard/record.ts';
import { decodeEvent } from '../tensorboard/event.ts';
import type { CreatedRun } from './create-run.ts';
import { finishRun } from './finish-run.ts';
import { openRun } from './open-run.ts';
import { runConfig, trainRun, type TrainedRun, type TrainRunOptions } from './train-run.ts';

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llm-run-'));
  await useDevice();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = (): AbortSignal => new AbortController().signal;
const valuesOf = ({ params, state }: TrainedRun): Record<string, Uint8Array> => Object.fromEntries([...Object.entries(flatten(params)), ...Object.entries(state.optimizer)]
  .map(([name, each]) => [name, new Uint8Array((each.dataSync() as Float32Array).slice().buffer)]));
const timeless = (lines: readonly MetricsLine[]): object[] => lines.map(({ time, seconds, tokens_per_second, ...rest }) => rest);
const free = ({ params, state }: TrainedRun): void => {
  disposeTree(params);
  disposeTree(state.optimizer);
};

/** Trains until `steps` steps are done, then stops as after Ctrl-C. */
async function until(steps: number, run: CreatedRun & { folder: string }, options: Partial<TrainRunOptions> = {}): Promise<TrainedRun> {
  const controller = new AbortController();
  return trainRun({ ...run, signal: controller.signal, onStep: ({ step }) => { if (step + 1 === steps) controller.abort(new Stopped('SIGINT')); }, ...options });
}

test('stopped three times and gone on from the folder alone, a run ends with the same bits and the same log', async () => {
  const run = await createTinyRun(folder);
  const whole = await trainRun({ ...run, signal: never() });
  expect(whole.finished).toBe(true);
  const expected = valuesOf(whole);
  const metrics = timeless(readMetrics(join(run.folder, 'metrics.jsonl')));
  expect(metrics.map((line) => (line as MetricsLine).step)).toEqual(Array.from({ length: 12 }, (_, i) => i));
  expect(metrics.filter((line) => 'samples' in line).map((line) => (line as MetricsLine).step)).toEqual([5, 11]);
  free(whole);
  for (const name of readdirSync(run.folder)) if (/^step-|^metrics|^latest/.test(name)) rmSync(join(run.folder, name), { recursive: true });

  for (const steps of [1, 5, 6]) {
    const opened = { ...await openRun(run.folder, (await readRun(run.folder))!), folder: run.folder };
    const part = await until(steps, opened);
    expect(part).toMatchObject({ finished: false, state: { step: steps } });
    free(part);
  }
  const notices: string[] = [];
  const last = await trainRun({ folder: run.folder, ...await openRun(run.folder, (await readRun(run.folder))!), signal: never(), onNotice: (text) => notices.push(text) });
  expect(notices).toContain('Resuming at step 6 of 12.');
  expect(valuesOf(last)).toEqual(expected);
  expect(timeless(readMetrics(join(run.folder, 'metrics.jsonl')))).toEqual(metrics);
  const events = readdirSync(join(run.folder, 'tensorboard'));
  expect(events).toHaveLength(1);
  const records = readTfRecords(readFileSync(join(run.folder, 'tensorboard', events[0]!))).map(decodeEvent);
  expect(records.slice(1).map(({ step }) => step ?? 0)).toEqual(Array.from({ length: 12 }, (_, i) => i));
  free(last);
});

test('steps that were logged after the last checkpoint are done again and logged once; a torn line is no harm', async () => {
  const run = await createTinyRun(folder, { steps: 6 });
  const part = await until(4, run);
  free(part);
  const path = join(run.folder, 'metrics.jsonl');
  const torn = readFileSync(path, 'utf8');
  writeFileSync(path, `${torn}${torn.split('\n')[3]!.replace('"step":3', '"step":4')}\n{"step":5,"lo`);
  const last = await trainRun({ ...run, signal: never() });
  expect(readMetrics(path).map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
  free(last);
});

test('a finished run is a model folder that reads back to the bit, with a report; no tensor is left', async () => {
  const run = await createTinyRun(folder, { steps: 6 });
  const before = memory().tensors;
  const trained = await trainRun({ ...run, signal: never() });
  const { result } = await finishRun({ ...run, run: trained });
  free(trained);
  // Two models were made, the second to compare; each keeps its two rotation tables.
  expect(memory().tensors).toBe(before + 4);
  expect(result).toMatchObject({ steps: 6, reloadMaxDifference: 0 });
  expect(result!.evaluation.bytes).toBe(run.record.data.validationBytes);
  expect((await readRun(run.folder))!.result).toEqual(result);
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'report.html']) expect(existsSync(join(run.folder, name))).toBe(true);
});

describe('what goes wrong', () => {
  const broken = (fails: () => boolean): FileSystem => ({ ...nodeFs, create: (path) => (fails() ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) : nodeFs.create(path)) });

  test('a full disk costs a checkpoint, not the run', async () => {
    const run = await createTinyRun(folder);
    const notices: string[] = [];
    let saves = 0;
    const full = broken(() => saves === 1);
    const trained = await trainRun({ ...run, signal: never(), fs: full, onStep: ({ step }) => { saves = (step + 1) / 3; }, onNotice: (text) => notices.push(text) });
    expect(trained.finished).toBe(true);
    expect(notices.filter((text) => text.includes('ENOSPC'))).toHaveLength(1);
    free(trained);
  });

  test('a disk that stays full stops the run after three saves, with the last checkpoint whole', async () => {
    const run = await createTinyRun(folder, { steps: 15 });
    let fails = false;
    const trained = trainRun({ ...run, signal: never(), fs: broken(() => fails), onStep: ({ step }) => { fails = step >= 3; } });
    await expect(trained).rejects.toMatchObject({ code: 'E_SAVE' });
    await expect(trained).rejects.toThrow('3 in a row');
    expect((await latestCheckpoint(run.folder))!.step).toBe(3);
    expect(readMetrics(join(run.folder, 'metrics.jsonl')).at(-1)!.step).toBe(11);
  });

  test('values that are not finite stop the run, keep the finite checkpoints and write down the batch', async () => {
    const run = await createTinyRun(folder);
    const part = await until(6, run);
    part.state.step = 7;
    overwrite(flatten(part.params)['model.norm.weight']!, new Float32Array(16).fill(Number.NaN));
    await saveTraining(run.folder, { params: part.params, state: part.state, config: runConfig(run.record) });
    free(part);
    const before = memory().tensors;
    const notices: string[] = [];
    const failed = trainRun({ ...run, signal: never(), onNotice: (text) => notices.push(text) });
    await expect(failed).rejects.toMatchObject({ code: 'E_NON_FINITE', message: expect.stringContaining('bad-batch.json') as string });
    expect(memory().tensors).toBe(before + 2);
    expect(notices.filter((text) => text.includes('not finite'))).toHaveLength(3);
    const bad = JSON.parse(readFileSync(join(run.folder, 'bad-batch.json'), 'utf8')) as { steps: { step: number; batches: { number: number; rows: number[][] }[] }[] };
    expect(bad.steps.map(({ step }) => step)).toEqual([7, 8, 9]);
    expect(bad.steps[0]!.batches.map(({ number, rows }) => [number, rows.length, rows[0]!.length])).toEqual([[7, 2, 16]]);
    expect(readdirSync(run.folder).filter((name) => name.startsWith('step-')).sort()).toEqual(['step-6', 'step-7']);
    expect(readMetrics(join(run.folder, 'metrics.jsonl')).at(-1)).toMatchObject({ step: 9, loss: null, skipped: expect.stringContaining('not finite') as string });
  });

  test('other settings are refused by name', async () => {
    const run = await createTinyRun(folder);
    free(await until(3, run));
    const record = { ...run.record, settings: { ...run.record.settings, training: { ...run.record.settings.training, lr: 0.5 } } };
    await expect(trainRun({ ...run, record, signal: never() })).rejects.toMatchObject({ code: 'E_CONFIG_CHANGED', message: expect.stringContaining('training.lr: 0.5') as string });
  });
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askedDevices } from '@llm/kernels';
import { deviceInUse, disposeTree, flatten, GpuError } from '@llm/tensor';
import { latestCheckpoint } from '@llm/train/node';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Stopped } from '../cli/stopped.ts';
import { createTinyRun } from '../fixtures/tiny-run.ts';
import { type MetricsLine, readMetrics } from '../run/metrics-log.ts';
import { readRun } from '../run/run-record.ts';
import type { CreatedRun } from './create-run.ts';
import { finishRun } from './finish-run.ts';
import { openRun } from './open-run.ts';
import { trainRun, type TrainedRun, type TrainRunOptions } from './train-run.ts';

type TinyRun = CreatedRun & { readonly folder: string };
interface Card { device: GPUDevice; alloc: (bytes: number) => unknown; read: (memory: never) => unknown }
/** The graphics card in use, for tests that break it. */
const card = (): Card => (globalThis as unknown as { _tfengine: { backend: { gpu: Card } } })._tfengine.backend.gpu;

async function valuesOf({ params, state }: TrainedRun): Promise<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  for (const [name, each] of [...Object.entries(flatten(params)), ...Object.entries(state.optimizer)]) found[name] = new Uint8Array((await each.data()).slice().buffer);
  disposeTree(params);
  disposeTree(state.optimizer);
  return found;
}
const timeless = (lines: readonly MetricsLine[]): MetricsLine[] => lines.map((line) => ({ ...line, time: 0, seconds: 0, tokens_per_second: 0 }));
const logOf = (run: TinyRun): MetricsLine[] => timeless(readMetrics(join(run.folder, 'metrics.jsonl')));
const start = (run: TinyRun, options: Partial<TrainRunOptions> = {}): Promise<TrainedRun> => trainRun({ ...run, signal: new AbortController().signal, ...options });
/** The run with losses that are looked at once in four steps. */
function inRounds(run: TinyRun): TinyRun {
  const training = { ...run.record.settings.training, saveEvery: 4, sampleEvery: 8 };
  return { ...run, record: { ...run.record, settings: { ...run.record.settings, training }, device: { ...run.record.device, readEvery: 4 } } };
}

/** An imitation in software takes its time to compile, and compiles again after a loss. */
const PATIENCE_MS = 600_000;

describe.runIf(askedDevices().includes('webgpu'))('a run on a graphics card', { timeout: PATIENCE_MS }, () => {
  let folder: string;
  let run: TinyRun;
  /** A run that nothing disturbed; without samples, which would compile programs of their own. */
  let expected: Record<string, Uint8Array>;
  let log: MetricsLine[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llm-card-'));
    run = await createTinyRun(folder, { device: 'webgpu', prompts: [] });
    expected = await valuesOf(await start(run));
    log = logOf(run);
  }, PATIENCE_MS);
  beforeEach(() => {
    for (const name of readdirSync(run.folder)) if (/^step-|^metrics|^latest/.test(name)) rmSync(join(run.folder, name), { recursive: true });
  });
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

  test('names its device; stopped and gone on from its folder, it ends with the same bits and log, and reads back', async () => {
    expect(run.record.device).toMatchObject({ name: 'webgpu', threads: 1 });
    expect(log.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    const controller = new AbortController();
    const progress: number[] = [];
    const part = await start(run, {
      signal: controller.signal,
      onStep: ({ step }, { peakBytes }) => {
        progress.push(peakBytes);
        if (step === 4) controller.abort(new Stopped('SIGINT'));
      },
    });
    expect(part).toMatchObject({ finished: false, state: { step: 5 } });
    expect(progress.every((bytes) => bytes > 0)).toBe(true);
    await valuesOf(part);
    const last = await start({ ...await openRun(run.folder, (await readRun(run.folder))!), folder: run.folder });
    expect(deviceInUse()).toBe('webgpu');
    const { result } = await finishRun({ ...run, run: last });
    expect(result!.reloadMaxDifference).toBe(0);
    expect(result!.evaluation.loss).toBeLessThan(result!.initialLoss);
    expect(await valuesOf(last)).toEqual(expected);
    expect(logOf(run)).toEqual(log);
  });

  test('whose losses are looked at every fourth step has the same bits, looks and saves between rounds, and stops there', async () => {
    const rounds = inRounds(run);
    expect(await valuesOf(await start(rounds))).toEqual(expected);
    const found = logOf(rounds);
    expect(found.map(({ loss }) => loss)).toEqual(log.map(({ loss }) => loss));
    expect(found.filter((line) => line.val_loss !== undefined).map(({ step }) => step)).toEqual([0, 3, 7, 11]);
    for (const name of readdirSync(run.folder)) if (/^step-|^metrics|^latest/.test(name)) rmSync(join(run.folder, name), { recursive: true });
    const controller = new AbortController();
    const stopped = await start(rounds, { signal: controller.signal, onStep: ({ step }) => { if (step === 5) controller.abort(new Stopped('SIGINT')); } });
    expect(stopped).toMatchObject({ finished: false, state: { step: 8 } });
    expect((await latestCheckpoint(run.folder))!.step).toBe(8);
    await valuesOf(stopped);
  });

  test('whose card has no room left ends with what to do', async () => {
    const { alloc } = card();
    const full = (): never => { throw new GpuError('E_GPU_OUT_OF_MEMORY', 'expected 12 MiB on the graphics card but found no room.'); };
    const failing = start(run, { onStep: ({ step }) => { if (step === 4) card().alloc = full; } });
    await expect(failing.finally(() => { card().alloc = alloc; })).rejects.toMatchObject({ code: 'E_MEMORY', message: expect.stringMatching(/found that memory ran out\. The checkpoints are whole: .*\n.*--batch/) as string });
  });

  test('whose card is lost again and again ends with how to go on', async () => {
    const { read } = card();
    // Stands for a card that is gone whenever somebody looks, without compiling everything three times more.
    const lost = (): never => { throw new GpuError('E_GPU_LOST', 'expected the graphics card to stay but it was lost.'); };
    const failing = start(run, { onStep: ({ step }) => { if (step === 4) card().read = lost; } });
    await expect(failing.finally(() => { card().read = read; })).rejects.toMatchObject({
      code: 'E_GPU_LOST', message: expect.stringMatching(/^llm: expected the graphics card to stay for step 6 but it was lost\..*--resume --device wasm.*\ntrain: .*lost 3 times in a row/) as string,
    });
    expect((await latestCheckpoint(run.folder))!.step).toBe(3);
  });

  test('goes on with the same bits after the card was lost between two steps', async () => {
    const notices: string[] = [];
    const found = await start(run, { onNotice: (text) => notices.push(text), onStep: ({ step }) => { if (step === 5) card().device.destroy(); } });
    expect(await valuesOf(found)).toEqual(expected);
    expect(logOf(run).map(({ loss }) => loss)).toEqual(log.map(({ loss }) => loss));
    // The checkpoint that was due is left out, those after it are not.
    expect(notices).toEqual([expect.stringMatching(/^Checkpoint: .*step-6/)]);
    expect((await latestCheckpoint(run.folder))!.step).toBe(12);
  });
});

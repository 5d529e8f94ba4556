import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { div, dropout, memory, mul, square, sub, sum, type Tensor, tensor, useDevice } from '@llm/tensor';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adamw } from '../adamw.ts';
import { CheckpointError } from '../checkpoint/errors.ts';
import { type FileSystem, nodeFs } from '../checkpoint/file-system.ts';
import { sgd } from '../sgd.ts';
import { restoreTraining } from '../state.ts';
import { startTraining, type Step, train } from '../train.ts';
import type { LossContext, TrainingState } from '../training-state.ts';
import { resumeTraining, saveTraining } from './save-training.ts';

type Params = { w: Tensor; b: Tensor };
interface Batch { readonly x: number; readonly targetCount: number }

let run: string;
beforeEach(async () => { run = await mkdtemp(join(tmpdir(), 'run-')); });
afterEach(() => rm(run, { recursive: true, force: true }));

const start = (): Params => ({ w: tensor([0.5, -1, 2], [3, 1]), b: tensor([0.25]) });
const valuesOf = ({ w, b }: Params): number[] => [...w.dataSync(), ...b.dataSync()];
const optimizer = adamw({ lr: (step) => 0.01 / (step + 1), weightDecay: 0.1 });
const config = { lr: 0.01, model: { width: 3, layers: [1, 2] } };
/** A loss with chance in it: the seed must go on as it would have. */
const loss = ({ w, b }: Params, { x }: Batch, { denominator, seed }: LossContext): Tensor => div(
  sum(square(sub(mul(dropout(w, 0.3, { seed }), x), add1(b)))), denominator,
);
const add1 = (b: Tensor): Tensor => sub(b, -1);

function* batchesFrom(index: number): Generator<Batch> {
  for (let i = index; ; i++) yield { x: Math.sin(i), targetCount: 1 + (i % 3) };
}

async function steps(params: Params, { state, from = 0, until }: { state: TrainingState; from?: number; until: number }): Promise<Step[]> {
  const found: Step[] = [];
  for await (const step of train({ params, loss, batches: batchesFrom(from), optimizer, state, steps: until, accumulate: 2, seed: 9 })) found.push(step);
  return found;
}

describe.each(['cpu', 'wasm'] as const)('on %s', (device) => {
  beforeEach(async () => { await useDevice(device, { threads: 2 }); });

  test('N steps, saved, and M more in another tree are the same to the bit as N + M', async () => {
    const whole = start();
    const straight = startTraining(whole, optimizer);
    const all = await steps(whole, { state: straight, until: 11 });
    const before = start();
    const state = startTraining(before, optimizer);
    await steps(before, { state, until: 6 });
    await saveTraining(run, { params: before, state, data: { index: 12 }, config });

    const after: Params = { w: tensor([0, 0, 0], [3, 1]), b: tensor([0]) };
    const held = memory().tensors;
    const resumed = (await resumeTraining(run, { params: after, optimizer, config }))!;
    expect(memory().tensors).toBe(held + 4);
    expect(resumed).toMatchObject({ step: 6, data: { index: 12 }, config, changes: [], skipped: [] });
    expect(valuesOf(after)).toEqual(valuesOf(before));
    const rest = await steps(after, { state: resumed.state, from: (resumed.data as { index: number }).index, until: 11 });
    expect(valuesOf(after)).toEqual(valuesOf(whole));
    const facts = ({ index, loss, gradNorm, lr, tokens }: Step): object => ({ index, loss, gradNorm, lr, tokens });
    expect(rest.map(facts)).toEqual(all.slice(6).map(facts));
    for (const [name, moments] of Object.entries(straight.optimizer)) expect(resumed.state.optimizer[name]!.dataSync()).toEqual(moments.dataSync());
    expect(resumed.state.guard).toEqual(straight.guard);
  });
});

describe('resuming', () => {
  beforeEach(async () => { await useDevice('cpu'); });
  const saved = async (): Promise<void> => {
    const params = start();
    const state = startTraining(params, optimizer);
    await saveTraining(run, { params, state, config });
    state.step = 5;
    await saveTraining(run, { params, state, config });
  };

  test('a run that has saved nothing is no error', async () => {
    expect(await resumeTraining(run, { params: start(), optimizer })).toBeUndefined();
  });

  test('a changed configuration is refused by name, or reported where allowed; the order of keys is none', async () => {
    await saved();
    const changed = { model: { layers: [1, 3], width: 3 }, lr: 0.02 };
    const params = start();
    await expect(resumeTraining(run, { params, optimizer, config: changed })).rejects.toMatchObject({
      code: 'E_CONFIG_CHANGED', message: expect.stringContaining('2 changed: lr: 0.02, was 0.01; model.layers[1]: 3, was 2') as string,
    });
    const { changes } = (await resumeTraining(run, { params, optimizer, config: changed, allowConfigChange: true }))!;
    expect(changes).toEqual(['lr: 0.02, was 0.01', 'model.layers[1]: 3, was 2']);
    expect((await resumeTraining(run, { params, optimizer, config: { model: { layers: [1, 2], width: 3 }, lr: 0.01 } }))!.changes).toEqual([]);
    await expect(resumeTraining(run, { params, optimizer })).rejects.toMatchObject({ code: 'E_CONFIG_CHANGED' });
  });

  test.each<[string, { params?: Params; optimizer?: typeof optimizer; trainable?: (path: string) => boolean }, string]>([
    ['another shape', { params: { w: tensor([0, 0], [2, 1]), b: tensor([0]) } }, 'w has shape [3, 1], not [2, 1]'],
    ['another optimizer', { optimizer: sgd({ lr: 0.1 }) }, 'm/w is stored but not wanted'],
    ['another momentum', { optimizer: sgd({ lr: 0.1, momentum: 0.9 }) }, 'momentum/w is missing'],
    ['other trainable leaves', { trainable: (path) => path === 'w' }, 'm/b is stored but not wanted'],
  ])('%s is refused by name, and nothing is changed', async (_what, options, message) => {
    await saved();
    const params = options.params ?? { w: tensor([7, 7, 7], [3, 1]), b: tensor([7]) };
    const before = valuesOf(params);
    const held = memory().tensors;
    const resuming = resumeTraining(run, { params, optimizer, config, ...options });
    await expect(resuming).rejects.toThrow(message);
    await expect(resuming).rejects.toMatchObject({ code: 'E_STATE' });
    expect(valuesOf(params)).toEqual(before);
    expect(memory().tensors).toBe(held);
  });

  test('a damaged newest checkpoint is passed over, and said so', async () => {
    await saved();
    await truncate(join(run, 'step-5', 'optimizer.safetensors'), 20);
    const resumed = (await resumeTraining(run, { params: start(), optimizer, config }))!;
    expect(resumed.step).toBe(0);
    expect(resumed.skipped.map(({ path }) => path)).toEqual([join(run, 'step-5'), join(run, 'latest')]);
  });

  test('the folder is a model that others read, with the files that were given', async () => {
    const params = start();
    await saveTraining(run, { params, state: startTraining(params, optimizer), files: { 'config.json': '{}' } });
    expect((await readdir(join(run, 'step-0'))).toSorted()).toEqual(['config.json', 'manifest.json', 'model.safetensors', 'optimizer.safetensors', 'training.json']);
    const file = await readFile(join(run, 'step-0', 'model.safetensors'));
    expect(JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE())))).toMatchObject({ w: { dtype: 'F32', shape: [3, 1] }, b: { dtype: 'F32', shape: [1] } });
  });
});

describe.each(['ENOSPC', 'EIO', 'EROFS', 'EMFILE'])('a disk that says %s', (code) => {
  beforeEach(async () => { await useDevice('cpu'); });
  const broken: FileSystem = { ...nodeFs, create: () => Promise.reject(Object.assign(new Error(code), { code })) };

  test('does not stop training until the third save in a row, and leaves what was saved', async () => {
    const params = start();
    const state = startTraining(params, optimizer);
    await saveTraining(run, { params, state });
    state.step = 1;
    const first = await saveTraining(run, { params, state, fs: broken });
    expect(first).toMatchObject({ failures: 1, problems: [expect.stringContaining(code)] });
    expect(first.path).toBeUndefined();
    expect(await saveTraining(run, { params, state, fs: broken })).toMatchObject({ failures: 2 });
    expect(await saveTraining(run, { params, state })).toMatchObject({ failures: 0, path: join(run, 'step-1') });
    for (const failures of [1, 2]) expect(await saveTraining(run, { params, state, fs: broken })).toMatchObject({ failures });
    const third = saveTraining(run, { params, state, fs: broken });
    await expect(third).rejects.toThrow(CheckpointError);
    await expect(third).rejects.toThrow(`saveTraining: expected a save to succeed but found 3 in a row that failed`);
    expect((await readdir(run)).toSorted()).toEqual(['latest', 'step-0', 'step-1']);
    expect((await resumeTraining(run, { params, optimizer }))!.step).toBe(1);
  });
});

test('what is no training state is refused', async () => {
  await useDevice('cpu');
  const params = start();
  await saveTraining(run, { params, state: startTraining(params, optimizer), files: {} });
  const files = new Map<string, Uint8Array>();
  for (const name of await readdir(join(run, 'step-0'))) files.set(name, await readFile(join(run, 'step-0', name)));
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const refuses = (change: (files: Map<string, Uint8Array>) => void, message: string): void => {
    const copy = new Map(files);
    change(copy);
    expect(() => restoreTraining(copy, { params, optimizer })).toThrow(message);
  };
  refuses((copy) => copy.delete('training.json'), 'expected training.json but found');
  refuses((copy) => copy.delete('model.safetensors'), 'expected model.safetensors but found');
  refuses((copy) => copy.set('training.json', encode('{')), 'expected JSON in training.json');
  refuses((copy) => copy.set('training.json', encode('null')), 'expected format version 1');
  refuses((copy) => copy.set('training.json', encode('{"formatVersion":2}')), 'found 2. Read it with the version that wrote it');
  refuses((copy) => copy.set('training.json', encode('{"formatVersion":1,"step":-1,"tokens":0,"guard":{}}')), 'expected step, tokens and guard');
  refuses((copy) => copy.set('model.safetensors', encode('xxxxxxxxxxx')), 'expected a whole model.safetensors');
});

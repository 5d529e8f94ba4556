import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointError } from './errors.ts';
import { freeBytes } from './free-bytes.ts';
import { latestCheckpoint, loadCheckpoint } from './load-checkpoint.ts';
import { manifestText } from './manifest.ts';
import type { Json, Manifest } from './manifest.ts';
import { saveCheckpoint } from './save-checkpoint.ts';
import type { SaveOptions } from './save-checkpoint.ts';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'run-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

const save = (step: number, options: Partial<SaveOptions> = {}) => saveCheckpoint(run, { step, files: { 'w.bin': Uint8Array.of(step, 1, 2) }, ...options });
const steps = async (): Promise<string[]> => (await readdir(run)).filter((name) => name.startsWith('step-')).sort();

async function flipByte(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at]! ^= 1;
  await writeFile(path, bytes);
}

test('what is saved is loaded: bytes, streams, text, folders, empty files, meta', async () => {
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 5; i++) yield new Uint8Array(70_000).fill(i);
  }
  const { path, manifest, removed, problems } = await save(3, {
    files: { 'model/config.json': '{"a":"ü"}', 'model/deep/w.bin': stream(), empty: new Uint8Array(0) },
    meta: { seed: [1, 2], position: 0.1 }, configHash: 'abc',
  });
  expect([path, removed, problems]).toEqual([join(run, 'step-3'), [], []]);
  const loaded = await loadCheckpoint(path);
  expect(loaded.manifest).toEqual(manifest);
  expect(loaded.manifest).toMatchObject({ formatVersion: 1, step: 3, finite: true, configHash: 'abc', meta: { seed: [1, 2], position: 0.1 } });
  expect([...loaded.files.keys()].sort()).toEqual(['empty', 'model/config.json', 'model/deep/w.bin']);
  expect(new TextDecoder().decode(loaded.files.get('model/config.json'))).toBe('{"a":"ü"}');
  expect(loaded.files.get('model/deep/w.bin')!.length).toBe(350_000);
  expect(loaded.files.get('model/deep/w.bin')![349_999]).toBe(4);
  expect(loaded.files.get('empty')!.length).toBe(0);
  // printf abc | sha256sum
  const { manifest: abc } = await save(4, { files: { x: 'abc' } });
  expect(abc.files['x']).toEqual({ bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' });
  expect(await readFile(join(run, 'latest'), 'utf8')).toBe('step-4\n');
});

test('a run without checkpoints, or without a folder, has no latest', async () => {
  expect(await latestCheckpoint(run)).toBeUndefined();
  expect(await latestCheckpoint(join(run, 'none'))).toBeUndefined();
});

describe('a damaged newest checkpoint is passed over, and named', () => {
  beforeEach(async () => {
    await save(1);
    await save(2);
  });

  const damage: [string, (path: string) => Promise<unknown>, RegExp][] = [
    ['a flipped bit in a file', (path) => flipByte(join(path, 'w.bin'), 1), /bytes of sha256 .* but found others/],
    ['a flipped bit in the manifest', (path) => flipByte(join(path, 'manifest.json'), 90), /manifest/],
    ['a cut manifest', (path) => truncate(join(path, 'manifest.json'), 50), /text that is cut or no JSON/],
    ['an empty manifest', (path) => truncate(join(path, 'manifest.json'), 0), /text that is cut or no JSON/],
    ['no manifest', (path) => rm(join(path, 'manifest.json')), /found ENOENT. The save was not finished/],
    ['a manifest of another shape', (path) => writeFile(join(path, 'manifest.json'), '[null]'), /differs from its hash/],
    ['a cut file', (path) => truncate(join(path, 'w.bin'), 2), /expected 3 bytes at .* but found 2/],
    ['a longer file', (path) => writeFile(join(path, 'w.bin'), '12345'), /expected 3 bytes at .* but found 5/],
    ['a missing file', (path) => rm(join(path, 'w.bin')), /found ENOENT/],
    ['a folder in place of a file', async (path) => { await rm(join(path, 'w.bin')); await mkdir(join(path, 'w.bin')); }, /./],
    ['a dangling link', async (path) => { await rm(join(path, 'w.bin')); await symlink('/nowhere/at/all', join(path, 'w.bin')); }, /ENOENT/],
  ];
  test.each(damage)('%s', async (_, harm, why) => {
    await harm(join(run, 'step-2'));
    const latest = await latestCheckpoint(run);
    expect(latest!.step).toBe(1);
    expect(latest!.skipped[0]).toEqual({ path: join(run, 'step-2'), why: expect.stringMatching(why) as string });
    await expect(loadCheckpoint(join(run, 'step-2'))).rejects.toBeInstanceOf(CheckpointError);
  });

  test('by a file that a manifest places outside the checkpoint', async () => {
    const manifest: Manifest = { formatVersion: 1, step: 2, sequence: 9, finite: true, configHash: '', files: { '../../x': { bytes: 1, sha256: '' } }, meta: {} };
    await writeFile(join(run, 'step-2', 'manifest.json'), manifestText(manifest));
    expect((await latestCheckpoint(run))!.skipped[0]!.why).toMatch(/file name inside the checkpoint but found "..\/..\/x"/);
  });

  test('or by a later version of the format', async () => {
    const manifest: Manifest = { formatVersion: 2, step: 2, sequence: 9, finite: true, configHash: '', files: {}, meta: {} };
    await writeFile(join(run, 'step-2', 'manifest.json'), manifestText(manifest));
    expect((await latestCheckpoint(run))!.skipped[0]!.why).toMatch(/expected format version 1 at .* but found 2. Read it with the version that wrote it/);
  });
});

test('a run in which every checkpoint is damaged is not silently begun anew', async () => {
  await save(1);
  await flipByte(join(run, 'step-1', 'w.bin'), 0);
  await expect(latestCheckpoint(run)).rejects.toMatchObject({ code: 'E_NONE_WHOLE', message: expect.stringMatching(/only damaged ones. Move them away to start anew.\n.*step-1: .*sha256/) as string });
});

test.each(['', 'step-9\n', 'ste', '../../etc\n'])('the pointer %j is not followed, and told', async (text) => {
  await save(1);
  await save(2);
  await writeFile(join(run, 'latest'), text);
  expect(await latestCheckpoint(run)).toMatchObject({ step: 2, skipped: [{ path: join(run, 'latest'), why: `it names ${JSON.stringify(text.trim())}, not step-2` }] });
});

describe('older checkpoints', () => {
  test('are removed but for the newest two, or as many as asked', async () => {
    for (const step of [1, 2, 3]) await save(step);
    expect(await steps()).toEqual(['step-2', 'step-3']);
    for (const step of [4, 5]) await save(step, { keep: 3 });
    expect(await steps()).toEqual(['step-3', 'step-4', 'step-5']);
    const { removed } = await save(6);
    expect([...removed].sort()).toEqual([join(run, 'step-3'), join(run, 'step-4')]);
  });

  test('that are finite outlive any number that are not', async () => {
    await save(1);
    await save(2);
    for (let step = 3; step < 9; step++) await save(step, { finite: false });
    expect(await steps()).toEqual(['step-1', 'step-2', 'step-7', 'step-8']);
    await save(9);
    expect(await steps()).toEqual(['step-2', 'step-8', 'step-9']);
  });

  test('that are damaged are told and left, and save no whole one its place', async () => {
    await save(1);
    await save(2);
    await rm(join(run, 'step-2', 'w.bin'));
    const { problems } = await save(3);
    expect(problems).toEqual([expect.stringMatching(/damaged checkpoint .*step-2: .*ENOENT/)]);
    expect(await steps()).toEqual(['step-1', 'step-2', 'step-3']);
  });

  test('are told apart by when they were saved: after going back, the new branch wins', async () => {
    for (const step of [10, 20, 30]) await save(step, { keep: 4 });
    await save(15, { keep: 2 });
    expect((await latestCheckpoint(run))!.step).toBe(15);
    expect(await steps()).toEqual(['step-15', 'step-30']);
  });
});

test('the same step again replaces the checkpoint', async () => {
  await save(1);
  await save(1, { files: { 'w.bin': Uint8Array.of(9) } });
  expect(await steps()).toEqual(['step-1']);
  expect([...(await loadCheckpoint(join(run, 'step-1'))).files.get('w.bin')!]).toEqual([9]);
});

test('what dead processes left is swept, what living ones write is not', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  for (const name of [`step-7.tmp-${dead}`, `step-7.tmp-${process.pid}`, `step-3.removed-${dead}`, `step-8.tmp-${process.ppid}`, 'step-x', 'notes']) {
    await mkdir(join(run, name));
    await writeFile(join(run, name, 'half'), 'x');
  }
  await save(9);
  expect((await readdir(run)).sort()).toEqual(['latest', 'notes', 'step-8.tmp-' + process.ppid, 'step-9', 'step-x']);
});

test('content that fails while it is saved leaves no trace', async () => {
  await save(1);
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw new Error('device lost');
  }
  await expect(save(2, { files: { x: broken() } })).rejects.toMatchObject({ code: 'E_SAVE', message: expect.stringMatching(/found device lost. Earlier checkpoints are untouched/) as string });
  expect((await readdir(run)).sort()).toEqual(['latest', 'step-1']);
});

test('two saves at once do not disturb each other; the same step twice at once is refused', async () => {
  await Promise.all([save(1), save(2)]);
  expect((await latestCheckpoint(run))!.skipped.filter(({ path }) => !path.endsWith('latest'))).toEqual([]);
  expect(await steps()).toEqual(['step-1', 'step-2']);
  const [first, second] = await Promise.allSettled([save(3), save(3)]);
  expect([first!.status, second!.status]).toEqual(['fulfilled', 'rejected']);
});

test('arguments that cannot be stored are refused before anything is written', async () => {
  for (const step of [-1, 0.5, NaN, 2 ** 53]) await expect(save(step)).rejects.toThrow(/expected a whole step >= 0/);
  for (const keep of [1, 0, 2.5]) await expect(save(1, { keep })).rejects.toThrow(/expected keep >= 2 but found/);
  for (const name of ['../x', '/x', 'a//b', 'a/./b', '', 'a\\b', 'C:x', 'manifest.json', 'a\0']) {
    await expect(save(1, { files: { [name]: '' } })).rejects.toThrow(/file name inside the checkpoint but found/);
  }
  const lossy: unknown[] = [NaN, Infinity, -0, new Float32Array(1), new Map(), 1n];
  for (const value of lossy) await expect(save(1, { meta: { deep: [value as Json] } })).rejects.toThrow(/meta that JSON keeps as it is but found .* at "0"/);
  expect(await readdir(run)).toEqual([]);
});

test('free bytes are those of the disk, also for a folder to come', async () => {
  const bytes = await freeBytes(run);
  expect(bytes).toBeGreaterThan(0);
  expect(await freeBytes(join(run, 'to', 'come'))).toBeGreaterThan(0);
});

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { FileSystem } from './file-system.ts';
import { latestCheckpoint, loadCheckpoint } from './load-checkpoint.ts';
import { saveCheckpoint } from './save-checkpoint.ts';
import { disk, folder, rebooted } from './simulated-disk.ts';
import type { Folder } from './simulated-disk.ts';

/** The same seed, the same survivors. */
function chance(seed: number): () => boolean {
  let draws = 0;
  return () => createHash('sha256').update(`${seed} ${draws++}`).digest()[0]! % 2 === 0;
}

const content = (step: number, version = 0): Record<string, Uint8Array> => ({
  'model.safetensors': new Uint8Array(100).fill(step + version),
  'state/optimizer.bin': new Uint8Array(60).fill(step + version + 1),
});
const save = (fs: FileSystem, step: number, version = 0) => saveCheckpoint('/run', { step, files: content(step, version), meta: { version }, fs });

/** The scenes: what is on the disk before, and the save that is hit. */
const scenes: { name: string; before: number[]; step: number; version: number; kinds: string[] }[] = [
  { name: 'the third checkpoint, which removes the first', before: [1, 2], step: 3, version: 0, kinds: ['EIO', 'ENOSPC', 'EROFS', 'EMFILE'] },
  { name: 'the same step again', before: [1, 2], step: 2, version: 50, kinds: ['EIO'] },
  { name: 'the same step again, the only one', before: [2], step: 2, version: 50, kinds: ['ENOSPC'] },
];

const images = new Map<string, Folder>();

/** A disk of its own with the checkpoints `before` on it. */
async function prepared(before: number[]): Promise<Folder> {
  let image = images.get(before.join());
  if (image === undefined) {
    image = folder();
    const fs = disk(image);
    for (const step of before) await save(fs, step);
    await fs.syncFolder('/run');
    images.set(before.join(), image);
  }
  return rebooted(image, () => true) as Folder;
}

/** Throws unless what the run resumes from is whole: the old checkpoint or the new one, with every byte of it. */
async function expectWhole(fs: FileSystem, { before, step, version }: (typeof scenes)[number]): Promise<{ isNew: boolean }> {
  const latest = (await latestCheckpoint('/run', { fs }))!;
  const isNew = latest.step === step && (latest.manifest.meta as { version: number }).version === version;
  expect(isNew || latest.step === Math.max(...before)).toBe(true);
  const { files } = await loadCheckpoint(latest.path, { fs });
  expect(Object.fromEntries(files)).toEqual(content(latest.step, isNew ? version : 0));
  return { isNew };
}

describe.each(scenes)('saving $name', (scene) => {
  test('survives a crash at every operation, whatever of the unsynced reached the disk', async () => {
    let points = 0;
    for (let at = 1; ; at++) {
      const root = await prepared(scene.before);
      const fs = disk(root, { fault: { kind: 'crash', at } });
      const outcome = await save(fs, scene.step, scene.version).then(() => 'done', () => 'failed');
      if (fs.calls() < at) {
        expect(outcome).toBe('done');
        break;
      }
      points++;
      const survivals = [() => false, () => true, ...Array.from({ length: 4 }, (_, i) => chance(at * 100 + i))];
      for (const survives of survivals) {
        const after = fs.reboot(survives);
        const { isNew } = await expectWhole(after, scene);
        if (outcome === 'done') expect(isNew).toBe(true); // what was reported saved is saved
        // The run goes on, and the next save leaves nothing half done behind.
        await save(after, 9);
        expect((await latestCheckpoint('/run', { fs: after }))!.step).toBe(9);
        expect(after.names('/run').filter((name) => /\.(?:tmp|removed|replaced)-/.test(name))).toEqual([]);
      }
    }
    expect(points).toBeGreaterThan(50);
  });

  test.each(scene.kinds)('survives %s at every operation, and can try again', async (kind) => {
    let points = 0;
    for (let at = 1; ; at++) {
      const fs = disk(await prepared(scene.before), { fault: { kind, at } });
      const outcome = await save(fs, scene.step, scene.version).catch((error: unknown) => error);
      if (fs.calls() < at) break;
      points++;
      if (outcome instanceof Error) {
        expect(outcome).toMatchObject({ name: 'CheckpointError', code: expect.stringMatching(/^E_(SAVE|VERIFY)$/) as string, message: expect.stringContaining(kind) as string });
        expect(fs.names('/run').filter((name) => name.includes('.tmp-'))).toEqual([]);
      }
      const { isNew } = await expectWhole(fs, scene);
      if (!(outcome instanceof Error)) expect(isNew).toBe(true);
      await save(fs, scene.step, scene.version);
      expect((await expectWhole(fs, scene)).isNew).toBe(true);
    }
    expect(points).toBeGreaterThan(50);
  });

  test.each(scene.kinds)('a disk that stays broken by %s from any operation on loses nothing', async (kind) => {
    for (let at = 1; ; at++) {
      const root = await prepared(scene.before);
      const fs = disk(root, { fault: { kind, at, sticky: true } });
      await save(fs, scene.step, scene.version).catch(() => {});
      if (fs.calls() < at) break;
      await expectWhole(disk(root), scene);
    }
  });

  test('a disk that is full at any byte leaves no temporary', async () => {
    const used = 2000; // more than the checkpoints before it take
    let refusals = 0;
    for (let capacityBytes = 0; capacityBytes < 2 * used; capacityBytes += 23) {
      const root = await prepared(scene.before);
      const fs = disk(root, { capacityBytes });
      const outcome = await save(fs, scene.step, scene.version).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        refusals++;
        expect(outcome.message).toMatch(/found ENOSPC. Earlier checkpoints are untouched. Free some space/);
      }
      expect(fs.names('/run').filter((name) => name.includes('.tmp-'))).toEqual([]);
      expect((await expectWhole(fs, scene)).isNew).toBe(!(outcome instanceof Error));
    }
    expect(refusals).toBeGreaterThan(10);
  });
});

test('a disk that lies about what it wrote is found out before anything older is removed', async () => {
  const root = await prepared([1, 2]);
  const honest = disk(root);
  const lying: FileSystem = { ...honest, create: async (path) => {
    const file = await honest.create(path);
    return { ...file, write: (bytes) => file.write(path.endsWith('optimizer.bin') ? bytes.map((byte) => byte ^ 1) : bytes) };
  } };
  await expect(save(lying, 3)).rejects.toMatchObject({ code: 'E_VERIFY', message: expect.stringMatching(/sha256 .* but found others/) as string });
  expect(honest.names('/run')).toEqual(['latest', 'step-1', 'step-2']);
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WritableTensor } from '../safetensors/write.ts';
import { writeSafetensors } from '../safetensors/write.ts';
import { readSafetensorsFile } from './safetensors-file.ts';
import { readShardedFolder, writeShardedFolder } from './sharded-folder.ts';
import { writeSafetensorsFile } from './write-safetensors-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const floats = (...values: number[]): WritableTensor => ({ dtype: 'F32', shape: [values.length], data: Float32Array.from(values) });

describe('one file', () => {
  test('is written and read back tensor by tensor', async () => {
    const path = join(folder, 'm.safetensors');
    await writeSafetensorsFile(path, [['a', floats(1, 2)], ['b', floats(3)], ['e', floats()]], { metadata: { format: 'pt', step: '7' } });
    expect(new Uint8Array(await readFile(path))).toEqual(writeSafetensors([['a', floats(1, 2)], ['b', floats(3)], ['e', floats()]], { metadata: { format: 'pt', step: '7' } }));
    const file = await readSafetensorsFile(path);
    expect(file.metadata.get('step')).toBe('7');
    expect(new Float32Array((await file.read('b')).data.buffer)).toEqual(Float32Array.of(3));
    expect((await file.read('e')).data.length).toBe(0);
    await expect(file.read('c')).rejects.toMatchObject({ code: 'E_NO_TENSOR', message: expect.stringMatching(/found "c". It holds "a", "b", "e"/) as string });
    await file.close();
    expect(await readdir(folder)).toEqual(['m.safetensors']);
  });

  test('that fails while it is written leaves the old one and no temporary', async () => {
    const path = join(folder, 'm.safetensors');
    await writeSafetensorsFile(path, [['a', floats(1)]]);
    const before = await readFile(path);
    const broken = { dtype: 'F32', shape: [1], data: () => Promise.reject(new Error('device lost')) } as const;
    await expect(writeSafetensorsFile(path, [['a', floats(2)], ['b', broken]])).rejects.toThrow('device lost');
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(['m.safetensors']);
  });

  test('of a process that died while writing is cleared away, of a living one is not', async () => {
    const path = join(folder, 'm.safetensors');
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    await writeFile(`${path}.tmp-${dead}`, 'half');
    await writeFile(`${path}.tmp-${process.ppid}`, 'at work');
    await writeSafetensorsFile(path, [['a', floats(1)]]);
    expect((await readdir(folder)).sort()).toEqual(['m.safetensors', `m.safetensors.tmp-${process.ppid}`]);
  });

  test('that is missing, a folder, a pipe, a pickle or damaged is refused with its path', async () => {
    await expect(readSafetensorsFile(join(folder, 'x.safetensors'))).rejects.toMatchObject({ code: 'E_NOT_FOUND', message: expect.stringMatching(/found ENOENT at .*x.safetensors/) as string });
    await expect(readSafetensorsFile(folder)).rejects.toMatchObject({ code: 'E_NOT_A_FILE' });
    for (const name of ['pytorch_model.bin', 'model.pt', 'last.ckpt']) {
      await expect(readSafetensorsFile(join(folder, name))).rejects.toMatchObject({ code: 'E_PICKLE', message: expect.stringMatching(/Convert it to safetensors/) as string });
    }
    const path = join(folder, 'm.safetensors');
    await writeFile(path, 'abc');
    await expect(readSafetensorsFile(path)).rejects.toMatchObject({ code: 'E_HEADER_TOO_SMALL', message: expect.stringContaining(path) as string });
    await writeFile(path, Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0, 8, 8, 8, 8]));
    await expect(readSafetensorsFile(path)).rejects.toMatchObject({ code: 'E_PICKLE' });
    await writeFile(path, new Uint8Array(64).fill(255));
    await expect(readSafetensorsFile(path)).rejects.toMatchObject({ code: 'E_HEADER_TOO_LARGE' });
  });

  test.skipIf(process.platform === 'win32')('that is a pipe is refused without waiting for it', async () => {
    const pipe = join(folder, 'p.safetensors');
    execFileSync('mkfifo', [pipe]);
    await expect(readSafetensorsFile(pipe)).rejects.toMatchObject({ code: 'E_NOT_A_FILE' });
  });

  test('of more than 4 GiB is read beyond what 32 bits can count', async () => {
    const path = join(folder, 'large.safetensors');
    const [first, last] = [5 * 2 ** 30, 5 * 2 ** 30 + 4];
    const json = JSON.stringify({ a: { dtype: 'U8', shape: [first], data_offsets: [0, first] }, b: { dtype: 'F32', shape: [], data_offsets: [first, last] } });
    const handle = await open(path, 'w'); // sparse: the hole takes no room on the disk
    await handle.write(new Uint8Array(BigUint64Array.of(BigInt(json.length)).buffer), 0, 8, 0);
    await handle.write(json, 8);
    await handle.write(new Uint8Array(Float32Array.of(7).buffer), 0, 4, 8 + json.length + first);
    await handle.close();
    const file = await readSafetensorsFile(path);
    expect(new Float32Array((await file.read('b')).data.buffer)[0]).toBe(7);
    await file.close();
  });

  test('that is cut after it was opened is noticed when read', async () => {
    const path = join(folder, 'm.safetensors');
    await writeSafetensorsFile(path, [['a', floats(1, 2, 3)]]);
    const file = await readSafetensorsFile(path);
    await truncate(path, 100);
    await expect(file.read('a')).rejects.toMatchObject({ code: 'E_INCOMPLETE', message: expect.stringMatching(/was cut while it was read/) as string });
    await file.close();
  });
});

describe('a folder', () => {
  const model = [['a', floats(1, 2)], ['b', floats(3, 4)], ['c', floats(5)]] as const;

  test('of shards is written with its index and read as one source', async () => {
    const { fileNames, totalBytes } = await writeShardedFolder(folder, model, { maxShardBytes: 12 });
    expect(fileNames).toEqual(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'model.safetensors.index.json']);
    expect(totalBytes).toBe(20);
    const source = await readShardedFolder(folder);
    expect([...source.tensors.keys()].sort()).toEqual(['a', 'b', 'c']);
    expect(source.metadata.get('format')).toBe('pt');
    expect(new Float32Array((await source.read('b')).data.buffer)).toEqual(Float32Array.of(3, 4));
    await expect(source.read('d')).rejects.toMatchObject({ code: 'E_NO_TENSOR' });
    await source.close();
  });

  test('of one file needs no index, and leaves nothing of an earlier save behind', async () => {
    await writeShardedFolder(folder, model, { maxShardBytes: 8 });
    await writeFile(join(folder, 'other-00001-of-00002.safetensors'), '');
    expect((await writeShardedFolder(folder, model)).fileNames).toEqual(['model.safetensors']);
    expect((await readdir(folder)).sort()).toEqual(['model.safetensors', 'other-00001-of-00002.safetensors']);
    const source = await readShardedFolder(folder);
    expect(source.tensors.size).toBe(3);
    await source.close();
    await writeShardedFolder(folder, model, { maxShardBytes: 12 });
    expect(await readdir(folder)).not.toContain('model.safetensors');
  });

  test('with a shard missing or too many, or an index that leaves it, is refused', async () => {
    await writeShardedFolder(folder, model, { maxShardBytes: 12 });
    const extra = join(folder, 'model-00003-of-00003.safetensors');
    await writeFile(extra, '');
    await expect(readShardedFolder(folder)).rejects.toMatchObject({ code: 'E_SHARD_EXTRA', message: expect.stringMatching(/"model-00003-of-00003.safetensors" too/) as string });
    await rm(extra);
    await rm(join(folder, 'model-00002-of-00002.safetensors'));
    await expect(readShardedFolder(folder)).rejects.toMatchObject({ code: 'E_SHARD_MISSING', message: expect.stringMatching(/"model-00002-of-00002.safetensors"/) as string });
    await writeFile(join(folder, 'model.safetensors.index.json'), '{"weight_map":{"a":"../../etc/x.safetensors"}}');
    await expect(readShardedFolder(folder)).rejects.toMatchObject({ code: 'E_SHARD_NAME' });
  });

  test('with a tensor in two shards is refused', async () => {
    await writeShardedFolder(folder, model, { maxShardBytes: 12 });
    await writeSafetensorsFile(join(folder, 'model-00002-of-00002.safetensors'), [['a', floats(1)], ['b', floats(2)], ['c', floats(3)]]);
    await expect(readShardedFolder(folder)).rejects.toMatchObject({ code: 'E_SHARD_DUPLICATE' });
  });

  test('of pickles, of nothing, or that is none is refused', async () => {
    await expect(readShardedFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(readShardedFolder(folder)).rejects.toMatchObject({ code: 'E_NOT_FOUND', message: expect.stringMatching(/found neither/) as string });
    await writeFile(join(folder, 'pytorch_model.bin'), 'x');
    await expect(readShardedFolder(folder)).rejects.toMatchObject({ code: 'E_PICKLE', message: expect.stringMatching(/torch.load\("pytorch_model.bin"/) as string });
    await mkdir(join(folder, 'model.safetensors'));
    await expect(readShardedFolder(folder)).rejects.toMatchObject({ code: 'E_NOT_A_FILE' });
  });
});

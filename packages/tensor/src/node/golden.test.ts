import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { toFloat32 } from '../safetensors/convert.ts';
import { readSafetensors } from '../safetensors/read.ts';
import type { RawTensor } from '../safetensors/read.ts';
import { writeSafetensors } from '../safetensors/write.ts';
import { readShardedFolder, writeShardedFolder } from './sharded-folder.ts';

/** Files by the reference writer; `tests/golden/make-fixtures.py` makes them. */
const golden = fileURLToPath(new URL('../../../../tests/golden/', import.meta.url));

interface Described {
  readonly metadata: Record<string, string> | null;
  readonly tensors: Record<string, { dtype: string; shape: number[]; bytes: string; values: (number | string | boolean)[] }>;
}

const files = readdirSync(golden, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.safetensors')).sort();
const described = ['dtypes', 'shapes', 'no-tensors', 'no-metadata', 'mixed-sizes'];

test('there are files to compare with', () => {
  expect(files.length).toBeGreaterThan(20);
});

test.each(files)('%s is written again to the byte', (name) => {
  const bytes = new Uint8Array(readFileSync(join(golden, name)));
  const { tensors, metadata } = readSafetensors(bytes);
  const again = writeSafetensors(tensors, { metadata: Object.fromEntries(metadata) });
  expect(Buffer.compare(again, bytes)).toBe(0);
});

test.each(described)('%s holds the bytes and values that the reference reads', (name) => {
  const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(join(golden, 'safetensors', `${name}.safetensors`))));
  const expected = JSON.parse(readFileSync(join(golden, 'safetensors', `${name}.json`), 'utf8')) as Described;
  expect(Object.fromEntries(metadata)).toEqual(expected.metadata ?? {});
  expect([...tensors.keys()].sort()).toEqual(Object.keys(expected.tensors).sort());
  for (const [key, { dtype, shape, bytes, values }] of Object.entries(expected.tensors)) {
    const tensor = tensors.get(key)!;
    expect([tensor.dtype, tensor.shape, Buffer.from(tensor.data).toString('hex')]).toEqual([dtype, shape, bytes]);
    expect([...toFloat32(tensor)]).toEqual(values.map((value) => Math.fround(Number(value))));
  }
});

test('a model that transformers sharded is read by name, and one that we shard has the same tensors', async () => {
  const folder = join(golden, 'safetensors', 'sharded');
  const source = await readShardedFolder(folder);
  const index = JSON.parse(await readFile(join(folder, 'model.safetensors.index.json'), 'utf8')) as { weight_map: Record<string, string>; metadata: { total_size: number } };
  expect([...source.tensors.keys()].sort()).toEqual(Object.keys(index.weight_map).sort());
  const tensors: [string, RawTensor][] = [];
  for (const name of source.tensors.keys()) tensors.push([name, await source.read(name)]);
  await source.close();

  const ours = await mkdtemp(join(tmpdir(), 'sharded-'));
  try {
    const { totalBytes, fileNames } = await writeShardedFolder(ours, tensors, { maxShardBytes: 2000 });
    expect(totalBytes).toBe(index.metadata.total_size);
    expect(fileNames.length).toBe(4);
    const back = await readShardedFolder(ours);
    for (const [name, tensor] of tensors) expect(await back.read(name)).toEqual(tensor);
    await back.close();
  } finally {
    await rm(ours, { recursive: true, force: true });
  }
});

import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tensorBytes } from '../safetensors/dtype.ts';
import { quoted, SafetensorsError } from '../safetensors/errors.ts';
import type { TensorInfo } from '../safetensors/header.ts';
import { convertLine, namesPickle } from '../safetensors/pickle.ts';
import { planShards } from '../safetensors/plan-shards.ts';
import { checkShards, parseIndex } from '../safetensors/shard-index.ts';
import type { LazyTensor, WritableTensor, WriteOptions } from '../safetensors/write.ts';
import { readSafetensorsFile } from './safetensors-file.ts';
import type { SafetensorsFile, SafetensorsSource } from './safetensors-file.ts';
import { replaceFile, writeSafetensorsFile } from './write-safetensors-file.ts';

/** An index of ten thousand shards and a million tensors stays below this. */
const MAX_INDEX_BYTES = 100_000_000;

const SHARD = /^(.+)-\d{5}-of-\d{5}\.safetensors$/;

async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new SafetensorsError('E_NOT_FOUND', `readShardedFolder: expected a folder but found ${cause.code ?? 'an error'} at ${folder}.`, { cause });
  });
}

async function readIndex(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_INDEX_BYTES) throw new SafetensorsError('E_INDEX', `readShardedFolder: expected an index of at most ${MAX_INDEX_BYTES} bytes but found ${size} at ${path}.`);
  return readFile(path, 'utf8');
}

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names, as one source of tensors.
 *
 * The index and every file name in it are checked before a shard is opened, and the headers of all shards before a tensor is read.
 *
 * @throws SafetensorsError E_NOT_FOUND, E_INDEX, E_SHARD_NAME, E_SHARD_MISSING, E_SHARD_EXTRA, E_SHARD_DUPLICATE,
 * E_SHARD_TENSOR, E_PICKLE (only `.bin` files there), and those of `readSafetensorsFile`.
 */
export async function readShardedFolder(folder: string, { stem = 'model' }: { stem?: string } = {}): Promise<SafetensorsSource> {
  const present = await entries(folder);
  const indexName = `${stem}.safetensors.index.json`;
  if (!present.includes(indexName)) {
    if (present.includes(`${stem}.safetensors`)) return readSafetensorsFile(join(folder, `${stem}.safetensors`));
    const pickle = present.find(namesPickle);
    if (pickle !== undefined) {
      throw new SafetensorsError('E_PICKLE', `readShardedFolder: expected ${stem}.safetensors in ${folder} but found ${quoted(pickle)}, a pickle, which can run code when read. ${convertLine(pickle)}`);
    }
    throw new SafetensorsError('E_NOT_FOUND', `readShardedFolder: expected ${stem}.safetensors or ${indexName} but found neither in ${folder}.`);
  }
  const index = parseIndex(await readIndex(join(folder, indexName)));
  const stems = new Set(index.shardNames.map((name) => SHARD.exec(name)?.[1]));
  for (const name of present) {
    const own = SHARD.exec(name)?.[1];
    if (own !== undefined && stems.has(own) && !index.shardNames.includes(name)) {
      throw new SafetensorsError('E_SHARD_EXTRA', `readShardedFolder: expected only the ${index.shardNames.length} shards of the index but found ${quoted(name)} too in ${folder}. Remove it, or fetch the index that belongs to it.`);
    }
  }
  const shards = new Map<string, SafetensorsFile>();
  const close = async (): Promise<void> => {
    await Promise.all([...shards.values()].map((shard) => shard.close()));
  };
  try {
    for (const name of index.shardNames) {
      shards.set(name, await readSafetensorsFile(join(folder, name)).catch((error: unknown) => {
        if (!(error instanceof SafetensorsError) || error.code !== 'E_NOT_FOUND') throw error;
        throw new SafetensorsError('E_SHARD_MISSING', `readShardedFolder: expected the shard ${quoted(name)} of the index but found no such file in ${folder}. Download it.`, { cause: error });
      }));
    }
    checkShards(index, new Map([...shards].map(([name, { header }]) => [name, header])));
  } catch (error) {
    await close();
    throw error;
  }
  const tensors = new Map<string, TensorInfo>([...shards.values()].flatMap((shard) => [...shard.tensors]));
  return {
    tensors,
    metadata: new Map([...shards.values()].flatMap((shard) => [...shard.metadata])),
    async read(name) {
      const shard = shards.get(index.weightMap.get(name) ?? '');
      if (shard === undefined) throw new SafetensorsError('E_NO_TENSOR', `read: expected a tensor of ${folder} but found ${quoted(name)}.`);
      return shard.read(name);
    },
    close,
  };
}

/**
 * Writes tensors as `model.safetensors`, or as shards of at most `maxShardBytes` with an index, and removes what an earlier
 * save of the same stem left over.
 *
 * Each file is replaced atomically and the index comes last; to replace a whole model atomically, write to a new folder and rename it.
 *
 * @throws SafetensorsError as `writeSafetensors`; RangeError for a shard size that is not positive; errors of the file system.
 *
 * @example
 * ```ts
 * import { readShardedFolder, writeShardedFolder } from '@llm/tensor/node';
 * const ones = (n: number) => ({ dtype: 'F32', shape: [n], data: new Float32Array(n).fill(1) }) as const;
 * await writeShardedFolder('.', [['a', ones(4)], ['b', ones(4)]], { maxShardBytes: 16 });
 * const model = await readShardedFolder('.');
 * const { shape } = await model.read('b');
 * await model.close();
 * if (shape[0] !== 4) throw new Error('four ones');
 * ```
 */
export async function writeShardedFolder(
  folder: string,
  tensors: Iterable<readonly [string, WritableTensor | LazyTensor]>,
  { maxShardBytes = 5e9, stem = 'model', ...options }: WriteOptions & { maxShardBytes?: number; stem?: string } = {},
): Promise<{ fileNames: string[]; totalBytes: number }> {
  const all = [...tensors];
  const { shards, totalBytes, indexJson } = planShards(all.map(([name, { dtype, shape }]) => [name, tensorBytes(dtype, shape, { name })] as const), { maxShardBytes, stem });
  const byName = new Map(all);
  for (const { fileName, names } of shards) {
    await writeSafetensorsFile(join(folder, fileName), names.map((name) => [name, byName.get(name)!] as const), options);
  }
  const fileNames = shards.map(({ fileName }) => fileName);
  if (indexJson !== undefined) {
    fileNames.push(`${stem}.safetensors.index.json`);
    await replaceFile(join(folder, `${stem}.safetensors.index.json`), [new TextEncoder().encode(indexJson)]);
  }
  for (const name of await entries(folder)) {
    const stale = name === `${stem}.safetensors` || name === `${stem}.safetensors.index.json` || SHARD.exec(name)?.[1] === stem;
    if (stale && !fileNames.includes(name)) await rm(join(folder, name), { force: true });
  }
  return { fileNames, totalBytes };
}

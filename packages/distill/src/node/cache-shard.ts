import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFloat32, type RawTensor, toFloat32 } from '@llm/tensor';
import { readSafetensorsFile, type SafetensorsFile, writeSafetensorsFile } from '@llm/tensor/node';
import type { KeptSequence } from '../teacher/keep-top.ts';
import type { KeptSums } from '../teacher/kept-error.ts';
import { joinKept, type KeptRows } from '../teacher/kept-rows.ts';
import { TeacherCacheError } from './teacher-cache-error.ts';

/** What a file of a cache says of itself. */
export interface ShardInfo {
  readonly formatVersion: 1;
  readonly key: string;
  /** The number of its first example, and how many examples the whole cache has. */
  readonly first: number;
  readonly count: number;
  readonly k: number;
  readonly temperature: number;
  /** Targets of each of its examples. */
  readonly lengths: readonly number[];
  readonly sums: KeptSums;
}

/** The name of a cache's file by its number. */
export const shardName = (shard: number): string => `teacher-${String(shard).padStart(5, '0')}.safetensors`;
/** What such names look like. */
export const SHARD_FILE: RegExp = /^teacher-\d{5,}\.safetensors$/;

/** Writes some sequences as one file, whole or not at all. */
export async function writeShard(folder: string, { shard, sequences, key, first, count }: {
  readonly shard: number; readonly sequences: readonly KeptSequence[]; readonly key: string; readonly first: number; readonly count: number;
}): Promise<void> {
  const kept = joinKept(sequences.map((sequence) => sequence.kept));
  const { k, temperature, ids, probs } = kept;
  const wide = ids.some((id) => id >= 2 ** 16);
  const sums = sequences.map((sequence) => sequence.sums).reduce((a, b) => ({ rows: a.rows + b.rows, tail: a.tail + b.tail, worstTail: Math.max(a.worstTail, b.worstTail), spread: a.spread + b.spread }));
  const info: ShardInfo = { formatVersion: 1, key, first, count, k, temperature, lengths: sequences.map(({ kept: { count: own } }) => own), sums };
  await writeSafetensorsFile(join(folder, shardName(shard)), [
    ['ids', { dtype: wide ? 'I32' : 'U16', shape: [kept.count, k], data: wide ? ids : Uint16Array.from(ids) }],
    ['probs', fromFloat32(probs, 'F16', { shape: [kept.count, k + 1] })],
  ], { metadata: { teacher: JSON.stringify(info) } });
}

/** A file of a cache, opened: its information, its size, and its rows when they are asked for. */
export async function openShard(folder: string, name: string): Promise<{ readonly info: ShardInfo; readonly bytes: number; read(): Promise<KeptRows> }> {
  const path = join(folder, name);
  const withFile = async <T>(use: (file: SafetensorsFile) => Promise<T>): Promise<T> => {
    const file = await readSafetensorsFile(path);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  };
  const info = await withFile((file) => Promise.resolve(JSON.parse(file.metadata.get('teacher') ?? '{}') as Partial<ShardInfo>));
  if (info.formatVersion !== 1 || info.lengths === undefined) throw new TeacherCacheError('E_FORMAT', `openTeacherCache: expected a file of a teacher cache of this version at ${path} but found another. Remove the folder and keep the teacher anew.`);
  const known = info as ShardInfo;
  return {
    info: known, bytes: (await stat(path)).size,
    read: () => withFile(async (file) => rowsOf(known, await file.read('ids'), toFloat32(await file.read('probs')))),
  };
}

/** The rows as they were kept; rounded probabilities add up to 1 again. */
function rowsOf({ k, temperature, lengths }: ShardInfo, ids: RawTensor, rounded: Float32Array): KeptRows {
  const count = lengths.reduce((sum, length) => sum + length, 0);
  const bytes = ids.data.slice().buffer;
  const probs = rounded.slice();
  for (let row = 0; row < count; row++) {
    const own = probs.subarray(row * (k + 1), (row + 1) * (k + 1));
    const total = own.reduce((sum, p) => sum + p, 0);
    own.forEach((p, i) => { own[i] = p / total; });
  }
  return { count, k, temperature, ids: ids.dtype === 'U16' ? Int32Array.from(new Uint16Array(bytes)) : new Int32Array(bytes), probs };
}

import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptSequence } from '../teacher/keep-top.ts';
import { type KeptError, keptError } from '../teacher/kept-error.ts';
import { joinKept, type KeptRows, sliceKept } from '../teacher/kept-rows.ts';
import { openShard, SHARD_FILE, shardName, writeShard } from './cache-shard.ts';
import { TeacherCacheError } from './teacher-cache-error.ts';

export interface WriteTeacherCacheOptions {
  /** One for each example, in order and from example `from` on, as `keepTop` gives them. */
  readonly sequences: (from: number) => AsyncIterable<KeptSequence> | Iterable<KeptSequence>;
  /** What decides the contents: a hash of teacher, examples, k and temperature. Files with another are written anew. */
  readonly key: string;
  /** How many examples there are. */
  readonly count: number;
  /** Examples in a file; default 256. */
  readonly shardSize?: number;
  /** Told after each file how many examples are done. */
  readonly onShard?: (done: number) => void;
}

/** What a teacher said of each example, in a folder. */
export interface TeacherCache {
  readonly key: string;
  /** Examples, and targets in all of them. */
  readonly count: number;
  readonly targets: number;
  readonly k: number;
  readonly temperature: number;
  readonly bytes: number;
  readonly error: KeptError;
  /** What was kept for some examples, by their numbers, one behind the other. Files are read when they are needed. */
  rows(examples: readonly number[]): Promise<KeptRows>;
}

/** Files whose rows stay in memory. */
const OPEN_SHARDS = 64;

/**
 * Keeps what a teacher says of every example in a folder: ids in 16 or 32 bits, probabilities as f16, some hundred examples a file. Each file
 * is whole or not there, so what was written before a stop is not computed again.
 *
 * @throws TeacherCacheError E_COUNT where there are not as many sequences as examples.
 *
 * @example
 * ```ts
 * import { writeTeacherCache } from '@llm/distill/node';
 * const kept = { count: 1, k: 2, temperature: 1, ids: Int32Array.of(3, 4), probs: Float32Array.of(0.5, 0.25, 0.25) };
 * const cache = await writeTeacherCache('teacher', { key: 'mine', count: 1, sequences: () => [{ kept, sums: { rows: 1, tail: 0.25, worstTail: 0.25, spread: 0 } }] });
 * const { probs } = await cache.rows([0]);
 * if (probs.join() !== '0.5,0.25,0.25' || cache.error.meanTail !== 0.25) throw new Error('as it was kept');
 * ```
 */
export async function writeTeacherCache(folder: string, { sequences, key, count, shardSize = 256, onShard }: WriteTeacherCacheOptions): Promise<TeacherCache> {
  await mkdir(folder, { recursive: true });
  let done = 0;
  let shard = 0;
  // Files of another key, or behind a gap, are worth nothing.
  for (; ; shard++) {
    const found = await openShard(folder, shardName(shard)).catch(() => undefined);
    if (found === undefined || found.info.key !== key || found.info.first !== done || found.info.count !== count) break;
    done += found.info.lengths.length;
  }
  for (const name of await shardsOf(folder)) if (Number(/\d+/.exec(name)![0]) >= shard) await rm(join(folder, name));
  let waiting: KeptSequence[] = [];
  const flush = async (): Promise<void> => {
    await writeShard(folder, { shard, sequences: waiting, key, first: done, count });
    shard++;
    done += waiting.length;
    waiting = [];
    onShard?.(done);
  };
  if (done < count) for await (const sequence of sequences(done)) if (waiting.push(sequence) === shardSize) await flush();
  if (waiting.length > 0) await flush();
  if (done !== count) throw new TeacherCacheError('E_COUNT', `writeTeacherCache: expected ${count} sequences but found ${done}. Keep one for each example, in order.`);
  return openTeacherCache(folder, { key });
}

/**
 * Opens a cache that `writeTeacherCache` wrote.
 *
 * @throws TeacherCacheError E_NOT_FOUND, E_INCOMPLETE where the writing was stopped, E_OTHER_KEY where it is of another teacher or of other
 * examples, E_FORMAT for files of another version.
 *
 * @example
 * ```ts
 * import { openTeacherCache, TeacherCacheError } from '@llm/distill/node';
 * const error = await openTeacherCache('nowhere').catch((error: unknown) => error);
 * if (!(error instanceof TeacherCacheError) || error.code !== 'E_NOT_FOUND') throw new Error('nothing is there');
 * ```
 */
export async function openTeacherCache(folder: string, { key }: { readonly key?: string } = {}): Promise<TeacherCache> {
  const names = await shardsOf(folder);
  if (names.length === 0) throw new TeacherCacheError('E_NOT_FOUND', `openTeacherCache: expected a teacher cache in ${folder} but found none. Write one with writeTeacherCache.`);
  const shards = await Promise.all(names.map((name) => openShard(folder, name)));
  const { info: first } = shards[0]!;
  const done = shards.reduce((sum, { info }) => sum + info.lengths.length, 0);
  if (key !== undefined && first.key !== key) throw new TeacherCacheError('E_OTHER_KEY', `openTeacherCache: expected a cache of this teacher and these examples in ${folder} but found one of others. Name another folder, or write it anew.`);
  if (done !== first.count || shards.some(({ info }, i) => info.key !== first.key || info.first !== (i === 0 ? 0 : shards[i - 1]!.info.first + shards[i - 1]!.info.lengths.length))) {
    throw new TeacherCacheError('E_INCOMPLETE', `openTeacherCache: expected ${first.count} examples in ${folder} but found ${done}. Go on with writeTeacherCache and the same key.`);
  }
  const open = new Map<number, Promise<KeptRows>>();
  const rowsOf = (shard: number): Promise<KeptRows> => {
    const rows = open.get(shard) ?? shards[shard]!.read();
    // The one that was used last goes to the end, the one at the front out.
    open.delete(shard);
    open.set(shard, rows);
    if (open.size > OPEN_SHARDS) open.delete(open.keys().next().value!);
    return rows;
  };
  const places = shards.flatMap(({ info: { lengths } }, shard) => {
    let from = 0;
    return lengths.map((length) => {
      from += length;
      return { shard, from: from - length, count: length };
    });
  });
  return {
    key: first.key, count: first.count, targets: places.reduce((sum, { count }) => sum + count, 0), k: first.k, temperature: first.temperature,
    bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0), error: keptError(shards.map(({ info: { sums } }) => sums)),
    async rows(examples) {
      const found = await Promise.all(examples.map(async (example) => {
        const place = places[example];
        if (place === undefined) throw new RangeError(`TeacherCache: expected examples below ${places.length} but found ${example}.`);
        return sliceKept(await rowsOf(place.shard), place);
      }));
      return joinKept(found);
    },
  };
}

async function shardsOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => SHARD_FILE.test(name)).toSorted();
}

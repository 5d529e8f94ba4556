import { quoted, SafetensorsError } from './errors.ts';
import { checkTensorName } from './header.ts';
import type { SafetensorsHeader } from './header.ts';
import { checkShardName } from './shard-name.ts';
import { parseStrictJson } from './strict-json.ts';
import { byUtf8 } from './write.ts';

/** What `model.safetensors.index.json` says: which file holds which tensor. */
export interface ShardIndex {
  /** Bytes of all tensors, as the index claims; advisory, and often wrong in the wild. */
  readonly totalBytes: number | undefined;
  readonly weightMap: ReadonlyMap<string, string>;
  /** Every file once, sorted. */
  readonly shardNames: readonly string[];
}

const MAX_SHARDS = 10_000;

function refusal(found: string): SafetensorsError {
  return new SafetensorsError('E_INDEX', `parseIndex: expected {"metadata": {"total_size"}, "weight_map": {tensor: file}} but found ${found}.`);
}

/**
 * Reads an index of shards and checks it, names of files included, before any of them is opened.
 *
 * @throws SafetensorsError E_INDEX, E_SHARD_DUPLICATE (a tensor in two shards), E_SHARD_NAME, E_PICKLE, E_NAME.
 *
 * @example
 * ```ts
 * import { parseIndex } from '@llm/tensor';
 * const { shardNames } = parseIndex('{"metadata": {"total_size": 8}, "weight_map": {"w": "model-00001-of-00001.safetensors"}}');
 * if (shardNames.length !== 1) throw new Error('one shard');
 * ```
 */
export function parseIndex(json: string): ShardIndex {
  const root = parseStrictJson(json.replace(/^\ufeff/, ''), (kind, found) => kind === 'duplicate'
    ? new SafetensorsError('E_SHARD_DUPLICATE', `parseIndex: expected every tensor in one shard but found ${quoted(found)} twice in the index.`)
    : refusal(found));
  if (!(root instanceof Map)) throw refusal('no object');
  const map = root.get('weight_map');
  if (!(map instanceof Map)) throw refusal('no "weight_map" object');
  const shards = new Set<string>();
  for (const [name, shard] of map) {
    checkTensorName(name);
    if (typeof shard !== 'string') throw refusal(`no file name for ${quoted(name)}`);
    if (shards.has(shard)) continue;
    checkShardName(shard);
    shards.add(shard);
    if (shards.size > MAX_SHARDS) throw refusal(`more than ${MAX_SHARDS} shards`);
  }
  const metadata = root.get('metadata');
  const size = metadata instanceof Map ? metadata.get('total_size') : undefined;
  let totalBytes: number | undefined;
  if (size !== undefined) {
    // Some writers print the size as a float.
    totalBytes = typeof size === 'number' ? size : size !== null && typeof size === 'object' && 'lexeme' in size ? Number(size.lexeme) : NaN;
    if (!Number.isSafeInteger(totalBytes) || totalBytes < 0) throw refusal('a "total_size" that is no number of bytes');
  }
  return { totalBytes, weightMap: map as Map<string, string>, shardNames: [...shards].sort(byUtf8) };
}

/**
 * Checks that the opened shards hold exactly the tensors that the index promises, each where it says.
 *
 * @throws SafetensorsError E_SHARD_MISSING, E_SHARD_EXTRA, E_SHARD_DUPLICATE, E_SHARD_TENSOR.
 */
export function checkShards({ weightMap, shardNames }: ShardIndex, headers: ReadonlyMap<string, SafetensorsHeader>): void {
  for (const shard of shardNames) {
    if (!headers.has(shard)) {
      throw new SafetensorsError('E_SHARD_MISSING', `readShardedFolder: expected the shard ${quoted(shard)} of the index but found no such file. Download it.`);
    }
  }
  const home = new Map<string, string>();
  for (const [shard, { tensors }] of headers) {
    if (!shardNames.includes(shard)) {
      throw new SafetensorsError('E_SHARD_EXTRA', `readShardedFolder: expected only the ${shardNames.length} shards of the index but found ${quoted(shard)} too. Remove it, or fetch the index that belongs to it.`);
    }
    for (const name of tensors.keys()) {
      const other = home.get(name);
      if (other !== undefined) {
        throw new SafetensorsError('E_SHARD_DUPLICATE', `readShardedFolder: expected ${quoted(name)} in one shard but found it in ${quoted(other)} and in ${quoted(shard)}.`);
      }
      home.set(name, shard);
    }
  }
  for (const [name, shard] of weightMap) {
    if (home.get(name) !== shard) {
      throw new SafetensorsError('E_SHARD_TENSOR', `readShardedFolder: expected ${quoted(name)} in ${quoted(shard)} but found it ${home.has(name) ? `in ${quoted(home.get(name)!)}` : 'nowhere'}.`);
    }
  }
  for (const [name, shard] of home) {
    if (!weightMap.has(name)) {
      throw new SafetensorsError('E_SHARD_TENSOR', `readShardedFolder: expected only tensors of the index but found ${quoted(name)} in ${quoted(shard)}.`);
    }
  }
}

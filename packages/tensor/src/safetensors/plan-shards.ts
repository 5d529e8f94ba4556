import { quoted, SafetensorsError } from './errors.ts';
import { byUtf8 } from './write.ts';

export interface ShardPlan {
  readonly shards: readonly { readonly fileName: string; readonly names: readonly string[] }[];
  readonly totalBytes: number;
  /** The text of the index file; undefined when one file holds everything and needs none. */
  readonly indexJson: string | undefined;
}

/**
 * Spreads tensors over files of at most `maxShardBytes`, in the order given, named as Hugging Face loaders expect them:
 * `model.safetensors` alone, or `model-00001-of-00003.safetensors` … with an index. A larger tensor gets a file of its own.
 *
 * @throws RangeError for a size that is not a positive number of bytes; SafetensorsError E_DUPLICATE_KEY.
 *
 * @example
 * ```ts
 * import { planShards } from '@llm/tensor';
 * const { shards } = planShards([['a', 6], ['b', 6], ['c', 4]], { maxShardBytes: 10 });
 * if (shards.map(({ names }) => names.join('')).join() !== 'a,bc') throw new Error('b and c fit together');
 * ```
 */
export function planShards(
  sizes: Iterable<readonly [name: string, bytes: number]>,
  { maxShardBytes = 5e9, stem = 'model' }: { maxShardBytes?: number; stem?: string } = {},
): ShardPlan {
  if (!(maxShardBytes > 0)) throw new RangeError(`planShards: expected maxShardBytes > 0 but found ${maxShardBytes}.`);
  const groups: string[][] = [];
  const seen = new Set<string>();
  let bytesInGroup = Infinity;
  let totalBytes = 0;
  for (const [name, bytes] of sizes) {
    if (seen.has(name)) throw new SafetensorsError('E_DUPLICATE_KEY', `planShards: expected every name once but found ${quoted(name)} twice. Tied tensors are written once, under one name.`);
    seen.add(name);
    if (groups.length === 0 || bytesInGroup + bytes > maxShardBytes) {
      groups.push([]);
      bytesInGroup = 0;
    }
    groups.at(-1)!.push(name);
    bytesInGroup += bytes;
    totalBytes += bytes;
  }
  if (groups.length <= 1) {
    return { shards: [{ fileName: `${stem}.safetensors`, names: groups[0] ?? [] }], totalBytes, indexJson: undefined };
  }
  const padded = (n: number): string => String(n).padStart(5, '0');
  const shards = groups.map((names, i) => ({ fileName: `${stem}-${padded(i + 1)}-of-${padded(groups.length)}.safetensors`, names }));
  const entries = shards.flatMap(({ fileName, names }) => names.map((name) => [name, fileName] as const)).sort(([a], [b]) => byUtf8(a, b));
  const lines = entries.map(([name, fileName]) => `    ${JSON.stringify(name)}: ${JSON.stringify(fileName)}`).join(',\n');
  const indexJson = `{\n  "metadata": {\n    "total_size": ${totalBytes}\n  },\n  "weight_map": {\n${lines}\n  }\n}\n`;
  return { shards, totalBytes, indexJson };
}

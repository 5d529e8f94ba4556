import type { DataManifest, ManifestEntry } from './manifest.ts';

export interface ManifestDiff {
  readonly from: string;
  readonly to: string;
  /** Ids, in order. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Other text under the same id. */
  readonly changed: readonly string[];
  /** Other licence, source or collection kind under the same id. */
  readonly relabelled: readonly { readonly id: string; readonly field: 'license' | 'source' | 'collection'; readonly from: string; readonly to: string }[];
  /** The same text under another id: out of `removed` and `added`. */
  readonly moved: readonly { readonly from: string; readonly to: string }[];
  readonly unchanged: number;
  /** Bytes now less bytes before, by source. */
  readonly bytesBySource: Readonly<Record<string, number>>;
}

function bytesBySource(before: DataManifest, after: DataManifest): Record<string, number> {
  const bytes = new Map<string, number>();
  for (const [manifest, sign] of [[before, -1], [after, 1]] as const) for (const group of manifest.groups) bytes.set(group.source, (bytes.get(group.source) ?? 0) + sign * group.bytes);
  return Object.fromEntries([...bytes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What changed from one version of the data to another: documents added, removed, changed, moved to another id, and given
 * another licence, source or collection kind. Linear in the number of documents.
 *
 * @example
 * ```ts
 * import { createManifest, diffManifests } from '@llm/data-quality';
 * const before = await createManifest([{ id: 'a', text: 'one' }, { id: 'b', text: 'two' }], { name: 'x' });
 * const after = await createManifest([{ id: 'a', text: 'uno' }, { id: 'c', text: 'three' }], { name: 'x' });
 * const { added, removed, changed } = diffManifests(before, after);
 * console.assert(added.join() === 'c' && removed.join() === 'b' && changed.join() === 'a');
 * ```
 */
export function diffManifests(before: DataManifest, after: DataManifest): ManifestDiff {
  const old = new Map(before.entries.map((entry) => [entry.id, entry]));
  const added: ManifestEntry[] = [];
  const changed: string[] = [];
  const relabelled: ManifestDiff['relabelled'][number][] = [];
  let unchanged = 0;
  for (const entry of after.entries) {
    const was = old.get(entry.id);
    if (!was) {
      added.push(entry);
      continue;
    }
    old.delete(entry.id);
    const fields = (['license', 'source', 'collection'] as const).filter((field) => was[field] !== entry[field]);
    for (const field of fields) relabelled.push({ id: entry.id, field, from: was[field], to: entry[field] });
    if (was.sha256 !== entry.sha256) changed.push(entry.id);
    else if (fields.length === 0) unchanged++;
  }
  const gone = new Map<string, string[]>();
  for (const { id, sha256 } of old.values()) gone.set(sha256, [...(gone.get(sha256) ?? []), id]);
  const moved: { from: string; to: string }[] = [];
  const fresh = added.filter(({ id, sha256 }) => {
    const from = gone.get(sha256)?.shift();
    if (from !== undefined) {
      moved.push({ from, to: id });
      old.delete(from);
    }
    return from === undefined;
  });
  return { from: before.version, to: after.version, added: fresh.map(({ id }) => id), removed: [...old.keys()], changed, relabelled, moved, unchanged, bytesBySource: bytesBySource(before, after) };
}

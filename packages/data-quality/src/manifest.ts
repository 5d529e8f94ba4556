import { DataError } from './data-error.ts';
import { provenanceOf } from './provenance/provenance.ts';
import { codePoints, utf8Bytes } from './text-length.ts';
import type { Document } from './types.ts';

/** A document of a version: what it is called, what it says, where it comes from. */
export interface ManifestEntry {
  readonly id: string;
  /** SHA-256 of the text in UTF-8, in hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  readonly source: string;
  readonly collection: string;
  /** '' where the document names none. */
  readonly license: string;
}

export interface ManifestGroup {
  readonly source: string;
  readonly collection: string;
  readonly license: string;
  readonly documents: number;
  readonly bytes: number;
}

/** One version of a data set. Two with the same `version` hold the same texts under the same names, licences and sources. */
export interface DataManifest {
  readonly format: 1;
  readonly name: string;
  /** SHA-256 over all entries in the order of their ids. */
  readonly version: string;
  readonly documents: number;
  /** Unicode code points. */
  readonly characters: number;
  readonly bytes: number;
  /** Totals by source, collection kind and licence. */
  readonly groups: readonly ManifestGroup[];
  /** By id. */
  readonly entries: readonly ManifestEntry[];
}

const byOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const versionOf = (entries: readonly ManifestEntry[]): Promise<string> =>
  sha256(entries.map(({ id, sha256: hash, source, collection, license }) => JSON.stringify([id, hash, source, collection, license])).join('\n'));

function groupsOf(entries: readonly ManifestEntry[]): ManifestGroup[] {
  const groups = new Map<string, ManifestGroup>();
  for (const { source, collection, license, bytes } of entries) {
    const key = JSON.stringify([source, collection, license]);
    const group = groups.get(key);
    groups.set(key, { source, collection, license, documents: (group?.documents ?? 0) + 1, bytes: (group?.bytes ?? 0) + bytes });
  }
  return [...groups].sort(([a], [b]) => byOrder(a, b)).map(([, group]) => group);
}

/**
 * Hashes a stream of documents into a manifest of this version of the data. The order of the documents does not matter;
 * source, collection kind and licence are those of `provenanceOf`. Memory is some 300 bytes for each document, no text.
 *
 * Throws DataError E_MANIFEST where an id comes twice: such a version could not be compared with another.
 *
 * @example
 * ```ts
 * import { createManifest } from '@llm/data-quality';
 * const manifest = await createManifest([{ id: 'a', text: 'hello', source: 'wiki' }], { name: 'small' });
 * console.assert(manifest.documents === 1 && manifest.entries[0]?.sha256.startsWith('2cf24dba'));
 * ```
 */
export async function createManifest(documents: AsyncIterable<Document> | Iterable<Document>, { name }: { readonly name: string }): Promise<DataManifest> {
  const entries = new Map<string, ManifestEntry>();
  let characters = 0;
  let bytes = 0;
  for await (const document of documents) {
    const { id, text } = document;
    if (entries.has(id)) throw new DataError('E_MANIFEST', { problem: `createManifest: expected every id once but found ${JSON.stringify(id)} again`, remedy: 'Give each document an id of its own, or remove duplicates first.' });
    const { source = '', collection = '', license = '' } = provenanceOf(document);
    const size = utf8Bytes(text);
    entries.set(id, { id, sha256: await sha256(text), bytes: size, source, collection, license });
    characters += codePoints(text);
    bytes += size;
  }
  const sorted = [...entries.values()].sort((a, b) => byOrder(a.id, b.id));
  return { format: 1, name, version: await versionOf(sorted), documents: sorted.length, characters, bytes, groups: groupsOf(sorted), entries: sorted };
}

/**
 * Whether a manifest that was stored is whole: its version is computed again from its entries, and its totals too.
 *
 * Throws DataError E_MANIFEST where it is not, or is none.
 *
 * @example
 * ```ts
 * import { checkManifest, createManifest } from '@llm/data-quality';
 * const stored = JSON.stringify(await createManifest([{ id: 'a', text: 'hello' }], { name: 'small' }));
 * console.assert((await checkManifest(JSON.parse(stored))).documents === 1);
 * ```
 */
export async function checkManifest(manifest: unknown): Promise<DataManifest> {
  const fail = (found: string): never => {
    throw new DataError('E_MANIFEST', { problem: `checkManifest: expected a whole manifest but found ${found}`, remedy: 'Make the manifest again from the data.' });
  };
  const given = manifest as Partial<DataManifest> | null;
  if (typeof given !== 'object' || given === null || given.format !== 1 || !Array.isArray(given.entries)) return fail('none of format 1');
  const texts = ['id', 'sha256', 'source', 'collection', 'license'] as const;
  if (!given.entries.every((entry: Partial<ManifestEntry> | null) => typeof entry === 'object' && entry !== null && texts.every((field) => typeof entry[field] === 'string') && Number.isInteger(entry.bytes))) fail('an entry without its fields');
  if (given.version !== (await versionOf(given.entries))) fail('entries that do not give its version');
  if (given.documents !== given.entries.length || given.bytes !== given.entries.reduce((sum, { bytes }) => sum + bytes, 0)) fail('totals that are not those of its entries');
  if (JSON.stringify(given.groups) !== JSON.stringify(groupsOf(given.entries))) fail('groups that are not those of its entries');
  return given as DataManifest;
}

import { DataError } from '../data-error.ts';
import type { DataDimensions } from '../dimensions/data-dimensions.ts';
import type { DataDimension } from '../dimensions/dimension-values.ts';
import type { DataManifest } from '../manifest.ts';
import type { SourceStatistics } from '../provenance/source-statistics.ts';
import { textHash } from '../review/text-hash.ts';

/** What is kept of a version of the data for as long as there are versions. */
export interface DataVersion {
  readonly format: 1;
  readonly name: string;
  /** That of its manifest. */
  readonly version: string;
  /** When it was recorded, ISO 8601. */
  readonly at: string;
  readonly documents: number;
  readonly bytes: number;
  /** Documents that were dropped on the way to it, by reason; empty where nothing was filtered. */
  readonly dropped: Readonly<Record<string, number>>;
  /** By source. */
  readonly dimensions: Readonly<Record<string, Readonly<Record<DataDimension, number | null>>>>;
  readonly statistics: readonly SourceStatistics[];
}

/**
 * The record of a version out of its manifest and dimensions.
 *
 * @example
 * ```ts
 * import { createManifest, dataDimensions, dataVersion } from '@llm/data-quality';
 * const documents = [{ id: 'a', text: 'one two', source: 's' }];
 * const version = dataVersion(await createManifest(documents, { name: 'x' }), await dataDimensions(documents), { at: '2025-01-01' });
 * console.assert(version.documents === 1 && version.dimensions.s?.accuracy === 1);
 * ```
 */
export function dataVersion(manifest: Pick<DataManifest, 'name' | 'version' | 'documents' | 'bytes'>, { sources }: DataDimensions, { at, dropped = {} }: { readonly at: string; readonly dropped?: Readonly<Record<string, number>> }): DataVersion {
  const { name, version, documents, bytes } = manifest;
  const values = (each: DataDimensions['sources'][number]): Record<DataDimension, number | null> => Object.fromEntries(Object.entries(each.dimensions).map(([dimension, { value }]) => [dimension, value])) as Record<DataDimension, number | null>;
  return { format: 1, name, version, at, documents, bytes, dropped, dimensions: Object.fromEntries(sources.map((each) => [each.source, values(each)])), statistics: sources.map(({ statistics }) => statistics) };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isStatistics = (value: unknown): boolean => isRecord(value) && typeof value['source'] === 'string' && typeof value['documents'] === 'number' && isRecord(value['bins']) && Object.values(value['bins']).every(isRecord);
/** Whether a line has what `driftAlerts` goes into. */
const isVersion = (value: unknown): boolean => isRecord(value) && value['format'] === 1 && typeof value['version'] === 'string' && isRecord(value['dropped'])
  && isRecord(value['dimensions']) && Object.values(value['dimensions']).every(isRecord) && Array.isArray(value['statistics']) && value['statistics'].every(isStatistics);

/**
 * The versions in a ledger, JSON Lines to which `versionLine` adds, the oldest first.
 *
 * Throws DataError E_VERSIONS with the line where one is no version, or where a line before it was changed or taken out.
 *
 * @example
 * ```ts
 * import { readVersions } from '@llm/data-quality';
 * console.assert(readVersions('').length === 0);
 * ```
 */
export function readVersions(ledger: string, { file }: { readonly file?: string } = {}): DataVersion[] {
  let previous = '';
  // A last line without its line feed was cut off while it was written.
  return ledger.split('\n').flatMap((line, i, lines) => {
    if (line === '' && i === lines.length - 1) return [];
    const fail = (found: string, remedy: string): never => { throw new DataError('E_VERSIONS', { problem: `readVersions: expected a version but found ${found}`, remedy, file, line: i + 1 }); };
    let parsed: Partial<DataVersion> & { previous?: unknown } = {};
    try {
      if (i === lines.length - 1) throw new SyntaxError('cut off');
      parsed = JSON.parse(line) as typeof parsed;
    } catch {
      fail('a line that is cut off or no JSON', 'Take it out if it is the last; else put the ledger back from a copy.');
    }
    if (!isVersion(parsed)) fail('none of format 1', 'Check that the file is a ledger of versions.');
    const { previous: chained, ...version } = parsed;
    if (chained !== previous) fail('one that does not follow the line before it', 'Lines are only ever added: put the ledger back from a copy.');
    previous = textHash(line);
    return [version as DataVersion];
  });
}

/**
 * The line that adds a version to a ledger, its line feed included; it holds the hash of the line before, so that what was once
 * written cannot be changed unnoticed.
 *
 * Throws what `readVersions` throws for the ledger.
 *
 * @example
 * ```ts
 * import { createManifest, dataDimensions, dataVersion, readVersions, versionLine } from '@llm/data-quality';
 * const version = dataVersion(await createManifest([], { name: 'x' }), await dataDimensions([]), { at: '2025-01-01' });
 * let ledger = versionLine('', version);
 * ledger += versionLine(ledger, version);
 * console.assert(readVersions(ledger).length === 2);
 * ```
 */
export function versionLine(ledger: string, version: DataVersion, { file }: { readonly file?: string } = {}): string {
  readVersions(ledger, file === undefined ? {} : { file });
  const last = ledger === '' ? '' : ledger.slice(ledger.lastIndexOf('\n', ledger.length - 2) + 1, -1);
  return `${JSON.stringify({ ...version, previous: last === '' ? '' : textHash(last) })}\n`;
}

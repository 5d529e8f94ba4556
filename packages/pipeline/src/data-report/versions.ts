import { createDataDimensions, createManifest, type DataDimensions, type DataManifest, type DataVersion, dataVersion, diffManifests, type Document, type DriftAlert, driftAlerts, type ManifestDiff } from '@llm/data-quality';
import { count, table } from '../cli/format.ts';
import { printable } from '../cli/io.ts';
import { sourceOf } from './source-of.ts';
import type { DecidedData } from './decided.ts';

export interface VersionOfData {
  readonly manifest: DataManifest;
  readonly version: DataVersion;
}

export interface VersionChange {
  readonly from: { readonly name: string; readonly version: string; readonly documents: number; readonly bytes: number };
  readonly to: VersionChange['from'];
  readonly diff: ManifestDiff;
  readonly alerts: readonly DriftAlert[];
}

/** What went out of a data set, whether it stands in a folder or is decided on the way. */
export async function* keptOf(data: DecidedData): AsyncGenerator<Document> {
  if (data.kept) yield* data.kept();
  else for await (const { out } of data.decisions()) if (out) yield out;
}

/** Hashes and measures what went out of a data set. */
export async function versionOf(data: DecidedData, { at, name = data.title }: { at: string; name?: string }): Promise<VersionOfData> {
  const dimensions = createDataDimensions({ by: sourceOf, referenceDate: at });
  const manifest = await createManifest((async function* () {
    for await (const document of keptOf(data)) {
      dimensions.add(document);
      yield document;
    }
  })(), { name });
  return versionFrom(manifest, dimensions.report(), { at, data });
}

/** The version of data that has been read to its end, of what was measured on the way. */
export function versionFrom(manifest: DataManifest, dimensions: DataDimensions, { at, data }: { at: string; data: DecidedData }): VersionOfData {
  return { manifest, version: dataVersion(manifest, dimensions, { at, dropped: Object.fromEntries(data.ledger().dropped.map(({ reason, documents }) => [reason, documents])) }) };
}

/** What changed from one version to another, and what of it is drift. */
export function changeBetween(before: VersionOfData, after: VersionOfData): VersionChange {
  const facts = ({ name, version, documents, bytes }: DataManifest): VersionChange['from'] => ({ name, version, documents, bytes });
  return { from: facts(before.manifest), to: facts(after.manifest), diff: diffManifests(before.manifest, after.manifest), alerts: driftAlerts(before.version, after.version) };
}

const SHOWN = 5;
const listed = (ids: readonly string[]): string => ids.slice(0, SHOWN).map(printable).join(', ') + (ids.length > SHOWN ? `, and ${count(ids.length - SHOWN)} more` : '');

/** Rows of what changed, for the terminal and the page. */
export function changeRows({ diff }: VersionChange): [string, string, string][] {
  return [
    ['unchanged', count(diff.unchanged), ''],
    ['added', count(diff.added.length), listed(diff.added)],
    ['removed', count(diff.removed.length), listed(diff.removed)],
    ['changed', count(diff.changed.length), listed(diff.changed)],
    ['moved to another id', count(diff.moved.length), listed(diff.moved.map(({ from, to }) => `${from} to ${to}`))],
    ['given another licence, source or kind', count(diff.relabelled.length), listed(diff.relabelled.map(({ id, field, from, to }) => `${id}: ${field} ${from || 'none'} to ${to || 'none'}`))],
  ];
}

/** For the terminal. */
export function changeText(change: VersionChange): string {
  const name = ({ name: called, version, documents }: VersionChange['from']): string => `${printable(called)}, version ${version.slice(0, 12)}, ${count(documents)} documents`;
  return [
    `from ${name(change.from)}`, `to   ${name(change.to)}`, '', table(['', 'documents', 'such as'], changeRows(change)), '',
    ...(change.alerts.length === 0 ? ['No drift.'] : ['Drift:', ...change.alerts.map(({ message }) => `  ${printable(message)}`)]),
  ].join('\n');
}

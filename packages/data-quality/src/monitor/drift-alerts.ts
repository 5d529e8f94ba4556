import { sourceDrift } from '../provenance/source-drift.ts';
import type { DataVersion } from './data-versions.ts';

export interface DriftAlert {
  readonly kind: 'new_source' | 'lost_source' | 'size' | 'dropped' | 'dimension' | 'distribution';
  /** '' where the whole version is meant. */
  readonly source: string;
  /** The reason, dimension or measure. */
  readonly of: string;
  readonly before: number;
  readonly after: number;
  /** One sentence with the figures. */
  readonly message: string;
}

export interface DriftAlertOptions {
  /** Least population stability index of a distribution. Default 0.2. */
  readonly psi?: number;
  /** Least fall of a dimension. Default 0.05. */
  readonly dimensionFall?: number;
  /** Least change of the number of documents of a source, relative to before. Default 0.25. */
  readonly sizeChange?: number;
  /** Least change of the share that a reason drops. Default 0.05. */
  readonly droppedChange?: number;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function droppedShares({ documents, dropped }: DataVersion): Map<string, number> {
  const all = documents + Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return new Map(Object.entries(dropped).map(([reason, count]) => [reason, count / all]));
}

/**
 * What a person should know about a new version of the data: sources that came or went; the number of documents of a source, or the
 * share that a reason drops, changed; a dimension fell; a distribution drifted (`sourceDrift`, which knows what chance does).
 *
 * @example
 * ```ts
 * import { createManifest, dataDimensions, dataVersion, driftAlerts } from '@llm/data-quality';
 * const of = async (count: number) => {
 *   const documents = Array.from({ length: count }, (_, i) => ({ id: `${i}`, text: 'some words', source: 's' }));
 *   return dataVersion(await createManifest(documents, { name: 'x' }), await dataDimensions(documents), { at: '2025-01-01' });
 * };
 * console.assert(driftAlerts(await of(100), await of(60))[0]?.kind === 'size');
 * ```
 */
export function driftAlerts(before: DataVersion, after: DataVersion, { psi = 0.2, dimensionFall = 0.05, sizeChange = 0.25, droppedChange = 0.05 }: DriftAlertOptions = {}): DriftAlert[] {
  const alerts: DriftAlert[] = [];
  const was = new Map(before.statistics.map((each) => [each.source, each.documents]));
  const is = new Map(after.statistics.map((each) => [each.source, each.documents]));
  for (const [source, documents] of is) if (!was.has(source)) alerts.push({ kind: 'new_source', source, of: 'documents', before: 0, after: documents, message: `${source}: a new source of ${documents} documents` });
  for (const [source, documents] of was) {
    const now = is.get(source);
    if (now === undefined) alerts.push({ kind: 'lost_source', source, of: 'documents', before: documents, after: 0, message: `${source}: its ${documents} documents are gone` });
    else if (Math.abs(now - documents) >= sizeChange * documents && now !== documents) alerts.push({ kind: 'size', source, of: 'documents', before: documents, after: now, message: `${source}: ${documents} documents became ${now}` });
  }
  const [dropped, drops] = [droppedShares(before), droppedShares(after)];
  for (const reason of new Set([...dropped.keys(), ...drops.keys()])) {
    const [then, now] = [dropped.get(reason) ?? 0, drops.get(reason) ?? 0];
    if (Math.abs(now - then) >= droppedChange) alerts.push({ kind: 'dropped', source: '', of: reason, before: then, after: now, message: `${reason}: drops ${percent(now)} of the documents, ${percent(then)} before` });
  }
  for (const [source, values] of Object.entries(after.dimensions)) {
    for (const [dimension, now] of Object.entries(values)) {
      const then = Object.hasOwn(before.dimensions, source) ? before.dimensions[source]?.[dimension as keyof typeof values] : undefined;
      if (typeof then === 'number' && now !== null && then - now >= dimensionFall) alerts.push({ kind: 'dimension', source, of: dimension, before: then, after: now, message: `${source}: ${dimension} fell from ${then.toFixed(3)} to ${now.toFixed(3)}` });
    }
  }
  for (const { source, measure, psi: index, drifted, mostChanged: { bin, before: then, after: now } } of sourceDrift(before.statistics, after.statistics, { threshold: psi })) {
    if (drifted) alerts.push({ kind: 'distribution', source, of: measure, before: then, after: now, message: `${source}: ${measure} drifted, index ${index.toFixed(2)}; ${JSON.stringify(bin)} went from ${percent(then)} to ${percent(now)}` });
  }
  return alerts;
}

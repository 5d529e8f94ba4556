import type { SourceStatistics } from '../provenance/source-statistics.ts';
import { evenness, OTHER_VALUES } from './distribution.ts';
import type { SourceMeasures } from './source-measures.ts';

export type DataDimension = 'accuracy' | 'completeness' | 'consistency' | 'timeliness' | 'relevance' | 'diversity';

export const DATA_DIMENSIONS: readonly DataDimension[] = ['accuracy', 'completeness', 'consistency', 'timeliness', 'relevance', 'diversity'];

export interface DimensionValue {
  /** 0 to 1; null where nothing could be measured. */
  readonly value: number | null;
  /** The counts and shares that it is made of. */
  readonly evidence: Readonly<Record<string, number>>;
}

const mean = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
};

function mostFrequent(forms: ReadonlyMap<string, number>, part: number): string {
  const counts = new Map<string, number>();
  for (const [form, count] of forms) {
    if (form === OTHER_VALUES) continue;
    const value = (JSON.parse(form) as string[])[part] as string;
    counts.set(value, (counts.get(value) ?? 0) + count);
  }
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best), ['', 0] as [string, number])[0];
}

function consistencyOf({ documents, forms }: SourceMeasures, conflicts: number): DimensionValue {
  const modes = [0, 1, 2].map((part) => mostFrequent(forms, part));
  let agree = 0;
  const differ = [0, 0, 0];
  for (const [form, count] of forms) {
    const parts = form === OTHER_VALUES ? ['?', '?', '?'] : (JSON.parse(form) as string[]);
    const different = modes.map((mode, i) => parts[i] !== mode);
    for (const [i, is] of different.entries()) if (is) differ[i] = (differ[i] as number) + count;
    if (!different.includes(true)) agree += count;
  }
  const conflicting = Math.min(documents, Math.round(conflicts));
  return { value: (agree / documents) * (1 - conflicting / documents), evidence: { otherFields: differ[0] as number, otherLanguage: differ[1] as number, otherEncoding: differ[2] as number, conflictingNumbers: conflicting } };
}

/** The six values of a source out of what was counted of it. */
export function dimensionsOf(measures: SourceMeasures, statistics: SourceStatistics, { conflicts, halfLifeDays, judged, related }: { conflicts: number; halfLifeDays: number; judged: boolean; related: boolean }): Readonly<Record<DataDimension, DimensionValue>> {
  const { documents, accuracy, damage, complete, missing, brokenOff, dated, future, fresh, ageDays, relevance, leastRelevance, mostRelevance, domains, ngrams } = measures;
  const parts: Record<string, number | null> = {
    distinctTrigrams: ngrams.ratio(), evennessOfDomains: evenness(Object.fromEntries(domains)), evennessOfLanguages: evenness(statistics.bins.language), evennessOfLengths: evenness(statistics.bins.characters),
  };
  return {
    accuracy: { value: accuracy / documents, evidence: { ...damage, ...(judged ? { sumOfJudgements: accuracy } : {}) } },
    completeness: { value: complete / documents, evidence: { ...Object.fromEntries(Object.entries(missing).map(([name, count]) => [`without ${name}`, count])), breakOff: brokenOff } },
    consistency: consistencyOf(measures, conflicts),
    timeliness: { value: dated === 0 ? null : fresh / dated, evidence: { dated, undatedShare: (documents - dated - future) / documents, inTheFuture: future, ...(dated === 0 ? {} : { meanAgeDays: ageDays / dated }), halfLifeDays } },
    relevance: related ? { value: relevance / documents, evidence: { least: leastRelevance, most: mostRelevance } } : { value: null, evidence: {} },
    diversity: { value: mean(Object.values(parts)), evidence: Object.fromEntries(Object.entries(parts).filter((part): part is [string, number] => part[1] !== null)) },
  };
}

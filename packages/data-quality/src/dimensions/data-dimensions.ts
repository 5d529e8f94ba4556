import type { LanguageIdentifier } from '../language/identify-language.ts';
import { provenanceOf } from '../provenance/provenance.ts';
import { createSourceStatistics, type BinCounts, type SourceStatistics } from '../provenance/source-statistics.ts';
import type { Document } from '../types.ts';
import { dimensionsOf, type DataDimension, type DimensionValue } from './dimension-values.ts';
import { distributionOf, type Distribution } from './distribution.ts';
import { numberConflicts } from './number-conflicts.ts';
import { emptyMeasures, measureDocument, type MeasureOptions, type SourceMeasures } from './source-measures.ts';

export interface SourceDimensions {
  readonly source: string;
  readonly documents: number;
  readonly dimensions: Readonly<Record<DataDimension, DimensionValue>>;
  readonly statistics: SourceStatistics;
}

export interface DataDimensions {
  /** By the name of the source. */
  readonly sources: readonly SourceDimensions[];
  /** Over all sources: language, domain, length (code points, by factors of 2), year and licence. */
  readonly distributions: readonly Distribution[];
  /** One sentence for each distribution in which one value has more than its share. */
  readonly warnings: readonly string[];
}

export interface DataDimensionsOptions {
  /** What a document counts to. Default: the source of `provenanceOf`, or '' where it has none. */
  readonly by?: (document: Document) => string;
  /** The day up to which ages count, ISO 8601. Default: now. */
  readonly referenceDate?: string;
  /** The age at which a document counts half. Default 365. */
  readonly halfLifeDays?: number;
  /** Fields that no document may lack, of the document, its meta or its provenance. Default `text`. */
  readonly requiredFields?: readonly string[];
  /** How right a text is, 0 to 1; a model, a look-up, a person's label. Default: 1. */
  readonly judge?: (document: Document) => number;
  /** How much a text is about what is wanted, 0 to 1: `relevanceTo(terms)`, a classifier. Without one there is no relevance. */
  readonly relevance?: (document: Document) => number;
  readonly identify?: LanguageIdentifier;
  /** Share of one value from which a distribution is skewed. Default 0.8. */
  readonly maxShare?: number;
}

export interface DimensionCounter {
  add(document: Document): void;
  report(): DataDimensions;
}

function added(all: readonly BinCounts[]): BinCounts {
  const sum = new Map<string, number>();
  for (const counts of all) for (const [value, count] of Object.entries(counts)) sum.set(value, (sum.get(value) ?? 0) + count);
  return Object.fromEntries(sum);
}

function warningOf({ of, largest: [first], documents }: Distribution): string {
  return `${of}: ${((first?.share ?? 0) * 100).toFixed(0)} % of ${documents} documents are ${JSON.stringify(first?.value)}`;
}

/**
 * `dataDimensions` for documents that come one at a time.
 *
 * @example
 * ```ts
 * import { createDataDimensions } from '@llm/data-quality';
 * const dimensions = createDataDimensions({ referenceDate: '2025-01-01' });
 * dimensions.add({ id: 'a', text: 'Written a year before.', source: 's', meta: { date: '2024-01-02' } });
 * console.assert(dimensions.report().sources[0]?.dimensions.timeliness.value === 0.5);
 * ```
 */
export function createDataDimensions(options: DataDimensionsOptions = {}): DimensionCounter {
  const { by = (document) => provenanceOf(document).source ?? '', referenceDate, halfLifeDays = 365, requiredFields = ['text'], judge, relevance, identify, maxShare } = options;
  const referenceTime = referenceDate === undefined ? Date.now() : Date.parse(referenceDate);
  if (!Number.isFinite(referenceTime)) throw new RangeError(`dataDimensions: expected referenceDate as ISO 8601 but found ${JSON.stringify(referenceDate)}. Write it as 2025-01-31.`);
  if (!(halfLifeDays > 0)) throw new RangeError(`dataDimensions: expected halfLifeDays above 0 but found ${halfLifeDays}. Leave it out for a year.`);
  const measured: MeasureOptions = { requiredFields, referenceTime, halfLifeDays, judge, relevance };
  const statistics = createSourceStatistics({ by, ...(identify ? { identify } : {}) });
  const conflicts = numberConflicts();
  const sources = new Map<string, SourceMeasures>();
  return {
    add(document) {
      const source = by(document);
      let measures = sources.get(source);
      if (!measures) sources.set(source, (measures = emptyMeasures(requiredFields)));
      const language = statistics.add(document);
      measureDocument(document, measures, { ...measured, language });
      conflicts.add(document.text, source);
    },
    report() {
      const conflicting = conflicts.bySource();
      const all = statistics.report().map((each): SourceDimensions => {
        const measures = sources.get(each.source) as SourceMeasures;
        const dimensions = dimensionsOf(measures, each, { conflicts: conflicting.get(each.source) ?? 0, halfLifeDays, judged: judge !== undefined, related: relevance !== undefined });
        return { source: each.source, documents: each.documents, dimensions, statistics: each };
      });
      const documents = all.reduce((sum, each) => sum + each.documents, 0);
      const counted = (of: 'domains' | 'years'): BinCounts => added([...sources.values()].map((each) => Object.fromEntries(each[of])));
      const counts: Record<string, BinCounts> = {
        language: added(all.map((each) => each.statistics.bins.language)), domain: counted('domains'), length: added(all.map((each) => each.statistics.bins.characters)),
        year: counted('years'), licence: added(all.map((each) => each.statistics.bins.license)),
      };
      const distributions = Object.entries(counts).map(([of, bins]) => {
        const { '': none = 0, ...known } = bins;
        const missing = documents - Object.values(known).reduce((sum, count) => sum + count, 0);
        return distributionOf(none > 0 ? known : bins, { of, missing, ...(maxShare === undefined ? {} : { maxShare }) });
      });
      return { sources: all, distributions, warnings: distributions.filter(({ skewed }) => skewed).map(warningOf) };
    },
  };
}

/**
 * Six dimensions of each source of a stream of documents, each 0 to 1 with the counts it is made of, and how the whole spreads
 * over languages, domains, lengths, years and licences. Means over the n documents of a source:
 *
 *   accuracy      Σ [no damage] · judge / n                     damage: `textDamage`
 *   completeness  Σ [required fields are there] [`breaksOff` is false] / n
 *   consistency   Σ [fields, language and encoding are the most frequent of the source] / n · (1 − conflicts / n)
 *   timeliness    Σ 2^(−age / half-life) / dated documents      null where none is dated; ages never below 0
 *   relevance     Σ relevance / n                               null without a function
 *   diversity     mean of: different / all 3-grams of words, and the `evenness` of domains, languages and lengths, where there are any
 *
 * A conflict is a document that differs from another one in its numbers only, of eight words or more (`simplifyText` is the same).
 * 3-grams are counted in windows of 2,048, conflicts in at most 65,536 texts and above that estimated: memory does not grow with the
 * documents, only with the number of sources, some 20 KiB each.
 *
 * Throws RangeError for a date that is none, and for a judgement or a relevance outside 0 to 1.
 *
 * @example
 * ```ts
 * import { dataDimensions } from '@llm/data-quality';
 * const documents = [{ id: 'a', text: 'The harbour was quiet.', source: 'wiki' }, { id: 'b', text: 'D\ufffdj\ufffd vu.', source: 'wiki' }];
 * const { sources } = await dataDimensions(documents, { referenceDate: '2025-01-01' });
 * console.assert(sources[0]?.dimensions.accuracy.value === 0.5 && sources[0].dimensions.accuracy.evidence.replacementCharacters === 1);
 * ```
 */
export async function dataDimensions(documents: AsyncIterable<Document> | Iterable<Document>, options: DataDimensionsOptions = {}): Promise<DataDimensions> {
  const dimensions = createDataDimensions(options);
  for await (const document of documents) dimensions.add(document);
  return dimensions.report();
}

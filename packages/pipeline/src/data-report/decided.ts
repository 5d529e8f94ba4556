import { createLedger, type Document, type Dropped, exactDedup, type Filter, type LedgerReport, type Rule } from '@llm/data-quality';
import { readDocuments } from '@llm/data-quality/node';
import type { FilterSet } from '../corpus/filters.ts';
import { inputPath } from '../corpus/input-path.ts';

/** A rule with the filter it belongs to. */
export interface NamedRule extends Rule {
  readonly filter: string;
  /** Whether every document has its number, not only those it dropped. */
  readonly measured: boolean;
}

/** What every rule measured, by filter and reason. */
export type Measures = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What became of one document. */
export interface Decided {
  readonly id: string;
  readonly kept: boolean;
  readonly filter?: string | undefined;
  readonly reason?: string | undefined;
  readonly measured?: number | undefined;
  readonly threshold?: number | undefined;
  readonly comparison?: 'min' | 'max' | undefined;
  readonly measures: Measures;
  /** As it came in; none where only the decision is known. */
  readonly document?: Document | undefined;
  /** As it goes out; none where it is dropped, or where what goes out is read by itself. */
  readonly out?: Document | undefined;
}

/** A data set with the decision on each of its documents. */
export interface DecidedData {
  /** For the head of the page. */
  readonly title: string;
  readonly description: string;
  readonly rules: readonly NamedRule[];
  decisions(): AsyncIterable<Decided>;
  /** What went out, where `decisions` does not give it. */
  kept?(): AsyncIterable<Document>;
  /** Complete once `decisions` has been read to its end. */
  ledger(): LedgerReport;
  /** Beginnings of dropped documents, where `decisions` does not give their texts. */
  readonly examples?: readonly DropBeginning[];
}

export interface DropBeginning {
  readonly id: string;
  readonly reason: string;
  readonly measured: number;
  readonly text: string;
}

/** The rules of filters, in order. */
export function namedRules(filters: readonly Filter[]): NamedRule[] {
  return filters.flatMap(({ name, rules, measure }) => rules.map((rule) => ({ ...rule, filter: name, measured: measure !== undefined })));
}

/**
 * Decides on a document and measures what can be measured: after the first filter that drops it the others only measure, since one
 * that remembers must not see what the run does not let it see.
 */
export function decide(document: Document, filters: readonly Filter[]): { verdict: (Dropped & { filter: string }) | undefined; measures: Measures; out: Document } {
  const measures: Record<string, Readonly<Record<string, number>>> = {};
  let verdict: (Dropped & { filter: string }) | undefined;
  let out = document;
  for (const filter of filters) {
    if (filter.measure) measures[filter.name] = filter.measure(out);
    if (verdict) continue;
    const found = filter.check(out);
    if (!found.keep) verdict = { ...found, filter: filter.name };
    else out = found.document ?? out;
  }
  return { verdict, measures, out };
}

export interface DecidePathsOptions {
  readonly filters: FilterSet;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly skipBad: number;
  readonly textField: string;
  /** The filters, changed: by overrides, by a block list. */
  readonly wrap?: (filters: Filter[]) => Filter[];
}

/** Reads files and folders and decides on each document as a run would. */
export function decidePaths(paths: readonly string[], { filters: set, cwd, signal, skipBad, textField, wrap = (filters) => filters }: DecidePathsOptions): DecidedData {
  let ledger = createLedger();
  // Deduplication last, as `llm data` does it over all of the data.
  const filtersOf = (): Filter[] => wrap([...set.rules(), ...(set.dedup ? [exactDedup()] : [])]);
  return {
    title: paths.join(', '),
    description: `${set.name}: ${set.description}`,
    rules: namedRules(filtersOf()),
    async *decisions() {
      ledger = createLedger();
      const filters = filtersOf();
      for await (const document of readDocuments(paths.map((path) => inputPath(path, cwd)), { ledger, signal, skipBad, textField })) {
        ledger.sawDocument(document);
        const { verdict, measures, out } = decide(document, filters);
        if (verdict) ledger.droppedDocument(out, { filter: verdict.filter, verdict });
        else ledger.keptDocument(out);
        yield { id: document.id, kept: verdict === undefined, measures, document, ...(verdict ? { filter: verdict.filter, reason: verdict.reason, measured: verdict.measured, threshold: verdict.threshold, comparison: verdict.comparison } : { out }) };
      }
    },
    ledger: () => ledger.toJSON(),
  };
}

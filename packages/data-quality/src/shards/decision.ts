import { finite } from '../histogram.ts';
import type { Ledger } from '../ledger.ts';
import type { Comparison, Document, Dropped, Filter } from '../types.ts';
import { filter, isFilterStep, type Step } from './step.ts';

/** What became of one document, and why. */
export interface Decision {
  readonly id: string;
  readonly source?: string;
  /** Of its text when it was decided on, in UTF-16 units. */
  readonly characters: number;
  readonly kept: boolean;
  readonly filter?: string;
  readonly reason?: string;
  readonly measured?: number;
  readonly threshold?: number;
  readonly comparison?: Comparison;
  /** By filter and reason what was measured, where it was asked for, up to the step over all shards before which it was decided; null where there is nothing to measure. */
  readonly measures?: Measures;
}

/** Numbers by filter and then by reason. */
export type Measures = Readonly<Record<string, Readonly<Record<string, number | null>>>>;

/** A document that was dropped, to judge the rule by. */
export interface DropExample extends Pick<Decision, 'id' | 'source' | 'filter' | 'reason' | 'measured' | 'threshold' | 'comparison'> {
  readonly text: string;
}

const about = ({ id, source }: Document): Pick<Decision, 'id' | 'source'> => ({ id, ...(source === undefined ? {} : { source }) });

/** The decision to keep a document. */
export function keptDecision(document: Document, measures: Measures | undefined): Decision {
  return { ...about(document), characters: document.text.length, kept: true, ...(measures ? { measures } : {}) };
}

/** The decision to drop one. */
export function droppedDecision(document: Document, { filter: by, verdict, measures }: { filter: string; verdict: Dropped; measures: Measures | undefined }): Decision {
  const { reason, measured, threshold, comparison } = verdict;
  return { ...about(document), characters: document.text.length, kept: false, filter: by, reason, measured: finite(measured), threshold, comparison, ...(measures ? { measures } : {}) };
}

/** A ledger that also tells of each document that is dropped. */
export function tellingLedger(ledger: Ledger, onDrop: (document: Document, by: { readonly filter: string; readonly verdict: Dropped }) => void): Ledger {
  return {
    ...ledger,
    droppedDocument: (document, by) => {
      ledger.droppedDocument(document, by);
      onDrop(document, by);
    },
  };
}

/** What filters measured of the documents on their way. */
export interface Measuring {
  /** The same steps; those that are filters measure every document before they judge it. */
  readonly steps: readonly Step[];
  /** What has been measured so far. */
  of(document: Document): Measures | undefined;
  /** The same of a document that a filter dropped, with what the filters behind it among these steps would have measured; not those behind a step over all shards. */
  ofDropped(document: Document, by: string): Measures | undefined;
  /** Goes on from what was measured before. */
  begin(document: Document, measures: Measures | undefined): void;
}

/** Lets steps measure, or only carries on what was measured before. */
export function measuring(steps: readonly Step[], { measure }: { measure: boolean }): Measuring {
  const found = new WeakMap<Document, Measures>();
  const filters = steps.filter(isFilterStep).map((step) => step.filter);
  const measured = (of: Filter, document: Document): Measures | undefined => {
    const before = found.get(document);
    return measure && of.measure ? { ...before, [of.name]: of.measure(document) } : before;
  };
  const watched = (of: Filter): Filter => ({
    ...of,
    check: (document) => {
      const measures = measured(of, document);
      const verdict = of.check(document);
      if (measures) found.set(verdict.keep ? (verdict.document ?? document) : document, measures);
      return verdict;
    },
  });
  return {
    steps: steps.map((step) => (isFilterStep(step) ? filter(watched(step.filter)) : step)),
    of: (document) => found.get(document),
    ofDropped: (document, by) => {
      const place = filters.findIndex(({ name }) => name === by);
      for (const behind of place < 0 ? [] : filters.slice(place + 1)) {
        const measures = measured(behind, document);
        if (measures) found.set(document, measures);
      }
      return found.get(document);
    },
    begin: (document, measures) => {
      if (measures) found.set(document, measures);
    },
  };
}

import { histogram, type Histogram, type HistogramReport } from './histogram.ts';
import { plainTable } from './plain-table.ts';
import { codePoints, utf8Bytes } from './text-length.ts';
import type { Comparison, Document, Dropped, Rule } from './types.ts';

export interface Amount {
  readonly documents: number;
  /** Unicode code points. */
  readonly characters: number;
  /** In UTF-8. */
  readonly bytes: number;
}

export interface DroppedReport extends Amount {
  readonly filter: string;
  readonly reason: string;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly measured: HistogramReport;
  /** Ids of the first few. */
  readonly examples: readonly string[];
}

export interface SkippedReport {
  readonly reason: string;
  readonly count: number;
  readonly examples: readonly string[];
}

export interface LedgerReport {
  readonly in: Amount;
  readonly out: Amount;
  /** What filters dropped, most documents first. */
  readonly dropped: readonly DroppedReport[];
  /** What never became a document: bad lines, links, other file types. */
  readonly skipped: readonly SkippedReport[];
}

/** Counts what goes in, what comes out, and why the rest did not. */
export interface Ledger {
  sawDocument(document: Document): void;
  keptDocument(document: Document): void;
  droppedDocument(document: Document, by: { readonly filter: string; readonly verdict: Dropped }): void;
  /** Something a reader passed over before it became a document. */
  skippedInput(reason: string, what: string): void;
  /** Adds what another ledger counted, such as that of another part of the same data: totals, bins and examples. */
  merge(report: LedgerReport): void;
  toJSON(): LedgerReport;
  /** The report as a plain text table for a terminal; control characters of ids are made visible. */
  table(): string;
}

export interface LedgerOptions {
  /** Example ids kept for each reason. Default 5. */
  readonly maxExamples?: number;
}

interface Tally {
  documents: number;
  characters: number;
  bytes: number;
}

function count(tally: Tally, { text }: Document): void {
  tally.documents++;
  tally.characters += codePoints(text);
  tally.bytes += utf8Bytes(text);
}

function add(tally: Tally, { documents, characters, bytes }: Amount): void {
  tally.documents += documents;
  tally.characters += characters;
  tally.bytes += bytes;
}

const byOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(3));
const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);
// An id from the data must not be able to send escape sequences to a terminal.
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�');

/**
 * A ledger for `filterDocuments` and the readers; its size depends on the number of reasons, not of documents.
 *
 * @example
 * ```ts
 * import { createLedger, filterDocuments, gopherQuality } from '@llm/data-quality';
 * const ledger = createLedger();
 * for await (const _ of filterDocuments([{ id: 'a', text: 'too short' }], [gopherQuality()], { ledger }));
 * console.assert(ledger.toJSON().dropped[0]?.measured.max === 2);
 * ```
 */
export function createLedger({ maxExamples = 5 }: LedgerOptions = {}): Ledger {
  const seen: Tally = { documents: 0, characters: 0, bytes: 0 };
  const kept: Tally = { documents: 0, characters: 0, bytes: 0 };
  const drops = new Map<string, { tally: Tally; filter: string; rule: Rule; values: Histogram; examples: string[] }>();
  const skips = new Map<string, { count: number; examples: string[] }>();

  const toJSON = (): LedgerReport => ({
    in: { ...seen },
    out: { ...kept },
    dropped: [...drops.values()]
      .sort((a, b) => b.tally.documents - a.tally.documents || byOrder(a.rule.reason, b.rule.reason))
      .map(({ tally, filter, rule, values, examples }) => ({
        filter,
        reason: rule.reason,
        comparison: rule.comparison,
        threshold: rule.threshold,
        ...tally,
        measured: values.report(),
        examples: [...examples],
      })),
    skipped: [...skips].sort(([x, a], [y, b]) => b.count - a.count || byOrder(x, y)).map(([reason, { count: times, examples }]) => ({ reason, count: times, examples: [...examples] })),
  });

  const entryOf = (filter: string, rule: Rule): { tally: Tally; values: Histogram; examples: string[] } => {
    const key = `${filter}\n${rule.reason}`;
    let entry = drops.get(key);
    if (!entry) {
      entry = { tally: { documents: 0, characters: 0, bytes: 0 }, filter, rule, values: histogram(rule.threshold), examples: [] };
      drops.set(key, entry);
    }
    return entry;
  };
  const skip = (reason: string, times: number, examples: readonly string[]): void => {
    let entry = skips.get(reason);
    if (!entry) skips.set(reason, (entry = { count: 0, examples: [] }));
    entry.count += times;
    entry.examples.push(...examples.slice(0, maxExamples - entry.examples.length));
  };

  return {
    sawDocument: (document) => count(seen, document),
    keptDocument: (document) => count(kept, document),
    droppedDocument: (document, { filter, verdict }) => {
      const entry = entryOf(filter, verdict);
      count(entry.tally, document);
      entry.values.add(verdict.measured);
      if (entry.examples.length < maxExamples) entry.examples.push(document.id);
    },
    skippedInput: (reason, what) => skip(reason, 1, [what]),
    merge: (report) => {
      add(seen, report.in);
      add(kept, report.out);
      for (const { filter, reason, threshold, comparison, measured, examples, ...amount } of report.dropped) {
        const entry = entryOf(filter, { reason, threshold, comparison });
        add(entry.tally, amount);
        entry.values.merge(measured);
        entry.examples.push(...examples.slice(0, maxExamples - entry.examples.length));
      }
      for (const { reason, count: times, examples } of report.skipped) skip(reason, times, examples);
    },
    toJSON,
    table: () => {
      const report = toJSON();
      const lines = [
        plainTable(
          ['', 'documents', 'characters', 'bytes'],
          [
            ['in', report.in.documents, report.in.characters, report.in.bytes],
            ['out', report.out.documents, report.out.characters, report.out.bytes],
            ['kept', percent(report.out.documents, report.in.documents), percent(report.out.characters, report.in.characters), percent(report.out.bytes, report.in.bytes)],
          ],
        ),
      ];
      if (report.dropped.length > 0) {
        const rows = report.dropped.map((row) => {
          const { min, max, mean } = row.measured;
          const needed = `${row.comparison === 'min' ? '≥' : '≤'} ${number(row.threshold)}`;
          return [row.reason, row.documents, percent(row.documents, report.in.documents), row.characters, needed, number(min), number(mean), number(max), printable(row.examples.slice(0, 2).join(', '))];
        });
        lines.push(plainTable(['dropped because', 'documents', 'of all', 'characters', 'needed', 'lowest', 'mean', 'highest', 'such as'], rows));
      }
      if (report.skipped.length > 0) {
        lines.push(plainTable(['never read', 'times', 'such as'], report.skipped.map((row) => [row.reason, row.count, printable(row.examples.slice(0, 2).join(', '))])));
      }
      return lines.join('\n\n');
    },
  };
}

import {
  createDataDimensions, createManifest, createReviewQueue, type DataDimensions, type Document, type FeedbackSummary, type LedgerReport, nearestRule, normalizeForDedup, type ReviewItem, textHash,
} from '@llm/data-quality';
import type { Decided, DecidedData, NamedRule } from './decided.ts';
import { type PersonalData, personalData, withoutPersonalData } from './personal-data.ts';
import { ruleBins, type RuleBins, sampleCodes } from './rule-bins.ts';
import { ruleSample } from './rule-sample.ts';
import { sourceOf } from './source-of.ts';
import { changeBetween, type VersionChange, versionFrom, type VersionOfData } from './versions.ts';

export interface PageExample {
  readonly id: string;
  readonly kept: boolean;
  readonly reason: string;
  readonly measured: number | null;
  readonly threshold: number | null;
  readonly picked: ReviewItem['picked'] | 'first';
  readonly text: string;
}

/** How many groups of duplicates there are of each size. */
export interface ClusterSizes {
  readonly reason: string;
  readonly sizes: readonly { readonly size: number; readonly groups: number }[];
}

/** All that the report shows, as data. */
export interface DataPage {
  readonly title: string;
  readonly description: string;
  readonly ledger: LedgerReport;
  /** Rules whose number is known of every document. */
  readonly rules: readonly RuleBins[];
  /** The others, whose thresholds cannot be moved here. */
  readonly unmeasured: readonly NamedRule[];
  /** What the page computes with: codes of all documents or of a random part; `of` and `kept` are of all. */
  readonly sample: { readonly documents: number; readonly of: number; readonly kept: number; readonly codes: string };
  readonly examples: readonly PageExample[];
  /** Of what was kept. */
  readonly dimensions: DataDimensions;
  /** In what was kept. */
  readonly personal: readonly PersonalData[];
  readonly clusters: readonly ClusterSizes[];
  readonly versions?: VersionChange;
  readonly feedback?: FeedbackSummary;
}

const EXAMPLE_UNITS = 600;
const EXAMPLES = 80;

/** The rule that came nearest to deciding otherwise. */
export function nearestTo({ measures }: Decided, rules: readonly NamedRule[]): ReturnType<typeof nearestRule> {
  return nearestRule(rules, Object.assign({}, ...Object.values(measures)) as Record<string, number>);
}

function clusterCounts(): { add(decided: Decided): void; report(): ClusterSizes[] } {
  const copies = new Map<string, number>();
  const groups = new Map<number, number>();
  return {
    add({ reason, measured = 0, document }) {
      if (reason === 'near_duplicate' && measured > 1) groups.set(measured, (groups.get(measured) ?? 0) + 1);
      if (reason !== 'exact_duplicate' || document === undefined) return;
      const hash = textHash(normalizeForDedup(document.text));
      copies.set(hash, (copies.get(hash) ?? 0) + 1);
    },
    report() {
      const exact = new Map<number, number>();
      for (const count of copies.values()) exact.set(count + 1, (exact.get(count + 1) ?? 0) + 1);
      // Of a group all but one are dropped, and each tells the size of the group.
      const near = [...groups].map(([size, dropped]) => [size, Math.round(dropped / (size - 1))] as const);
      return [['exact_duplicate', [...exact]] as const, ['near_duplicate', near] as const]
        .map(([reason, sizes]) => ({ reason, sizes: sizes.map(([size, count]) => ({ size, groups: count })).sort((a, b) => a.size - b.size) }))
        .filter(({ sizes }) => sizes.length > 0);
    },
  };
}

export interface CollectOptions {
  readonly referenceDate?: string | undefined;
  readonly relevance?: ((document: Document) => number) | undefined;
  /** An earlier version to compare with, and when this one is taken. */
  readonly against?: { readonly before: VersionOfData; readonly at: string } | undefined;
}

/** Reads a data set once and makes all that the report shows of it. */
export async function collectPage(data: DecidedData, { referenceDate, relevance, against }: CollectOptions = {}): Promise<DataPage> {
  const rules = data.rules.filter(({ measured }) => measured);
  const sample = ruleSample(rules);
  const dimensions = createDataDimensions({ by: sourceOf, ...(referenceDate === undefined ? {} : { referenceDate }), ...(relevance === undefined ? {} : { relevance }) });
  const personal = personalData();
  const clusters = clusterCounts();
  const queue = createReviewQueue({ size: EXAMPLES, keptShare: 0.15, maxUnits: EXAMPLE_UNITS });
  let keptDocuments = 0;
  const addKept = (document: Document): void => {
    dimensions.add(document);
    personal.add(document);
  };
  // What goes out is handed on, so that a version of it can be made in the same pass.
  async function* pass(): AsyncGenerator<Document> {
    for await (const decided of data.decisions()) {
      sample.add(decided);
      clusters.add(decided);
      const { document, out, kept } = decided;
      if (kept) keptDocuments++;
      if (document) queue.add({ ...(kept ? nearestTo(decided, rules) : decided), document, kept });
      if (!out) continue;
      addKept(out);
      yield out;
    }
    for await (const document of data.kept?.() ?? []) {
      addKept(document);
      yield document;
    }
  }
  const manifest = against && await createManifest(pass(), { name: data.title });
  if (manifest === undefined) for await (const _ of pass());
  const measured = dimensions.report();
  const bins = ruleBins(rules, sample.documents);
  const shown = queue.items().map(({ id, automatic, reason, measured, threshold, picked, text }): PageExample => ({ id, kept: automatic === 'keep', reason, measured, threshold, picked, text: withoutPersonalData(text) }));
  const first = (data.examples ?? []).map(({ id, reason, measured, text }): PageExample => ({ id, kept: false, reason, measured, threshold: null, picked: 'first', text: withoutPersonalData(text) }));
  return {
    title: data.title, description: data.description, ledger: data.ledger(), rules: bins, unmeasured: data.rules.filter(({ measured }) => !measured),
    sample: { documents: sample.documents.length, of: sample.seen, kept: keptDocuments, codes: sampleCodes(bins, sample.documents) },
    examples: [...shown, ...first], dimensions: measured, personal: personal.report(), clusters: clusters.report(),
    ...(against && manifest ? { versions: changeBetween(against.before, versionFrom(manifest, measured, { at: against.at, data })) } : {}),
  };
}

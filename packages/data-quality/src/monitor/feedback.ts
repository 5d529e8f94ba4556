import { DataError } from '../data-error.ts';
import type { Dropped, Filter } from '../types.ts';
import { provenanceOf } from '../provenance/provenance.ts';

/** What a user said about a document, or about an answer that was learnt from it. */
export interface FeedbackRecord {
  readonly id: string;
  readonly verdict: 'good' | 'bad';
  readonly reason?: string;
  readonly source?: string;
  /** The same user counts once for each document: the last word stands. */
  readonly user?: string;
}

export interface FeedbackOptions {
  /** Users who call a document bad from which it is put before a reviewer. Default 1. */
  readonly reviewAt?: number;
  /** Users who call it bad from which it is blocked until then, where they outnumber those who call it good. Default 3. */
  readonly blockAt?: number;
  /** Documents of a source with feedback, and share of them that are called bad, from which the whole source is blocked. Default 20 and 0.9. */
  readonly blockSourceAt?: { readonly documents: number; readonly badShare: number };
}

export interface FeedbackSummary {
  /** Ids for `createReviewQueue({ reported })`, most complaints first. */
  readonly review: readonly string[];
  /** For `blockList`. */
  readonly block: { readonly ids: readonly string[]; readonly sources: readonly string[] };
  /** Reports by source, '' where none is named. */
  readonly sources: Readonly<Record<string, { readonly good: number; readonly bad: number; readonly documents: number }>>;
  readonly reasons: Readonly<Record<string, number>>;
}

/**
 * A record of feedback out of a line of JSON.
 *
 * Throws DataError E_FEEDBACK where it has no id, or a verdict other than good and bad.
 *
 * @example
 * ```ts
 * import { toFeedback } from '@llm/data-quality';
 * console.assert(toFeedback({ id: 'a', verdict: 'bad', reason: 'wrong' }).reason === 'wrong');
 * ```
 */
export function toFeedback(value: unknown, { file, line }: { readonly file?: string; readonly line?: number } = {}): FeedbackRecord {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const { id, verdict } = given;
  const wrong = typeof id !== 'string' || id === '' ? `the id ${JSON.stringify(id) ?? 'missing'}` : verdict !== 'good' && verdict !== 'bad' ? `the verdict ${JSON.stringify(verdict) ?? 'missing'}` : undefined;
  if (wrong !== undefined) throw new DataError('E_FEEDBACK', { problem: `toFeedback: expected an id, and a verdict of good or bad, but found ${wrong}`, remedy: 'Write {"id": …, "verdict": "bad", "reason": …} on each line.', file, line });
  const texts = (['reason', 'source', 'user'] as const).flatMap((name) => (typeof given[name] === 'string' && given[name] !== '' ? [[name, given[name]] as const] : []));
  return { id: id as string, verdict: verdict as FeedbackRecord['verdict'], ...Object.fromEntries(texts) };
}

/**
 * What follows from feedback: documents that a person should look at, documents and sources that the next run leaves out until
 * somebody has, and counts by source and reason. Reports without a user count one by one.
 *
 * @example
 * ```ts
 * import { blockList, summarizeFeedback } from '@llm/data-quality';
 * const reports = ['ann', 'bob', 'cy'].map((user) => ({ id: 'a', verdict: 'bad', reason: 'wrong', user }) as const);
 * const { review, block } = summarizeFeedback(reports);
 * console.assert(review[0] === 'a' && !blockList(block).check({ id: 'a', text: 'x' }).keep);
 * ```
 */
export function summarizeFeedback(records: Iterable<FeedbackRecord>, { reviewAt = 1, blockAt = 3, blockSourceAt = { documents: 20, badShare: 0.9 } }: FeedbackOptions = {}): FeedbackSummary {
  const last = new Map<string, FeedbackRecord>();
  let anonymous = 0;
  for (const record of records) last.set(JSON.stringify([record.id, record.user ?? anonymous++]), record);
  const documents = new Map<string, { good: number; bad: number; source: string }>();
  // Maps, as a file may name a source or a reason __proto__.
  const reasons = new Map<string, number>();
  const sources = new Map<string, { good: number; bad: number; documents: number; badDocuments: number }>();
  for (const { id, verdict, reason, source } of last.values()) {
    const tally = documents.get(id) ?? { good: 0, bad: 0, source: '' };
    tally[verdict]++;
    if (source !== undefined) tally.source = source;
    documents.set(id, tally);
    if (reason !== undefined && verdict === 'bad') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  for (const { good, bad, source } of documents.values()) {
    const of = sources.get(source) ?? { good: 0, bad: 0, documents: 0, badDocuments: 0 };
    of.good += good;
    of.bad += bad;
    of.documents++;
    if (bad > good) of.badDocuments++;
    sources.set(source, of);
  }
  const complaints = [...documents].filter(([, { bad }]) => bad >= reviewAt).sort(([a, x], [b, y]) => y.bad - x.bad || (a < b ? -1 : 1));
  return {
    review: complaints.map(([id]) => id),
    block: {
      ids: complaints.filter(([, { good, bad }]) => bad >= blockAt && bad > good).map(([id]) => id),
      sources: [...sources].filter(([name, { documents: count, badDocuments }]) => name !== '' && count >= blockSourceAt.documents && badDocuments >= blockSourceAt.badShare * count).map(([name]) => name).sort(),
    },
    sources: Object.fromEntries([...sources].map(([name, { good, bad, documents: count }]) => [name, { good, bad, documents: count }])),
    reasons: Object.fromEntries(reasons),
  };
}

/**
 * A filter that drops documents of given ids (reason blocked_id) and of given sources (blocked_source), each measured as 1 where 0 is
 * allowed. The source is the document's own or that of its provenance.
 *
 * @example
 * ```ts
 * import { blockList } from '@llm/data-quality';
 * const verdict = blockList({ sources: ['spam'] }).check({ id: 'a', text: 'x', source: 'spam' });
 * console.assert(!verdict.keep && verdict.reason === 'blocked_source');
 * ```
 */
export function blockList({ ids = [], sources = [] }: { readonly ids?: readonly string[]; readonly sources?: readonly string[] }): Filter {
  const drop = (reason: string): Dropped => ({ keep: false, reason, measured: 1, threshold: 0, comparison: 'max' });
  const [blockedIds, blockedSources] = [new Set(ids), new Set(sources)];
  return {
    name: 'blockList',
    rules: ['blocked_id', 'blocked_source'].map((reason) => ({ reason, threshold: 0, comparison: 'max' })),
    check: (document) => {
      if (blockedIds.has(document.id)) return drop('blocked_id');
      const names = [document.source, provenanceOf(document).source];
      return names.some((name) => name !== undefined && blockedSources.has(name)) ? drop('blocked_source') : { keep: true };
    },
  };
}

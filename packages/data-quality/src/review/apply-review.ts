import { DataError } from '../data-error.ts';
import type { Document } from '../types.ts';
import type { ReviewedItem } from './read-review.ts';
import type { ReviewVerdict } from './review-item.ts';
import { shownHash, textHash } from './text-hash.ts';

/** What the next run is to do with a document, whatever its rules say. */
export interface ReviewOverride {
  readonly id: string;
  /** Of the text that was judged: a document that has changed since is decided by the rules again. */
  readonly hash: string;
  readonly verdict: ReviewVerdict;
  /** The new text, for `edit`. */
  readonly text?: string;
  readonly note?: string;
}

export interface ApplyReviewOptions {
  /** The documents that the queue was taken from, to find those that changed or are gone. */
  readonly documents: AsyncIterable<Document> | Iterable<Document>;
  /** File name, for messages. */
  readonly source?: string;
}

const SHOWN = 10;
const VERDICTS: readonly string[] = ['keep', 'drop', 'edit'];

/** What is wrong with a line for itself. */
function problemOf({ id, verdict, text, hash, cut, shownHash: shown }: ReviewedItem, seen: ReadonlySet<string>): string | undefined {
  const edited = shownHash(text) !== shown;
  if (seen.has(id)) return `${JSON.stringify(id)} a second time`;
  if ((verdict as string) === '') return `no verdict on ${JSON.stringify(id)}`;
  if (!VERDICTS.includes(verdict)) return `the verdict ${JSON.stringify(verdict)}, which is none of keep, drop and edit,`;
  if (verdict !== 'edit') return edited ? `another text of ${JSON.stringify(id)} under the verdict ${verdict}` : undefined;
  if (cut) return `an edit of ${JSON.stringify(id)}, of which only the beginning was shown,`;
  if (!edited) return `the verdict edit on ${JSON.stringify(id)} with the text as it was`;
  return text.trim() === '' || textHash(text) === hash ? `an edit of ${JSON.stringify(id)} that leaves no text` : undefined;
}

/**
 * Checks a queue that came back, and makes it the list of overrides that `overrideFilters` takes. Refused is, with every line: an id that
 * is not among the documents or comes twice, a missing or unknown verdict, a text that was changed under another verdict than edit, an edit
 * that changes nothing or of a text that was cut, and a document whose text is no longer the one that was judged.
 *
 * Throws DataError E_REVIEW; `line` is the first that is wrong, the message names up to 10.
 *
 * @example
 * ```ts
 * import { applyReview, createReviewQueue } from '@llm/data-quality';
 * const documents = [{ id: 'a', text: 'Buy now!' }];
 * const queue = createReviewQueue({ size: 1 });
 * queue.add({ document: documents[0], kept: true });
 * const judged = queue.items().map((item, i) => ({ ...item, verdict: 'drop' as const, line: i + 1 }));
 * const [override] = await applyReview(judged, { documents });
 * console.assert(override?.id === 'a' && override.verdict === 'drop');
 * ```
 */
export async function applyReview(items: readonly ReviewedItem[], { documents, source }: ApplyReviewOptions): Promise<ReviewOverride[]> {
  const problems: { line: number; found: string }[] = [];
  const awaited = new Map<string, ReviewedItem>();
  const seen = new Set<string>();
  for (const item of items) {
    const found = problemOf(item, seen);
    if (found !== undefined) problems.push({ line: item.line, found });
    if (!seen.has(item.id)) awaited.set(item.id, item);
    seen.add(item.id);
  }
  for await (const { id, text } of documents) {
    const item = awaited.get(id);
    if (!item) continue;
    awaited.delete(id);
    if (textHash(text) !== item.hash) problems.push({ line: item.line, found: `a document ${JSON.stringify(id)} whose text has changed since the queue was exported` });
  }
  for (const { id, line } of awaited.values()) problems.push({ line, found: `the id ${JSON.stringify(id)}, which is not among the documents` });
  if (problems.length > 0) {
    problems.sort((a, b) => a.line - b.line);
    const shown = problems.slice(0, SHOWN).map(({ line, found }) => `line ${line}: ${found}`).join('; ');
    const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : '';
    throw new DataError('E_REVIEW', { problem: `applyReview: expected one verdict of keep, drop or edit on each document of the queue, nothing else changed, but found ${shown}${more}`, remedy: 'Mend these lines, or take out those that are not to be judged; export a new queue where the data has changed.', file: source, line: problems[0]?.line });
  }
  return items.map(({ id, hash, verdict, text, note }) => ({ id, hash, verdict: verdict as ReviewVerdict, ...(verdict === 'edit' ? { text } : {}), ...(note === '' ? {} : { note }) }));
}

import type { Ledger } from './ledger.ts';
import type { Document, Dropped, Filter } from './types.ts';

export interface FilterDocumentsOptions {
  readonly ledger?: Ledger;
  readonly onDrop?: (document: Document, verdict: Dropped) => void;
}

/**
 * The documents that pass every filter, in order and one at a time. The first filter that objects decides; later filters
 * do not see the document.
 *
 * @example
 * ```ts
 * import { createLedger, exactDedup, filterDocuments } from '@llm/data-quality';
 * const ledger = createLedger();
 * const documents = [{ id: 'a', text: 'x' }, { id: 'b', text: 'x' }];
 * for await (const document of filterDocuments(documents, [exactDedup()], { ledger })) console.assert(document.id === 'a');
 * console.assert(ledger.toJSON().dropped[0]?.reason === 'exact_duplicate');
 * ```
 */
export async function* filterDocuments(documents: AsyncIterable<Document> | Iterable<Document>, filters: readonly Filter[], { ledger, onDrop }: FilterDocumentsOptions = {}): AsyncGenerator<Document> {
  next: for await (const original of documents) {
    ledger?.sawDocument(original);
    let document = original;
    for (const filter of filters) {
      const verdict = filter.check(document);
      if (!verdict.keep) {
        ledger?.droppedDocument(document, { filter: filter.name, verdict });
        onDrop?.(document, verdict);
        continue next;
      }
      document = verdict.document ?? document;
    }
    ledger?.keptDocument(document);
    yield document;
  }
}

import type { Document } from '../types.ts';

/** How text came to be in a data set. */
export type CollectionKind = 'open_set' | 'synthetic' | 'user_feedback' | 'expert_annotation';

export const COLLECTION_KINDS: readonly CollectionKind[] = ['open_set', 'synthetic', 'user_feedback', 'expert_annotation'];

export interface Provenance {
  /** Name of the data set, site or campaign. */
  readonly source: string;
  readonly collection: CollectionKind;
  /** SPDX licence expression. */
  readonly license: string;
  readonly url?: string;
  /** When it was fetched or written, ISO 8601. */
  readonly retrieved?: string;
  /** Model, tool or group that made it. */
  readonly madeBy?: string;
}

const FIELDS = ['source', 'collection', 'license', 'url', 'retrieved', 'madeBy'] as const;

/**
 * The provenance that a document carries in `meta.provenance`, as far as it carries any: fields that are no strings are
 * left out, and `source` falls back to the document's own.
 *
 * @example
 * ```ts
 * import { provenanceOf } from '@llm/data-quality';
 * console.assert(provenanceOf({ id: 'a', text: 'x', source: 'wiki', meta: { provenance: { license: 'CC0-1.0' } } }).license === 'CC0-1.0');
 * ```
 */
export function provenanceOf(document: Document): Partial<Provenance> {
  const carried = document.meta?.['provenance'];
  const given = typeof carried === 'object' && carried !== null ? (carried as Readonly<Record<string, unknown>>) : {};
  const fields = FIELDS.flatMap((field) => (typeof given[field] === 'string' ? [[field, given[field]] as const] : []));
  return { ...(document.source === undefined ? {} : { source: document.source }), ...Object.fromEntries(fields) };
}

/**
 * The same documents, each with its provenance in `meta.provenance`; what a document carries already stands, field by field.
 * Give a function where the documents of a stream differ.
 *
 * Throws RangeError for a provenance without source or licence, or with a collection kind that is none.
 *
 * @example
 * ```ts
 * import { withProvenance } from '@llm/data-quality';
 * const documents = withProvenance([{ id: 'a', text: 'x' }], { source: 'wiki', collection: 'open_set', license: 'CC-BY-SA-4.0' });
 * for await (const { meta } of documents) console.assert(meta?.provenance !== undefined);
 * ```
 */
export async function* withProvenance(documents: AsyncIterable<Document> | Iterable<Document>, provenance: Provenance | ((document: Document) => Provenance)): AsyncGenerator<Document> {
  for await (const document of documents) {
    const given = typeof provenance === 'function' ? provenance(document) : provenance;
    for (const field of ['source', 'license'] as const) {
      if (typeof given[field] !== 'string' || given[field] === '') throw new RangeError(`withProvenance: expected a ${field} but found ${JSON.stringify(given[field])} for ${document.id}. Say where the text comes from and under which licence.`);
    }
    if (!COLLECTION_KINDS.includes(given.collection)) throw new RangeError(`withProvenance: expected a collection out of ${COLLECTION_KINDS.join(', ')} but found ${String(given.collection)}. Name one of those.`);
    const carried = provenanceOf(document);
    yield { ...document, meta: { ...document.meta, provenance: { ...given, ...carried, source: carriedSource(document) ?? given.source } } };
  }
}

/** Only a source inside `meta.provenance` stands: `document.source` is mostly the file that was read. */
function carriedSource({ meta }: Document): string | undefined {
  return provenanceOf({ id: '', text: '', ...(meta ? { meta } : {}) }).source;
}

import { type Document, provenanceOf } from '@llm/data-quality';

/** What a document counts to: the source of its provenance, the file it is a line of, or the folder that its file lies in. */
export function sourceOf(document: Document): string {
  const { source: given } = provenanceOf({ ...document, source: '' });
  if (given !== undefined && given !== '') return given;
  const { id, source = '' } = document;
  if (/^https?:\/\//i.test(source)) return new URL(source).host;
  if (source !== id) return source;
  return id.includes('/') ? id.slice(0, id.indexOf('/')) : '.';
}

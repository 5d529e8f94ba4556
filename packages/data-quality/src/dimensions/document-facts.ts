import { provenanceOf } from '../provenance/provenance.ts';
import { hostOf } from '../registered-domain.ts';
import type { Document } from '../types.ts';

const DATES = ['date', 'published', 'timestamp', 'created', 'crawl_date'] as const;

/**
 * When a document was written or fetched, in milliseconds since 1970: the first of `meta.date`, `published`, `timestamp`, `created`,
 * `crawl_date` and the provenance's `retrieved` that is a date; undefined where none is.
 */
export function dateOf(document: Document): number | undefined {
  for (const given of [...DATES.map((name) => document.meta?.[name]), provenanceOf(document).retrieved]) {
    // A bare number may count seconds, milliseconds or years; only a year or a day that is written out is sure.
    const time = typeof given === 'string' && /^\d{4}(-|$)/.test(given) ? Date.parse(given) : Number.NaN;
    if (Number.isFinite(time)) return time;
  }
  return undefined;
}

/** The last two labels of the host of a document's address, where it has one; numbers stay whole. */
export function domainOf(document: Document): string | undefined {
  const { url, source } = provenanceOf(document);
  const address = [url, document.meta?.['url'], source].find((each): each is string => typeof each === 'string' && /^https?:\/\//i.test(each));
  if (address === undefined) return undefined;
  const host = hostOf(address).toLowerCase();
  if (host === '') return undefined;
  return /^[\d.]+$|^\[/.test(host) ? host : host.split('.').slice(-2).join('.');
}

/** A field of the document, of its meta or of its provenance, for checks of what is there. */
export function fieldOf(document: Document, name: string): unknown {
  if (name === 'id' || name === 'text') return document[name];
  const own = (of: object | undefined): unknown => (of && Object.hasOwn(of, name) ? (of as Readonly<Record<string, unknown>>)[name] : undefined);
  return own(provenanceOf(document)) ?? own(document.meta);
}

/** What the documents of one source have in common: the names of their fields, how lines end and whether the text is composed (NFC). */
export function formOf({ text, meta }: Document): { schema: string; encoding: string } {
  return { schema: Object.keys(meta ?? {}).sort().join(','), encoding: `${text.includes('\r\n') ? 'CRLF' : 'LF'}${text === text.normalize('NFC') ? '' : ', not NFC'}` };
}

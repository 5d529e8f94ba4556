import { provenanceOf } from '../provenance/provenance.ts';
import { utf8Bytes } from '../text-length.ts';
import type { Document } from '../types.ts';

export interface CountTokensByOptions {
  /** The source, language or domain of a document. Default: the source of `provenanceOf`, or '' where it has none. */
  readonly by?: (document: Document) => string;
  /** Tokens of a text. Default: bytes in UTF-8, some four to a token of English. */
  readonly tokens?: (text: string) => number;
}

/**
 * Tokens that there are of each source, language or domain, for `planMix`.
 *
 * @example
 * ```ts
 * import { countTokensBy } from '@llm/data-quality';
 * const documents = [{ id: 'a', text: 'one two', source: 'x' }, { id: 'b', text: 'three', source: 'y' }];
 * const amounts = await countTokensBy(documents, { tokens: (text) => text.split(' ').length });
 * console.assert(amounts.x === 2 && amounts.y === 1);
 * ```
 */
export async function countTokensBy(documents: AsyncIterable<Document> | Iterable<Document>, { by = (document) => provenanceOf(document).source ?? '', tokens = utf8Bytes }: CountTokensByOptions = {}): Promise<Record<string, number>> {
  const amounts = new Map<string, number>();
  for await (const document of documents) {
    const key = by(document);
    amounts.set(key, (amounts.get(key) ?? 0) + tokens(document.text));
  }
  return Object.fromEntries(amounts);
}

import { identifyLanguage, type LanguageIdentifier } from '../language/identify-language.ts';
import { codePoints, utf8Bytes } from '../text-length.ts';
import type { Document } from '../types.ts';
import { provenanceOf } from './provenance.ts';

/** How many documents fell into each bin of one measure; the names of numeric bins are their lower ends. */
export type BinCounts = Readonly<Record<string, number>>;

export interface SourceStatistics {
  readonly source: string;
  readonly documents: number;
  readonly bytes: number;
  /** Means of the numeric measures over the documents. */
  readonly means: Readonly<Record<SourceMeasure, number>>;
  readonly bins: Readonly<Record<SourceMeasure | 'language' | 'license', BinCounts>>;
}

/** Code points; code points of a word; shares of letters, of digits and of line feeds among the code points. */
export type SourceMeasure = 'characters' | 'wordLength' | 'letters' | 'digits' | 'lines';

const MEASURES: readonly SourceMeasure[] = ['characters', 'wordLength', 'letters', 'digits', 'lines'];

/** Lengths by factors of 2, words by half a letter, shares by twentieths, except the small ones. */
const BIN: Readonly<Record<SourceMeasure, (value: number) => number>> = {
  characters: (value) => 2 ** Math.floor(Math.log2(Math.max(1, value))),
  wordLength: (value) => Math.min(20, Math.floor(value * 2) / 2),
  letters: (value) => Math.floor(value * 20) / 20,
  digits: (value) => Math.floor(value * 50) / 50,
  lines: (value) => Math.floor(value * 100) / 100,
};

function measure(text: string): Record<SourceMeasure, number> {
  const characters = codePoints(text);
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const words = count(/\S+/gu);
  const share = (part: number): number => (characters === 0 ? 0 : part / characters);
  return { characters, wordLength: words === 0 ? 0 : (characters - count(/\s/gu)) / words, letters: share(count(/\p{L}/gu)), digits: share(count(/\p{Nd}/gu)), lines: share(count(/\n/g)) };
}

/**
 * Statistics of each source of a stream of documents, small and serialisable, to be kept with each version of the data and
 * compared with `sourceDrift`. The source and licence are those of `provenanceOf`.
 *
 * @example
 * ```ts
 * import { sourceStatistics } from '@llm/data-quality';
 * const [wiki] = await sourceStatistics([{ id: 'a', text: 'one two', source: 'wiki' }, { id: 'b', text: 'x9', source: 'wiki' }]);
 * console.assert(wiki?.documents === 2 && wiki.means.digits === 0.25 && wiki.bins.characters['4'] === 1);
 * ```
 */
export async function sourceStatistics(documents: AsyncIterable<Document> | Iterable<Document>, { identify = identifyLanguage }: { readonly identify?: LanguageIdentifier } = {}): Promise<SourceStatistics[]> {
  const sources = new Map<string, { documents: number; bytes: number; sums: Map<SourceMeasure, number>; bins: Map<string, Map<string, number>> }>();
  for await (const document of documents) {
    const { source = '', license = '' } = provenanceOf(document);
    let entry = sources.get(source);
    if (!entry) sources.set(source, (entry = { documents: 0, bytes: 0, sums: new Map(), bins: new Map([...MEASURES, 'language', 'license'].map((name) => [name, new Map()])) }));
    const { sums, bins } = entry;
    entry.documents++;
    entry.bytes += utf8Bytes(document.text);
    const add = (name: string, bin: string): void => void bins.get(name)?.set(bin, (bins.get(name)?.get(bin) ?? 0) + 1);
    const values = measure(document.text);
    for (const name of MEASURES) {
      sums.set(name, (sums.get(name) ?? 0) + values[name]);
      add(name, String(BIN[name](values[name])));
    }
    add('language', identify(document.text).language);
    add('license', license);
  }
  return [...sources]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([source, { documents: count, bytes, sums, bins }]) => ({
      source,
      documents: count,
      bytes,
      means: Object.fromEntries(MEASURES.map((name) => [name, (sums.get(name) ?? 0) / count])) as SourceStatistics['means'],
      bins: Object.fromEntries([...bins].map(([name, counts]) => [name, Object.fromEntries(counts)])) as unknown as SourceStatistics['bins'],
    }));
}

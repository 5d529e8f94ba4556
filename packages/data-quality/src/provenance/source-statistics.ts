import { identifyLanguage, type LanguageIdentifier } from '../language/identify-language.ts';
import { utf8Bytes } from '../text-length.ts';
import { textUnits } from '../text-units.ts';
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

const LETTER = 1, DIGIT = 2, SPACE = 4, UNSEEN = 255;
/** What a UTF-16 unit is, looked up once; halves of a pair are nothing by themselves. */
const kinds = new Uint8Array(65_536).fill(UNSEEN);

function kindOf(char: string): number {
  return (/\p{L}/u.test(char) ? LETTER : 0) | (/\p{Nd}/u.test(char) ? DIGIT : 0) | (/\s/u.test(char) ? SPACE : 0);
}

function measure(text: string): Record<SourceMeasure, number> {
  const units = textUnits(text);
  const { length } = text;
  let [characters, letters, digits, lines, spaces, words] = [length, 0, 0, 0, 0, 0];
  let inWord = false;
  for (let i = 0; i < length; i++) {
    const unit = units[i] as number;
    let kind = kinds[unit] as number;
    if (kind === UNSEEN) kind = kinds[unit] = kindOf(String.fromCharCode(unit));
    if ((unit & 0xfc00) === 0xd800 && i + 1 < length && ((units[i + 1] as number) & 0xfc00) === 0xdc00) {
      kind = kindOf(String.fromCharCode(unit, units[++i] as number));
      characters--;
    }
    letters += kind & LETTER;
    digits += (kind & DIGIT) >> 1;
    if (unit === 10) lines++;
    if (kind & SPACE) {
      spaces++;
      inWord = false;
    } else if (!inWord) {
      words++;
      inWord = true;
    }
  }
  const share = (part: number): number => (characters === 0 ? 0 : part / characters);
  return { characters, wordLength: words === 0 ? 0 : (characters - spaces) / words, letters: share(letters), digits: share(digits), lines: share(lines) };
}

export interface SourceStatisticsOptions {
  /** Default `identifyLanguage`. */
  readonly identify?: LanguageIdentifier;
  /** What a document counts to. Default: the source of `provenanceOf`, or '' where it has none. */
  readonly by?: (document: Document) => string;
}

export interface SourceCounter {
  /** Counts a document, and says which language it was counted as. */
  add(document: Document): string;
  /** By the name of the source. */
  report(): SourceStatistics[];
}

/**
 * `sourceStatistics` for documents that come one at a time.
 *
 * @example
 * ```ts
 * import { createSourceStatistics } from '@llm/data-quality';
 * const statistics = createSourceStatistics({ by: ({ id }) => id.slice(0, 1) });
 * statistics.add({ id: 'a1', text: 'one two' });
 * console.assert(statistics.report()[0]?.source === 'a');
 * ```
 */
export function createSourceStatistics({ identify = identifyLanguage, by = (document) => provenanceOf(document).source ?? '' }: SourceStatisticsOptions = {}): SourceCounter {
  const sources = new Map<string, { documents: number; bytes: number; sums: Map<SourceMeasure, number>; bins: Map<string, Map<string, number>> }>();
  return {
    add(document) {
      const source = by(document);
      const { license = '' } = provenanceOf(document);
      let entry = sources.get(source);
      if (!entry) sources.set(source, (entry = { documents: 0, bytes: 0, sums: new Map(), bins: new Map([...MEASURES, 'language', 'license'].map((name) => [name, new Map()])) }));
      const { sums, bins } = entry;
      entry.documents++;
      entry.bytes += utf8Bytes(document.text);
      const count = (name: string, bin: string): void => void bins.get(name)?.set(bin, (bins.get(name)?.get(bin) ?? 0) + 1);
      const values = measure(document.text);
      for (const name of MEASURES) {
        sums.set(name, (sums.get(name) ?? 0) + values[name]);
        count(name, String(BIN[name](values[name])));
      }
      const { language } = identify(document.text);
      count('language', language);
      count('license', license);
      return language;
    },
    report: () =>
      [...sources]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([source, { documents: count, bytes, sums, bins }]) => ({
          source,
          documents: count,
          bytes,
          means: Object.fromEntries(MEASURES.map((name) => [name, (sums.get(name) ?? 0) / count])) as SourceStatistics['means'],
          bins: Object.fromEntries([...bins].map(([name, counts]) => [name, Object.fromEntries(counts)])) as unknown as SourceStatistics['bins'],
        })),
  };
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
export async function sourceStatistics(documents: AsyncIterable<Document> | Iterable<Document>, options: SourceStatisticsOptions = {}): Promise<SourceStatistics[]> {
  const statistics = createSourceStatistics(options);
  for await (const document of documents) statistics.add(document);
  return statistics.report();
}

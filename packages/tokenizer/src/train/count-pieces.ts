import { alignedText } from '../aligned/aligned-text.ts';
import { readNormalizer } from '../normalizers/read-normalizer.ts';
import { readPreTokenizer } from '../pre-tokenizers/read-pre-tokenizer.ts';
import type { NormalizerJson, PreTokenizerJson } from '../tokenizer-json.ts';

/** What a text goes through before it is counted. */
export interface Pipeline {
  readonly normalizer?: NormalizerJson | null;
  readonly preTokenizer?: PreTokenizerJson | null;
}

const LONE_SURROGATES = /[\ud800-\udfff]/gu;

/** The words that a pipeline cuts `documents` into and how often each occurs, in the order in which they first appear. */
export async function countPieces(
  documents: Iterable<string> | AsyncIterable<string>, { normalizer, preTokenizer }: Pipeline, { caller, pause }: { caller: string; pause: () => Promise<void> | undefined },
): Promise<Map<string, number>> {
  const normalize = readNormalizer(normalizer);
  const cut = readPreTokenizer(preTokenizer);
  const counts = new Map<string, number>();
  let index = 0;
  for await (const document of documents) {
    if (typeof document !== 'string') {
      throw new TypeError(`${caller}: expected documents to be strings but found ${document === null ? 'null' : typeof document} at position ${index}. Read the text of each document first.`);
    }
    index++;
    const text = document.replace(LONE_SURROGATES, '\ufffd');
    for (const piece of cut.run(normalize.run(alignedText(text, { at: 0, tracked: cut.needsPlaces })))) {
      if (piece.text !== '') counts.set(piece.text, (counts.get(piece.text) ?? 0) + 1);
    }
    const pausing = pause();
    if (pausing) await pausing;
  }
  return counts;
}

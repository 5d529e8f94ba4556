import { byteTable, type ByteTable } from './byte-table.ts';
import type { Split } from './split.ts';

/** The distinct pieces of a corpus and how often each occurs. */
export interface WordCounts {
  readonly words: ByteTable;
  /** [words.count] */
  readonly counts: Float64Array;
}

/** Counts the pieces of `documents`; `pause` is awaited after each document. */
export async function countWords(
  documents: Iterable<string> | AsyncIterable<string>,
  { split, pause }: { split: Split; pause: () => Promise<void> | undefined },
): Promise<WordCounts> {
  const words = byteTable();
  const utf8 = new TextEncoder();
  let counts = new Float64Array(1024);
  let index = 0;
  for await (const document of documents) {
    if (typeof document !== 'string') {
      throw new TypeError(
        `trainBpe: expected documents to be strings but found ${document === null ? 'null' : typeof document} at position ${index}. Read the text of each document first.`,
      );
    }
    index++;
    const bytes = utf8.encode(document);
    for (let at = 0; at < bytes.length; ) {
      const end = split.end(bytes, at, bytes.length);
      const word = words.intern(bytes, at, end);
      if (word >= counts.length) {
        const larger = new Float64Array(counts.length * 2);
        larger.set(counts);
        counts = larger;
      }
      counts[word]!++;
      at = end;
    }
    const pausing = pause();
    if (pausing) await pausing;
  }
  return { words, counts };
}

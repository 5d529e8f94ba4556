import { mergeQueue } from './merge-queue.ts';
import type { MergeList } from './merge-word.ts';
import { pairTable } from './pair-table.ts';

/** The distinct words of a corpus as rows of ids. */
export interface SymbolWords {
  /** The tokens that there are before any merge, by id. */
  readonly tokens: readonly string[];
  /** Word i is `symbols[starts[i], starts[i] + sizes[i])`; it is merged in place. */
  readonly symbols: Int32Array;
  readonly starts: Int32Array;
  readonly sizes: Int32Array;
  /** How often each word occurs, [words]. */
  readonly counts: Float64Array;
}

export interface LearnOptions {
  readonly vocabSize: number;
  readonly minFrequency: number;
  readonly maxTokenLength: number;
  /** What a token that goes on with a word has in front, which a merge leaves out. None by default. */
  readonly prefix?: string;
  /** Awaited between merges, with the number of tokens so far. */
  readonly pause: (tokens: number) => Promise<void> | undefined;
}

/** The vocabulary and the merges that were learnt. */
export interface Learnt {
  readonly tokens: string[];
  readonly merges: MergeList;
}

/**
 * Learns merges as the `BpeTrainer` of Hugging Face `tokenizers` does: behind the tokens that there are, one token per merge of the
 * most frequent pair (ties: lowest left id, then lowest right id) until there are `vocabSize` tokens or no pair is frequent enough.
 *
 * Its bookkeeping is kept to the letter where it shows: a merge that spells a known token reuses that id; the count of a
 * merged pair is not reset, which matters when a reused id makes the pair appear again; a pair that is merged twice counts
 * from the later time.
 *
 * Sennrich, Haddow & Birch 2016, https://arxiv.org/abs/1508.07909
 */
export async function learnMerges({ symbols, starts, sizes, counts, tokens: known }: SymbolWords, options: LearnOptions): Promise<Learnt> {
  const { vocabSize, minFrequency, maxTokenLength, prefix = '', pause } = options;
  const tokens = [...known];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  // In symbols of the words as they came, as the pieces of a merge count; special tokens don't matter here until a merge spells one.
  const lengths = tokens.map(() => 1);
  const pairs = pairTable();
  const pairCounts: number[] = [];
  const queue = mergeQueue();
  // Words in which a pair has newly appeared, by pair, since the queue was last filled.
  const appeared = new Map<number, number[]>();

  function change(left: number, right: number, difference: number): number {
    const pair = pairs.intern(left, right);
    pairCounts[pair] = (pairCounts[pair] ?? 0) + difference;
    return pair;
  }

  function appear(left: number, right: number, word: number): void {
    const pair = change(left, right, counts[word]!);
    const words = appeared.get(pair);
    if (!words) appeared.set(pair, [word]);
    else if (words[words.length - 1] !== word) words.push(word);
  }

  function queueAppeared(): void {
    for (const [pair, words] of appeared) {
      const count = pairCounts[pair]!;
      if (count > 0) queue.push({ pair, left: pairs.left(pair), right: pairs.right(pair), count, words });
    }
    appeared.clear();
  }

  function mergeIn(word: number, left: number, right: number, merged: number): void {
    const base = starts[word]!;
    const size = sizes[word]!;
    const count = counts[word]!;
    const length = lengths[merged]!;
    let written = 0;
    for (let read = 0; read < size; ) {
      const symbol = symbols[base + read]!;
      if (symbol !== left || read + 1 >= size || symbols[base + read + 1] !== right) {
        symbols[base + written++] = symbol;
        read++;
        continue;
      }
      if (written > 0) {
        const before = symbols[base + written - 1]!;
        change(before, left, -count);
        if (lengths[before]! + length < maxTokenLength) appear(before, merged, word);
      }
      symbols[base + written++] = merged;
      read += 2;
      if (read < size) {
        const after = symbols[base + read]!;
        change(right, after, -count);
        if (lengths[after]! + length < maxTokenLength) appear(merged, after, word);
      }
    }
    sizes[word] = written;
  }

  for (let word = 0; word < sizes.length; word++) {
    const base = starts[word]!;
    for (let i = 1; i < sizes[word]!; i++) appear(symbols[base + i - 1]!, symbols[base + i]!, word);
  }
  queueAppeared();

  const merges = new Map<number, number>();
  while (tokens.length < vocabSize) {
    const top = queue.first();
    if (!top) break;
    if (top.count !== pairCounts[top.pair]) {
      top.count = pairCounts[top.pair]!;
      queue.settleFirst();
      continue;
    }
    if (top.count < 1 || top.count < minFrequency) break;
    queue.removeFirst();
    const right = tokens[top.right]!;
    const token = tokens[top.left]! + (right.startsWith(prefix) ? right.slice(prefix.length) : right);
    let merged = ids.get(token);
    if (merged === undefined) {
      merged = tokens.length;
      tokens.push(token);
      ids.set(token, merged);
    }
    lengths[merged] = lengths[top.left]! + lengths[top.right]!;
    merges.delete(top.pair);
    merges.set(top.pair, merged);
    for (const word of top.words) mergeIn(word, top.left, top.right, merged);
    queueAppeared();
    const pausing = pause(tokens.length);
    if (pausing) await pausing;
  }
  const order = [...merges.keys()];
  return {
    tokens,
    merges: {
      lefts: Int32Array.from(order, pairs.left),
      rights: Int32Array.from(order, pairs.right),
      results: Int32Array.from(merges.values()),
    },
  };
}

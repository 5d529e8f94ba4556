import { englishWords } from '../english-words.ts';
import { createShingleHasher, type ShingleOptions } from '../minhash/shingles.ts';
import { simplifyText } from '../minhash/simplify-text.ts';
import { xxhash64 } from '../minhash/xxhash.ts';
import type { Document, Filter } from '../types.ts';

/** One example of a benchmark. */
export interface BenchmarkExample {
  readonly task: string;
  /** The right answer. */
  readonly label: string;
  /** What is asked. */
  readonly query?: string;
}

export interface DecontaminateOptions extends Pick<ShingleOptions, 'simplify' | 'words'> {
  readonly examples: Iterable<BenchmarkExample>;
  /** Words in a run. Default 12. */
  readonly ngrams?: number;
  /** Looks for runs within questions too. Default false. */
  readonly findQuery?: boolean;
  /** Looks for runs that begin in a question and end in its answer. Default true. */
  readonly findOverlap?: boolean;
  /** Called for each document that goes, with the run of words and the task that it comes from. */
  readonly onContaminated?: (document: Document, found: { readonly task: string; readonly run: string }) => void;
}

const encoder = new TextEncoder();

/**
 * Drops documents that hold a run of 12 words of a benchmark, `contaminated`: runs within its answers and from question into
 * answer, of the simplified text. What is measured is how many words of the document come before the first such run ends.
 * Runs are compared by 64-bit hash, XXH64; decisions are datatrove's.
 *
 * An example shorter than a run is never found, so use fewer words for short answers.
 *
 * @throws RangeError for `ngrams` that is no whole number above 0.
 *
 * @example
 * ```ts
 * import { decontaminate } from '@llm/data-quality';
 * const filter = decontaminate({ ngrams: 4, examples: [{ task: 'quiz', query: 'Which town is the capital of Peru?', label: 'Lima, on the coast' }] });
 * console.assert(!filter.check({ id: 'a', text: 'Capital of Peru: Lima.' }).keep);
 * console.assert(filter.check({ id: 'b', text: 'Which town is the capital of Chile?' }).keep);
 * ```
 */
export function decontaminate({ examples, ngrams = 12, findQuery = false, findOverlap = true, simplify = simplifyText, words = englishWords, onContaminated }: DecontaminateOptions): Filter {
  const hasher = createShingleHasher({ ngrams, simplify, words });
  // By the lower half of the hash, which hardly ever needs the upper one.
  const known = new Map<number, { readonly high: number; readonly task: string }[]>();
  const low = new Int32Array(1), high = new Int32Array(1);

  const addRuns = (list: readonly string[], task: string): void => {
    for (let i = 0; i + ngrams <= list.length; i++) {
      const bytes = encoder.encode(list.slice(i, i + ngrams).join(' '));
      xxhash64(bytes, 0, { end: bytes.length, low, high, at: 0 });
      const entries = known.get(low[0] as number) ?? [];
      known.set(low[0] as number, [...entries.filter((entry) => entry.high !== high[0]), { high: high[0] as number, task }]);
    }
  };
  for (const { task, label, query } of examples) {
    const answer = [...words(simplify(label))];
    addRuns(answer, task);
    if (query === undefined) continue;
    const question = [...words(simplify(query))];
    if (findQuery) addRuns(question, task);
    if (findOverlap && ngrams > 1) addRuns([...question.slice(1 - ngrams), ...answer.slice(0, ngrams - 1)], task);
  }

  const rule = { reason: 'contaminated', threshold: 0, comparison: 'max' } as const;
  return {
    name: 'decontaminate',
    rules: [rule],
    check: (document) => {
      const hashes = hasher.hashesOf(document.text);
      for (let i = 0; i < hashes.count; i++) {
        const entry = known.get(hashes.low[i] as number)?.find((each) => each.high === hashes.high[i]);
        if (!entry) continue;
        onContaminated?.(document, { task: entry.task, run: words(simplify(document.text)).slice(i, i + ngrams).join(' ') });
        return { keep: false, ...rule, measured: i + ngrams };
      }
      return { keep: true };
    },
  };
}

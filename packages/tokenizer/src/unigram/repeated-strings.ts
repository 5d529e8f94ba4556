/** What ends a word in {@link Repeated.codes}. */
export const BOUNDARY = 0;

/** Strings that repeat, each by a place where it stands, its length in characters and how often it occurs. */
export interface Repeated {
  /** The code points of the words, each word with a {@link BOUNDARY} behind. */
  readonly codes: Uint32Array;
  readonly places: readonly number[];
  readonly lengths: readonly number[];
  readonly counts: readonly number[];
}

/**
 * The strings of 2 to `longest` characters within words that are followed by different characters, or by one and the end of a word: the inner
 * nodes of the suffix tree. A string that always goes on in the same way says nothing that the longer one does not.
 *
 * Sorts the places of the text by what follows them, three ways at each character (Bentley and Sedgewick 1997, Fast Algorithms for Sorting and
 * Searching Strings), so that the work is bounded by `longest` times the text.
 */
export async function repeatedStrings(words: Iterable<string>, { longest, pause }: { longest: number; pause: () => Promise<void> | undefined }): Promise<Repeated> {
  const codes = codesOf(words);
  const order = Uint32Array.from(codes.keys());
  const places: number[] = [];
  const lengths: number[] = [];
  const counts: number[] = [];
  // Ranges of `order` with the first `depth` characters in common; `isWhole` if they are all that have.
  const stack: { from: number; to: number; depth: number; isWhole: boolean }[] = [{ from: 0, to: order.length, depth: 0, isWhole: false }];
  for (let range = stack.pop(); range; range = stack.pop()) {
    const { from, to, depth, isWhole } = range;
    const codeAt = (i: number): number => codes[order[i]! + depth]!;
    const pivot = codeAt((from + to) >> 1);
    let below = from;
    let above = to;
    for (let i = from; i < above;) {
      const code = codeAt(i);
      if (code < pivot) swap(order, i++, below++);
      else if (code > pivot) swap(order, i, --above);
      else i++;
    }
    if (isWhole && depth > 1 && above - below < to - from) {
      places.push(order[from]!);
      lengths.push(depth);
      counts.push(to - from);
    }
    if (below - from > 1) stack.push({ from, to: below, depth, isWhole: false });
    if (to - above > 1) stack.push({ from: above, to, depth, isWhole: false });
    // One character more than the longest, to know what follows it.
    if (pivot !== BOUNDARY && depth < longest && above - below > 1) stack.push({ from: below, to: above, depth: depth + 1, isWhole: true });
    const pausing = pause();
    if (pausing) await pausing;
  }
  return { codes, places, lengths, counts };
}

function swap(order: Uint32Array, i: number, j: number): void {
  const place = order[i]!;
  order[i] = order[j]!;
  order[j] = place;
}

function codesOf(words: Iterable<string>): Uint32Array {
  let codes = new Uint32Array(1024);
  let size = 0;
  for (const word of words) {
    if (size + word.length + 1 > codes.length) {
      const larger = new Uint32Array(2 * (size + word.length + 1));
      larger.set(codes);
      codes = larger;
    }
    for (const char of word) codes[size++] = char.codePointAt(0)!;
    codes[size++] = BOUNDARY;
  }
  return codes.subarray(0, size);
}

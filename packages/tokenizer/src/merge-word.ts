import { pairTable } from './pair-table.ts';

/** The merges of a BPE model, ready to be applied. */
export interface Merges {
  readonly list: MergeList;
  /** What {@link rank} gives for the pair of merge number `index` of the list. */
  rankOf(index: number): number;
  /** The position of the merge of `left` and `right` in the list, or −1 where they don't merge. */
  rank(left: number, right: number): number;
  /** The id that merge number `rank` gives. */
  result(rank: number): number;
}

/** `lefts[i] rights[i] → results[i]`, the earliest merge first. */
export interface MergeList {
  readonly lefts: Int32Array;
  readonly rights: Int32Array;
  readonly results: Int32Array;
}

/** Indexes a list of merges without repetitions by their pairs. By `id` the merge into the lowest id comes first, the leftmost of several into one. */
export function indexMerges(list: MergeList, order: 'list' | 'id' = 'list'): Merges {
  const { lefts, rights, results } = list;
  const pairs = pairTable();
  for (let i = 0; i < lefts.length; i++) pairs.intern(lefts[i]!, rights[i]!);
  if (order === 'id') {
    return {
      list,
      rankOf: (index) => results[index]!,
      rank: (left, right) => {
        const pair = pairs.find(left, right);
        return pair < 0 ? -1 : results[pair]!;
      },
      result: (id) => id,
    };
  }
  return { list, rankOf: (index) => index, rank: pairs.find, result: (rank) => results[rank]! };
}

/** Words up to this many symbols are merged by looking for the lowest rank again and again, which beats a heap. */
export const SHORT_WORD = 64;

const ranks: Int32Array = new Int32Array(SHORT_WORD);
const NONE = 0x7fffffff;

/**
 * Applies `merges` to the first `length` symbols of `symbols`, in place, and returns how many are left: always the merge
 * of lowest rank first, the leftmost one among equals. For at most {@link SHORT_WORD} symbols.
 */
export function mergeShort(symbols: Int32Array, length: number, merges: Merges): number {
  let count = length;
  const rankAt = (i: number): number => {
    const rank = merges.rank(symbols[i]!, symbols[i + 1]!);
    return rank < 0 ? NONE : rank;
  };
  for (let i = 0; i + 1 < count; i++) ranks[i] = rankAt(i);
  while (count > 1) {
    let best = NONE;
    let at = 0;
    for (let i = 0; i + 1 < count; i++) {
      if (ranks[i]! < best) {
        best = ranks[i]!;
        at = i;
      }
    }
    if (best === NONE) break;
    symbols[at] = merges.result(best);
    count--;
    for (let i = at + 1; i < count; i++) {
      symbols[i] = symbols[i + 1]!;
      ranks[i] = ranks[i + 1]!;
    }
    if (at > 0) ranks[at - 1] = rankAt(at - 1);
    if (at + 1 < count) ranks[at] = rankAt(at);
  }
  return count;
}

/**
 * The same for a word of any length, in O(n log n): symbols in a linked list, candidate merges in a heap ordered by rank and
 * then position, entries that have gone stale dropped when they come up.
 */
export function mergeLong(symbols: Int32Array, length: number, merges: Merges): number {
  const next = new Int32Array(length);
  const previous = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  const heap = keyHeap(Math.max(1024, length >> 1));
  const offer = (at: number): void => {
    const right = next[at]!;
    if (right >= length) return;
    const rank = merges.rank(symbols[at]!, symbols[right]!);
    // Exact in a double: ranks stay below 2²¹ and positions below 2³¹.
    if (rank >= 0) heap.push(rank * POSITIONS + at);
  };
  for (let i = 0; i + 1 < length; i++) offer(i);
  for (let key = heap.pop(); key >= 0; key = heap.pop()) {
    const rank = Math.floor(key / POSITIONS);
    const at = key - rank * POSITIONS;
    const right = next[at]!;
    if (symbols[at]! < 0 || right >= length) continue;
    if (merges.rank(symbols[at]!, symbols[right]!) !== rank) continue;
    symbols[at] = merges.result(rank);
    symbols[right] = -1;
    const after = next[right]!;
    next[at] = after;
    if (after < length) previous[after] = at;
    if (previous[at]! >= 0) offer(previous[at]!);
    offer(at);
  }
  let count = 0;
  for (let at = 0; at < length; at = next[at]!) symbols[count++] = symbols[at]!;
  return count;
}

const POSITIONS = 2 ** 32;

/** A binary heap of non-negative numbers, smallest first; `pop` of an empty one is −1. */
function keyHeap(capacity: number): { push(key: number): void; pop(): number } {
  let keys = new Float64Array(capacity);
  let size = 0;
  return {
    push(key) {
      if (size === keys.length) {
        const larger = new Float64Array(size * 2);
        larger.set(keys);
        keys = larger;
      }
      let at = size++;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (keys[parent]! <= key) break;
        keys[at] = keys[parent]!;
        at = parent;
      }
      keys[at] = key;
    },
    pop() {
      if (size === 0) return -1;
      const top = keys[0]!;
      const key = keys[--size]!;
      let at = 0;
      for (let child = 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && keys[child + 1]! < keys[child]!) child++;
        if (keys[child]! >= key) break;
        keys[at] = keys[child]!;
        at = child;
      }
      keys[at] = key;
      return top;
    },
  };
}

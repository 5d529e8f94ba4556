import type { Merges } from './merge-word.ts';

/** How each token of a BPE model comes about when its bytes are merged. */
export interface MergeHistory {
  /** The rank of the last merge of each token; −1 for a single byte, −2 for an id that no bytes alone become. */
  readonly born: Int32Array;
  /** The ids that bytes become, each behind its parts, and how many bytes each is. */
  readonly order: Int32Array;
  readonly lengths: Int32Array;
  /** The two tokens that the last merge of each put together. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /**
   * Four numbers for each token. Where `follows[a] & first[b]` or `last[a] & precedes[b]` is 0, a merge between the two is out of the question,
   * so that they stay {@link apart}: of the symbols that are last in a at some time, one bit by a hash for each (`last`), and for each that
   * merges with one of them while that lives (`follows`); the same for the first symbols of b.
   */
  readonly hints: Int32Array;
  /** Whether what `a` and `b` spell becomes these two tokens when it is merged. */
  apart(a: number, b: number): boolean;
}

const NEVER = -2;

/** Where the four numbers of a token stand among its {@link MergeHistory.hints}. */
export const LAST = 0;
export const FOLLOWS = 1;
export const FIRST = 2;
export const PRECEDES = 3;

function bitOf(token: number): number {
  return 1 << (Math.imul(token, 0x9e3779b1) >>> 27);
}

/**
 * The {@link MergeHistory} of a model, or undefined where some token is made of one that is born later than itself (no trainer writes
 * such files): the reasoning below needs merges to come in the order of their ranks.
 *
 * Merging stays inside two neighbours a, b as it does in each alone until some merge crosses the boundary between them. So a and b stay
 * apart exactly if at no time the last symbol x of a and the first symbol y of b, while both live, have a merge that comes before the merge
 * that ends x or y. The moments are walked backwards: of x and y, the one that was born later is replaced by the part of it at the boundary.
 * What is merged to tokens t₁ … tₙ are those for which every tᵢ becomes itself and every tᵢ, tᵢ₊₁ stay apart (Berglund & van der Merwe 2023,
 * https://arxiv.org/abs/2309.08715).
 */
export function mergeHistory({ list, rank, rankOf }: Merges, byteIds: Int32Array): MergeHistory | undefined {
  const { lefts, rights, results } = list;
  let size = 0;
  for (const ids of [byteIds, lefts, rights, results]) for (let i = 0; i < ids.length; i++) size = Math.max(size, ids[i]! + 1);
  const born = new Int32Array(size).fill(NEVER);
  const left = new Int32Array(size);
  const right = new Int32Array(size);
  const lengths = new Int32Array(size);
  const order = new Int32Array(size);
  let tokens = 0;
  const hints = new Int32Array(4 * size);
  for (const id of byteIds) {
    if (id < 0) continue;
    born[id] = -1;
    lengths[id] = 1;
    order[tokens++] = id;
    hints[4 * id + LAST] = hints[4 * id + FIRST] = bitOf(id);
  }
  // What merges with each symbol on its right and on its left, by the merges so far.
  const onRight = new Int32Array(size);
  const onLeft = new Int32Array(size);

  // Whether no merge crosses the boundary before a and b are complete.
  function apartBefore(a: number, b: number): boolean {
    let x = a;
    let y = b;
    for (;;) {
      const bornX = born[x]!;
      const bornY = born[y]!;
      if (bornX < 0 && bornY < 0) return true;
      // Of merges of one rank the leftmost comes first: that inside a, then that over the boundary, then that inside b.
      let before: number;
      if (bornY >= bornX) {
        y = left[y]!;
        before = bornY + 1;
      } else {
        x = right[x]!;
        before = bornX;
      }
      const crossing = rank(x, y);
      if (crossing >= 0 && crossing < before) return false;
    }
  }

  const mayCross = (a: number, b: number): boolean =>
    ((hints[4 * a + FOLLOWS]! | onRight[a]!) & hints[4 * b + FIRST]!) !== 0 && (hints[4 * a + LAST]! & (hints[4 * b + PRECEDES]! | onLeft[b]!)) !== 0;

  // Of the merges of a list, an earlier one has the lower rank.
  let last = -1;
  // Merges of one rank are ways to make one token. None happens inside another, but each may happen over the boundary of another.
  const unseen = new Uint8Array(results.length);
  let sameRank = 0;
  for (let i = 0; i < results.length; i++) {
    const [l, r, token] = [lefts[i]!, rights[i]!, results[i]!];
    const now = rankOf(i);
    if (now < last) return undefined;
    last = now;
    if (i === sameRank) {
      for (; sameRank < results.length && rankOf(sameRank) === now; sameRank++) unseen[sameRank] = mayCross(lefts[sameRank]!, rights[sameRank]!) ? 0 : 1;
      for (let way = i; way < sameRank; way++) {
        onRight[lefts[way]!]! |= bitOf(rights[way]!);
        onLeft[rights[way]!]! |= bitOf(lefts[way]!);
      }
    }
    if (born[token] !== NEVER || born[l] === NEVER || born[r] === NEVER || (unseen[i] === 0 && !apartBefore(l, r))) continue;
    born[token] = now;
    left[token] = l;
    right[token] = r;
    lengths[token] = lengths[l]! + lengths[r]!;
    order[tokens++] = token;
    // Until now its last symbols were those of its right part.
    hints[4 * token + LAST] = hints[4 * r + LAST]! | bitOf(token);
    hints[4 * token + FIRST] = hints[4 * l + FIRST]! | bitOf(token);
    hints[4 * token + FOLLOWS] = hints[4 * r + FOLLOWS]! | onRight[r]!;
    hints[4 * token + PRECEDES] = hints[4 * l + PRECEDES]! | onLeft[l]!;
  }
  for (let i = 0; i < results.length; i++) {
    // All that was read so far came too early for one of its parts, or the parts never meet.
    if (born[results[i]!] === NEVER && born[lefts[i]!] !== NEVER && born[rights[i]!] !== NEVER && apartBefore(lefts[i]!, rights[i]!)) return undefined;
  }
  for (let token = 0; token < size; token++) {
    hints[4 * token + FOLLOWS]! |= onRight[token]!;
    hints[4 * token + PRECEDES]! |= onLeft[token]!;
  }
  return { born, order: order.subarray(0, tokens), lengths, left, right, hints, apart: (a, b) => rank(a, b) < 0 && apartBefore(a, b) };
}

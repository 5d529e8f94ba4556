/** A trie over UTF-16 units. Node 0 is the root. */
export interface PieceTrie {
  /** The node behind `node` for a unit, or 0. */
  next(node: number, unit: number): number;
  /** Which piece ends in a node, or −1. */
  readonly ends: Int32Array;
}

/**
 * Puts pieces into a hash table of typed arrays: a training begins with a million of them. Of equal ones the last counts. The hash starts from a
 * random number, which keeps a crafted vocabulary from making all pieces meet in one place.
 */
export function pieceTrie(pieces: readonly string[]): PieceTrie {
  const most = pieces.reduce((sum, { length }) => sum + length, 1);
  const bits = Math.max(4, Math.ceil(Math.log2(most * 1.7)));
  const mask = 2 ** bits - 1;
  const seed = (Math.random() * 2 ** 32) | 0;
  const parents = new Int32Array(mask + 1);
  const units = new Uint16Array(mask + 1);
  // A slot without a child is free: the root is nobody's child.
  const children = new Int32Array(mask + 1);
  const ends = new Int32Array(most).fill(-1);
  let size = 1;
  const slotOf = (node: number, unit: number): number => {
    let slot = (Math.imul(node ^ seed, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> (32 - bits);
    while (children[slot] !== 0 && (parents[slot] !== node || units[slot] !== unit)) slot = (slot + 1) & mask;
    return slot;
  };
  pieces.forEach((piece, id) => {
    let node = 0;
    for (let i = 0; i < piece.length; i++) {
      const slot = slotOf(node, piece.charCodeAt(i));
      if (children[slot] === 0) {
        parents[slot] = node;
        units[slot] = piece.charCodeAt(i);
        children[slot] = size++;
      }
      node = children[slot]!;
    }
    if (node !== 0) ends[node] = id;
  });
  return { ends: ends.slice(0, size), next: (node, unit) => children[slotOf(node, unit)]! };
}

/** Calls `each` with the end and the id of every token that the text has at a place, the shortest first. */
export function trieOf(tokens: readonly string[]): (text: string, start: number, each: (end: number, id: number) => void) => void {
  const { next, ends } = pieceTrie(tokens);
  return (text, start, each) => {
    let node = 0;
    for (let end = start; end < text.length;) {
      node = next(node, text.charCodeAt(end++));
      if (node === 0) return;
      if (ends[node]! >= 0) each(end, ends[node]!);
    }
  };
}

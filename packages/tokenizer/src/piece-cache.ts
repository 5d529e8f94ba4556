/** Remembers the ids of short pieces. */
export interface PieceCache {
  /**
   * Writes the ids of the piece of `length` bytes at `start` to `ids[at]` and on, and returns where they end; −1 where it is not known:
   * {@link remember} follows then. The view holds {@link LONGEST_REMEMBERED} bytes from `start` on.
   */
  recall(view: DataView, start: number, length: number, ids: Uint32Array, at: number): number;
  /** Keeps `ids[from, to)` for the piece that {@link recall} has just not found. */
  remember(ids: Uint32Array, from: number, to: number): void;
}

/** Longer pieces are not remembered, in bytes. */
export const LONGEST_REMEMBERED = 24;

// Nine of ten pieces of natural text have up to 8 bytes: a slot of four numbers, of which a cache line holds four. They are the
// bytes, the length with the count of ids, and the id, or where the ids are. Longer pieces have slots of eight numbers, of which six are bytes.
const SHORT = 8;
const SHORT_SETS = 1 << 15;
const LONG_SETS = 1 << 15;
const KEPT_IDS = 1 << 17;
// Which bytes of each four belong to a piece of 0 to 24 bytes.
const MASKS: readonly Int32Array[] = Array.from({ length: 6 }, (_, i) => Int32Array.from({ length: 25 }, (_, length) => (length >= 4 * i + 4 ? -1 : length <= 4 * i ? 0 : (1 << (8 * (length - 4 * i))) - 1)));
const [MASK_0, MASK_1, MASK_2, MASK_3, MASK_4, MASK_5] = MASKS as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

/**
 * A {@link PieceCache} of 3.5 MB: a piece may be in two slots, which the last two that belong there have, so that a text of any kind costs
 * the same memory. The hash starts from a random number, which keeps a crafted text from making all pieces meet in one slot.
 */
export function pieceCache(): PieceCache {
  const seed = (Math.random() * 2 ** 32) | 0;
  const short = new Int32Array(SHORT_SETS * 8);
  const long = new Int32Array(LONG_SETS * 16);
  // Where a piece has several ids, they are here, one piece behind the other and then over the oldest: a slot counts as empty then.
  const kept = new Uint32Array(KEPT_IDS);
  let written = KEPT_IDS;
  // The piece that was looked up last.
  let base = 0;
  let low = 0;
  let high = 0;
  let size = 0;
  const longPiece = new Int32Array(6);

  function write(count: number, value: number, ids: Uint32Array, at: number): number {
    if (count === 1) {
      ids[at] = value;
      return at + 1;
    }
    if (value < written - KEPT_IDS) return -1;
    for (let i = 0, from = value & (KEPT_IDS - 1); i < count; i++) ids[at + i] = kept[from + i]!;
    return at + count;
  }

  function recallLong(view: DataView, start: number, length: number, ids: Uint32Array, at: number): number {
    const piece = longPiece;
    piece[0] = low;
    piece[1] = high;
    piece[2] = view.getInt32(start + 8, true) & MASK_2[length]!;
    piece[3] = view.getInt32(start + 12, true) & MASK_3[length]!;
    piece[4] = view.getInt32(start + 16, true) & MASK_4[length]!;
    piece[5] = view.getInt32(start + 20, true) & MASK_5[length]!;
    let hash = seed ^ length;
    for (let i = 0; i < 6; i++) hash = Math.imul(hash ^ (hash >>> 15) ^ piece[i]!, 0x9e3779b1);
    base = ((hash ^ (hash >>> 16)) & (LONG_SETS - 1)) * 16;
    for (let slot = base; slot < base + 16; slot += 8) {
      const sizes = long[slot + 6]!;
      if ((sizes & 0xff) !== length) continue;
      let same = 0;
      while (same < 6 && long[slot + same] === piece[same]) same++;
      if (same === 6) return write(sizes >> 8, long[slot + 7]!, ids, at);
    }
    return -1;
  }

  return {
    recall(view, start, length, ids, at) {
      const p = (low = view.getInt32(start, true) & MASK_0[length]!);
      const q = (high = view.getInt32(start + 4, true) & MASK_1[length]!);
      size = length;
      if (length > SHORT) return recallLong(view, start, length, ids, at);
      let hash = Math.imul(p ^ seed, 0x9e3779b1) ^ Math.imul(q + length, 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
      let slot = ((hash ^ (hash >>> 13)) & (SHORT_SETS - 1)) * 8;
      base = slot;
      if (short[slot] !== p || short[slot + 1] !== q || (short[slot + 2]! & 0xff) !== length) {
        slot += 4;
        if (short[slot] !== p || short[slot + 1] !== q || (short[slot + 2]! & 0xff) !== length) return -1;
      }
      const count = short[slot + 2]! >> 8;
      if (count > 1) return write(count, short[slot + 3]!, ids, at);
      ids[at] = short[slot + 3]!;
      return at + 1;
    },
    remember(ids, from, to) {
      const count = to - from;
      let value = ids[from]!;
      if (count > 1) {
        if ((written & (KEPT_IDS - 1)) + count > KEPT_IDS) written = (written | (KEPT_IDS - 1)) + 1;
        // Long before a number is no longer exact in 32 bits, everything is forgotten.
        if (written > 0x70000000) {
          short.fill(0);
          long.fill(0);
          written = KEPT_IDS;
        }
        value = written;
        for (let i = from, at = written & (KEPT_IDS - 1); i < to; i++) kept[at++] = ids[i]!;
        written += count;
      }
      if (size > SHORT) {
        for (let i = base; i < base + 8; i++) long[i + 8] = long[i]!;
        for (let i = 0; i < 6; i++) long[base + i] = longPiece[i]!;
        long[base + 6] = size | (count << 8);
        long[base + 7] = value;
        return;
      }
      for (let i = base; i < base + 4; i++) short[i + 4] = short[i]!;
      short[base] = low;
      short[base + 1] = high;
      short[base + 2] = size | (count << 8);
      short[base + 3] = value;
    },
  };
}

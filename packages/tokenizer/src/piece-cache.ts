import { byteTable } from './byte-table.ts';
import type { IdSink } from './id-sink.ts';

/** The same bytes twice, since a view reads four at a time. */
export interface BytesInView {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Remembers the ids of pieces. */
export interface PieceCache {
  /** Appends the ids of the piece to `sink` if they are known; if not, {@link remember} must follow. */
  recall(text: BytesInView, start: number, end: number, sink: IdSink): boolean;
  /** Keeps the first `count` of `ids` for the piece that {@link recall} has just not found. */
  remember(ids: Int32Array, count: number): void;
}

/** Longer pieces are not remembered. */
export const LONGEST_REMEMBERED = 64;

// A slot is four numbers: eight bytes of the piece, its length and count of ids, and the id, or where its ids are. A piece that
// fits costs one cache line, where a table of byte strings costs six; nine of ten pieces of natural text fit.
const SLOTS = 1 << 17;
const SHORT = 8;
const MASKS = [0, 0xff, 0xffff, 0xffffff, -1, -1, -1, -1, -1];

/** A {@link PieceCache} of the last 65,536 distinct pieces, at most, for pieces of up to 8 bytes and as many for longer ones. */
export function pieceCache(): PieceCache {
  const seed = (Math.random() * 2 ** 32) | 0;
  const slots = new Int32Array(SLOTS * 4);
  let used = 0;
  const long = byteTable();
  const longEnds = new Int32Array(SLOTS / 2);
  const shortIds = idArena();
  const longIds = idArena();
  // The piece that was looked up last: its slot, or −1 for a long one.
  let slot = -1;
  let low = 0;
  let high = 0;
  let length = 0;

  function recallShort(sink: IdSink): boolean {
    if (used === SLOTS / 2) {
      slots.fill(0);
      shortIds.clear();
      used = 0;
    }
    let hash = Math.imul(low ^ seed, 0x9e3779b1) ^ Math.imul(high + length, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    for (let at = (hash ^ (hash >>> 13)) & (SLOTS - 1); ; at = (at + 1) & (SLOTS - 1)) {
      const base = at * 4;
      const sizes = slots[base + 2]!;
      if (sizes === 0) {
        slot = base;
        return false;
      }
      if (slots[base] !== low || slots[base + 1] !== high || (sizes & 15) !== length) continue;
      const value = slots[base + 3]!;
      if (sizes >> 4 === 1) sink.push(value);
      else sink.pushAll(shortIds.ids(), value, value + (sizes >> 4));
      return true;
    }
  }

  return {
    recall({ bytes, view }, start, end, sink) {
      length = end - start;
      if (length <= SHORT && start + SHORT <= bytes.length) {
        low = view.getInt32(start, true) & MASKS[length]!;
        high = length > 4 ? view.getInt32(start + 4, true) & MASKS[length - 4]! : 0;
        return recallShort(sink);
      }
      slot = -1;
      if (long.count === longEnds.length) {
        long.clear();
        longIds.clear();
      }
      const known = long.count;
      const index = long.intern(bytes, start, end);
      if (index === known) return false;
      sink.pushAll(longIds.ids(), index === 0 ? 0 : longEnds[index - 1]!, longEnds[index]!);
      return true;
    },
    remember(ids, count) {
      if (slot < 0) {
        longEnds[long.count - 1] = longIds.add(ids, count);
        return;
      }
      slots[slot] = low;
      slots[slot + 1] = high;
      slots[slot + 2] = length | (count << 4);
      slots[slot + 3] = count === 1 ? ids[0]! : shortIds.add(ids, count) - count;
      used++;
    },
  };
}

// A growing list; `add` returns where it ends then.
function idArena(): { ids(): Int32Array; add(more: Int32Array, count: number): number; clear(): void } {
  let all = new Int32Array(4096);
  let size = 0;
  return {
    ids: () => all,
    add(more, count) {
      if (size + count > all.length) {
        const larger = new Int32Array(all.length * 2);
        larger.set(all);
        all = larger;
      }
      for (let i = 0; i < count; i++) all[size++] = more[i]!;
      return size;
    },
    clear() {
      size = 0;
    },
  };
}
